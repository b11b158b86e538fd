//! What to work on: areas, entries taken for each other, wrong and sure, never found, let through; and reliability.

use super::Card;
use crate::dialogue::reading::Hit;
use crate::eval::cases::{Asked, Case};
use crate::eval::golden::Judged;
use crate::eval::{Outcome, round};
use crate::kb::measure::Part;
use serde::Serialize;
use std::collections::BTreeMap;

/// Bins of the reliability curve.
const BINS: usize = 10;
/// Longest list of questions or pairs on the page.
const LIST_MAX: usize = 60;
/// Normal quantile of a two-sided interval of 95 %.
const Z_95: f64 = 1.96;

/// The first of a list, and how long it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Top<T> {
    pub total: usize,
    /// At most [`LIST_MAX`].
    pub rows: Vec<T>,
}

impl<T> Top<T> {
    fn of(mut rows: Vec<T>) -> Top<T> {
        let total = rows.len();
        rows.truncate(LIST_MAX);
        Top { total, rows }
    }
}

/// What is known of one area of law.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AreaRow {
    pub area: String,
    pub entries: usize,
    /// Probes of the reporting part, and of these: own entry first, answered, answered by the own entry.
    pub probes: usize,
    pub first: usize,
    pub answered: usize,
    pub right: usize,
    pub golden: usize,
    pub golden_passed: usize,
    /// Questions of other files whose likeliest intent is of this area, and of these: answered, not refused.
    pub asked: usize,
    pub asked_answered: usize,
    pub asked_kept: usize,
}

/// Two entries of which one is taken for the other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Confusion {
    /// In the order of their ids.
    pub entries: [String; 2],
    /// Probes of the first that find the second first, and the other way round.
    pub taken: [usize; 2],
    /// The one of which the search was surest.
    pub example: String,
    pub p: f32,
}

/// Questions whose best entry has a probability in one tenth, and how many of these entries are right.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    /// Lower end; the bin is a tenth wide.
    pub from: f64,
    pub n: usize,
    pub right: usize,
    /// Mean probability; 0 when there are none.
    pub p: f64,
    /// Interval of 95 % of the share that is right (Wilson 1927).
    pub low: f64,
    pub high: f64,
}

/// A question that came to the wrong thing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Wrong {
    pub question: String,
    #[serde(flatten)]
    pub asked: Asked,
    /// The best hit.
    pub best: Option<String>,
    pub p: f32,
    pub outcome: Outcome,
}

/// An entry that none of its probes finds first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lost {
    pub entry: String,
    pub probes: usize,
    /// Entries found instead, most often first.
    pub instead: Vec<(String, usize)>,
}

/// Traps of one kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TrapKind {
    pub kind: String,
    /// Of the reporting part.
    pub n: usize,
    pub refused: usize,
    /// Of all parts.
    pub n_all: usize,
    pub refused_all: usize,
    /// Of all parts, by what became of those that were not refused.
    pub answered: usize,
    pub clarified: usize,
    pub pointed: usize,
    pub form: usize,
    pub handed_off: usize,
    pub not_understood: usize,
}

/// A question of another file: the area of its likeliest intent, and what became of it.
pub type Traffic = (String, Outcome);

pub fn areas(
    entries: &[Card],
    cases: &[Case],
    golden: &[Judged],
    traffic: &[Traffic],
) -> Vec<AreaRow> {
    let area_of: BTreeMap<&str, &str> = entries
        .iter()
        .map(|e| (e.id.as_str(), e.area.as_str()))
        .collect();
    let mut rows: BTreeMap<&str, AreaRow> = BTreeMap::new();
    for entry in entries {
        rows.entry(&entry.area).or_default().entries += 1;
    }
    for case in cases.iter().filter(|c| c.part == Part::Test) {
        let Some(area) = case.entry().and_then(|e| area_of.get(e)) else {
            continue;
        };
        let row = rows.entry(area).or_default();
        row.probes += 1;
        row.first += usize::from(case.is_first());
        row.answered += usize::from(case.shown.is_some());
        row.right += usize::from(case.is_right());
    }
    for judged in golden {
        let mut known = judged
            .entries
            .iter()
            .filter_map(|e| area_of.get(e.as_str()));
        if let Some(area) = known.next() {
            let row = rows.entry(area).or_default();
            row.golden += 1;
            row.golden_passed += usize::from(judged.passed);
        }
    }
    for (area, outcome) in traffic {
        let row = rows.entry(area).or_default();
        row.asked += 1;
        row.asked_answered += usize::from(*outcome == Outcome::Answered);
        row.asked_kept += usize::from(*outcome != Outcome::Refused);
    }
    let named = |(area, row): (&str, AreaRow)| AreaRow {
        area: area.to_owned(),
        ..row
    };
    rows.into_iter().map(named).collect()
}

/// Pairs of entries by how often one is found first for a probe of the other.
pub fn confusions(cases: &[Case]) -> Top<Confusion> {
    let mut pairs: BTreeMap<[&str; 2], Confusion> = BTreeMap::new();
    for case in cases {
        let (Some(own), Some(best)) = (case.entry(), case.hits.first()) else {
            continue;
        };
        let best_id = best.entry.as_str();
        if own == best_id {
            continue;
        }
        let (pair, side) = if own < best_id {
            ([own, best_id], 0)
        } else {
            ([best_id, own], 1)
        };
        let seen = pairs.entry(pair).or_insert_with(|| Confusion {
            entries: pair.map(str::to_owned),
            taken: [0; 2],
            example: String::new(),
            p: -1.0,
        });
        seen.taken[side] += 1;
        if best.p > seen.p {
            seen.p = best.p;
            seen.example.clone_from(&case.question);
        }
    }
    let mut found: Vec<Confusion> = pairs.into_values().collect();
    let often = |c: &Confusion| c.taken[0] + c.taken[1];
    found.sort_by(|a, b| often(b).cmp(&often(a)).then(b.p.total_cmp(&a.p)));
    Top::of(found)
}

/// The reporting part by the probability of the best entry, lowest bin first.
pub fn bins(cases: &[Case]) -> Vec<Bin> {
    let mut sums = [(0usize, 0usize, 0f64); BINS];
    for case in cases.iter().filter(|c| c.part == Part::Test) {
        let Some(best) = case.hits.first() else {
            continue;
        };
        let bin = ((best.p * BINS as f32) as usize).min(BINS - 1);
        sums[bin].0 += 1;
        sums[bin].1 += usize::from(case.is_first());
        sums[bin].2 += f64::from(best.p);
    }
    let bin = |(at, (n, right, p)): (usize, (usize, usize, f64))| {
        let (low, high) = interval(right, n);
        Bin {
            from: at as f64 / BINS as f64,
            n,
            right,
            p: round(p / n.max(1) as f64),
            low: round(low),
            high: round(high),
        }
    };
    sums.into_iter().enumerate().map(bin).collect()
}

/// Wilson's score interval of 95 %: E. B. Wilson, "Probable inference", 1927. All of 0 to 1 where there is nothing.
pub fn interval(right: usize, n: usize) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let (n, share) = (n as f64, right as f64 / n as f64);
    let z2 = Z_95 * Z_95;
    let middle = share + z2 / (2.0 * n);
    let half = Z_95 * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    ((middle - half) / scale, (middle + half) / scale)
}

fn wrong(case: &Case) -> Wrong {
    let best = case.hits.first();
    Wrong {
        question: case.question.clone(),
        asked: case.asked.clone(),
        best: best.map(|h: &Hit| h.entry.clone()),
        p: best.map_or(0.0, |h| h.p),
        outcome: case.outcome,
    }
}

/// Those of which the search was surest first.
fn surest(cases: impl Iterator<Item = Wrong>) -> Top<Wrong> {
    let mut found: Vec<Wrong> = cases.collect();
    found.sort_by(|a, b| {
        b.p.total_cmp(&a.p)
            .then_with(|| a.question.cmp(&b.question))
    });
    Top::of(found)
}

/// Questions whose best entry is wrong.
pub fn worst(cases: &[Case]) -> Top<Wrong> {
    let missed = |c: &&Case| !c.hits.is_empty() && !c.is_first();
    surest(cases.iter().filter(missed).map(wrong))
}

/// Traps that were not refused.
pub fn let_through(cases: &[Case]) -> Top<Wrong> {
    let through = |c: &&Case| matches!(c.asked, Asked::Trap(_)) && !c.is_refused();
    surest(cases.iter().filter(through).map(wrong))
}

/// Questions without an entry to which one was shown.
pub fn overanswered(cases: &[Case]) -> Top<Wrong> {
    let over = |c: &&Case| c.asked == Asked::Unanswered && c.shown.is_some();
    surest(cases.iter().filter(over).map(wrong))
}

/// Entries with probes none of which finds them first, in the order given.
pub fn lost(entries: &[Card], cases: &[Case]) -> Vec<Lost> {
    let mut by_entry: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in cases {
        if let Some(entry) = case.entry() {
            by_entry.entry(entry).or_default().push(case);
        }
    }
    let lost = |card: &Card| {
        let probes = by_entry.get(card.id.as_str())?;
        if probes.iter().any(|c| c.is_first()) {
            return None;
        }
        let mut instead: BTreeMap<&str, usize> = BTreeMap::new();
        for best in probes.iter().filter_map(|c| c.hits.first()) {
            *instead.entry(&best.entry).or_default() += 1;
        }
        let mut instead: Vec<(String, usize)> = instead
            .into_iter()
            .map(|(e, n)| (e.to_owned(), n))
            .collect();
        instead.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        Some(Lost {
            entry: card.id.clone(),
            probes: probes.len(),
            instead,
        })
    };
    entries.iter().filter_map(lost).collect()
}

/// Refusals by kind of trap.
pub fn traps(cases: &[Case]) -> Vec<TrapKind> {
    let mut kinds: BTreeMap<&str, TrapKind> = BTreeMap::new();
    for case in cases {
        let Asked::Trap(kind) = &case.asked else {
            continue;
        };
        let row = kinds.entry(kind).or_default();
        let refused = case.is_refused();
        row.n_all += 1;
        row.refused_all += usize::from(refused);
        if case.part == Part::Test {
            row.n += 1;
            row.refused += usize::from(refused);
        }
        match case.outcome {
            _ if refused => {}
            Outcome::Answered => row.answered += 1,
            Outcome::Clarified => row.clarified += 1,
            Outcome::Pointed => row.pointed += 1,
            Outcome::Form => row.form += 1,
            Outcome::HandedOff => row.handed_off += 1,
            Outcome::Refused => row.not_understood += 1,
        }
    }
    let named = |(kind, row): (&str, TrapKind)| TrapKind {
        kind: kind.to_owned(),
        ..row
    };
    kinds.into_iter().map(named).collect()
}
