//! The safety cases: what the detector of danger and concerns must say of one citizen message.
//!
//! Every case must pass: they guard the rules that keep people from harm.

use faxun::dialogue::nouns::{Concern, Danger, DangerKind, Degree};
use faxun::reading::danger::flags_in;
use serde::Deserialize;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;

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

fn normal(text: &str) -> String {
    let nfkc: String = text.nfkc().collect();
    fast2s::convert(&nfkc).to_lowercase()
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
