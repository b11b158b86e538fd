//! What must work: every golden question comes to what its line says.

use faxun::eval::golden::{Judged, judge};
use faxun::kb::golden::{Golden, Wanted, golden};
use faxun::knowledge::{Knowledge, Settings, Sources};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A Wednesday in working hours.
const NOW_MS: i64 = 1_795_572_000_000;
/// Fewest golden questions in all, and of each area.
const ALL_MIN: usize = 150;
const AREA_MIN: usize = 4;
/// Fewest that must bring a person, and that must be refused.
const HUMAN_MIN: usize = 25;
const REFUSED_MIN: usize = 15;

static SOURCES: LazyLock<Sources> = LazyLock::new(Sources::embedded);
static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| {
    let today = faxun::clock::china_date(NOW_MS);
    match Knowledge::build(&SOURCES, None, &Settings::default(), today) {
        Ok(knowledge) => knowledge,
        Err(problems) => panic!("{problems}"),
    }
});

fn all() -> Vec<Golden> {
    match golden(&SOURCES) {
        Ok(golden) => golden,
        Err(problems) => panic!("{problems:?}"),
    }
}

#[test]
fn every_golden_question_comes_to_what_it_says() {
    let judged = judge(&KNOWLEDGE, &all(), NOW_MS);
    let failed: Vec<String> = (judged.iter().filter(|j| !j.passed))
        .map(|j| format!("line {}: {}: came to {}", j.line, j.question, j.got))
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} fail:\n{}",
        failed.len(),
        judged.len(),
        failed.join("\n")
    );
}

#[test]
fn they_cover_every_area_services_danger_and_refusals() {
    let golden = all();
    assert!(golden.len() >= ALL_MIN, "{}", golden.len());
    let area_of = KNOWLEDGE.areas();
    let mut areas: BTreeMap<&str, usize> = BTreeMap::new();
    for golden in &golden {
        let known = golden.wanted.entries().iter();
        if let Some(area) = known.filter_map(|e| area_of.get(e.as_str())).next() {
            *areas.entry(area).or_default() += 1;
        }
    }
    assert_eq!(areas.len(), 18, "{areas:?}");
    assert!(areas.values().all(|n| *n >= AREA_MIN), "{areas:?}");
    let count = |wanted: fn(&Wanted) -> bool| golden.iter().filter(|g| wanted(&g.wanted)).count();
    assert!(count(|w| matches!(w, Wanted::Human(_))) >= HUMAN_MIN);
    assert!(count(|w| matches!(w, Wanted::Refuse(_))) >= REFUSED_MIN);
    for form in KNOWLEDGE.script().forms.keys() {
        let asked = |g: &Golden| g.wanted == Wanted::Form(form.clone());
        assert!(golden.iter().any(asked), "no golden question for {form}");
    }
}

#[test]
fn another_outcome_fails() {
    let wanted = |wanted: Wanted| {
        let mut one = all().swap_remove(0);
        one.question.value = "离婚冷静期是多少天".to_owned();
        one.wanted = wanted;
        let judged: Vec<Judged> = judge(&KNOWLEDGE, &[one], NOW_MS);
        judged[0].passed
    };
    assert!(wanted(Wanted::Answer(vec!["divorce-by-agreement".into()])));
    assert!(wanted(Wanted::Offer(vec!["divorce-by-agreement".into()])));
    assert!(!wanted(Wanted::Answer(vec!["dog-bite".into()])));
    assert!(!wanted(Wanted::Offer(vec!["dog-bite".into()])));
    assert!(!wanted(Wanted::Human(vec![])));
    assert!(!wanted(Wanted::Refuse(vec![])));
    assert!(!wanted(Wanted::Safe(vec![])));
    assert!(!wanted(Wanted::Form("legal_aid".into())));
    assert!(!wanted(Wanted::Talk("chat.greeting".into())));
}
