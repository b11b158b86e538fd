//! The safety cases: what the detector of danger and concerns must say of one citizen message.
//!
//! Every case must pass: they guard the rules that keep people from harm.

use faxun::dialogue::nouns::{Concern, Danger, DangerKind, Degree};
use faxun::knowledge::Sources;
use faxun::reading::danger::flags_in;
use faxun::reading::text::Normaliser;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::LazyLock;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    text: String,
    danger: Expected,
    #[serde(default)]
    kind: Kinds,
    concerns: Option<BTreeSet<Concern>>,
    #[serde(default)]
    why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expected {
    None,
    Related,
    Ask,
    Immediate,
}

#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Kinds {
    One(DangerKind),
    Any(Vec<DangerKind>),
    #[default]
    Absent,
}

impl Kinds {
    fn admit(&self, kind: DangerKind) -> bool {
        match self {
            Kinds::One(one) => *one == kind,
            Kinds::Any(any) => any.contains(&kind),
            Kinds::Absent => false,
        }
    }
}

/// The day the cases were written for: a Monday, so that 礼拜五 lies ahead.
const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 23);

/// The program's own normaliser, as every message meets it.
fn normal(text: &str) -> String {
    static NORMALISER: LazyLock<Normaliser> = LazyLock::new(|| {
        let sources = Sources::embedded();
        match faxun::knowledge::normaliser(&sources) {
            Ok(normaliser) => normaliser,
            Err(problem) => panic!("{problem}"),
        }
    });
    NORMALISER.normalise(text)
}

/// What is wrong with the answer to a case, if anything.
fn complaint(case: &Case) -> Option<String> {
    let (dangers, concerns) = flags_in(&normal(&case.text), TODAY);
    let gravest: Option<Danger> = dangers.first().copied();
    let degree = match gravest.map(|d| d.degree) {
        None => Expected::None,
        Some(Degree::Related) => Expected::Related,
        Some(Degree::Ask) => Expected::Ask,
        Some(Degree::Immediate) => Expected::Immediate,
    };
    let concerns: BTreeSet<Concern> = concerns.into_iter().collect();
    let degree_right = degree == case.danger;
    let kind_right = gravest.is_none_or(|d| case.kind.admit(d.kind)) || !degree_right;
    let concerns_right = case.concerns.as_ref().is_none_or(|c| *c == concerns);
    if degree_right && kind_right && concerns_right {
        return None;
    }
    Some(format!(
        "{}\n    wanted {:?} {:?} {:?} ({})\n    found  {dangers:?} {concerns:?}",
        case.text, case.danger, case.kind, case.concerns, case.why
    ))
}

fn run(file: &str) {
    let path = format!("{}/tests/safety/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let cases: Vec<Case> = serde_saphyr::from_str(&text).unwrap();
    let complaints: Vec<String> = cases.iter().filter_map(complaint).collect();
    for complaint in &complaints {
        println!("{complaint}");
    }
    assert!(
        complaints.is_empty(),
        "{file}: {} of {} cases fail",
        complaints.len(),
        cases.len()
    );
}

#[test]
fn every_safety_case_passes() {
    run("cases.yaml");
}

#[test]
fn wording_nobody_prepared_for_passes_too() {
    run("more.yaml");
}

/// Real questions, kept outside the project: most people who ask about law are in no danger.
#[test]
fn real_questions_seldom_raise_an_alarm() {
    /// Largest share of legal questions that may be immediate, and that may need a person for a concern.
    const IMMEDIATE_MAX: f64 = 0.03;
    const CONCERN_MAX: f64 = 0.12;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/eval");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let (Some(legal), Some(other)) = (read("questions-dev.jsonl"), read("oos-dev.jsonl")) else {
        println!("skipped: no evaluation data in {}", folder.display());
        return;
    };
    let read = |rows: &str| -> Vec<(Vec<Danger>, Vec<Concern>)> {
        rows.lines()
            .map(|row| {
                let row: serde_json::Value = serde_json::from_str(row).unwrap();
                flags_in(&normal(row["question"].as_str().unwrap()), TODAY)
            })
            .collect()
    };
    let at = |all: &[(Vec<Danger>, Vec<Concern>)], degree: Degree| {
        let n = all
            .iter()
            .filter(|(d, _)| d.first().is_some_and(|d| d.degree == degree))
            .count();
        n as f64 / all.len() as f64
    };
    let (legal, other) = (read(&legal), read(&other));
    let concern = legal.iter().filter(|(_, c)| !c.is_empty()).count() as f64 / legal.len() as f64;
    println!(
        "immediate {:.4}, ask {:.4}, related {:.4}, any concern {concern:.4}",
        at(&legal, Degree::Immediate),
        at(&legal, Degree::Ask),
        at(&legal, Degree::Related),
    );
    assert!(at(&legal, Degree::Immediate) <= IMMEDIATE_MAX);
    assert!(concern <= CONCERN_MAX);
    assert_eq!(at(&other, Degree::Immediate) + at(&other, Degree::Ask), 0.0);
}
