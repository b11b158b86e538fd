//! `eval all`: every measure that can run, as one page for those who edit the knowledge base.
//!
//! Figures come from the reporting part of the measuring questions alone ([`Part::Test`]), on which nothing was tuned;
//! the lists of questions and entries to work on come from all parts.

mod files;
mod history;
mod lists;
mod page;
mod plot;

pub use files::{Measured, measure_dir};
pub use history::{HistoryError, Run, append, read};
pub use lists::{AreaRow, Bin, Confusion, Lost, Top, TrapKind, Wrong};
pub use page::page;

use super::cases::{Asked, Case};
use super::golden::Judged;
use super::round;
use crate::kb::measure::Part;
use serde::Serialize;

/// What is known of an entry here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Card {
    pub id: String,
    pub title: String,
    pub area: String,
}

/// A share or a mean, and of how many.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// `set.measure`, as in the history.
    pub key: String,
    /// What it says, in Chinese.
    pub label: String,
    pub value: f64,
    pub n: usize,
    /// Whether more is better.
    pub up: bool,
}

impl Figure {
    /// `part` of `n`; 0 of nothing.
    pub fn share(key: &str, label: &str, part: usize, n: usize) -> Figure {
        Figure::value(key, label, super::share(part, n), n)
    }

    pub fn value(key: &str, label: &str, value: f64, n: usize) -> Figure {
        Figure {
            key: key.to_owned(),
            label: label.to_owned(),
            value: round(value),
            n,
            up: true,
        }
    }

    /// Less is better.
    fn down(self) -> Figure {
        Figure { up: false, ..self }
    }
}

/// A measure that did not run, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    pub what: String,
    pub why: String,
}

/// What the figures are made of.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// The day in China.
    pub day: String,
    /// Version of the knowledge.
    pub knowledge: String,
    pub entries: Vec<Card>,
    pub cases: Vec<Case>,
    pub golden: Vec<Judged>,
    /// What was measured on other files.
    pub measured: Measured,
}

/// Everything the page says.
#[derive(Debug, Clone, Serialize)]
pub struct Quality {
    pub day: String,
    pub knowledge: String,
    pub entries: Vec<Card>,
    pub figures: Vec<Figure>,
    pub skipped: Vec<Skipped>,
    pub golden_failed: Vec<Judged>,
    pub areas: Vec<AreaRow>,
    /// Worst first.
    pub confusions: Top<Confusion>,
    pub bins: Vec<Bin>,
    /// Wrong and sure, surest first.
    pub worst: Top<Wrong>,
    pub lost: Vec<Lost>,
    pub traps: Vec<TrapKind>,
    /// Traps that were not refused.
    pub let_through: Top<Wrong>,
    /// Questions without an entry that were answered.
    pub overanswered: Top<Wrong>,
}

impl Quality {
    pub fn of(inputs: Inputs) -> Quality {
        let Inputs {
            day,
            knowledge,
            entries,
            cases,
            golden,
            measured,
        } = inputs;
        let traps = lists::traps(&cases);
        let mut figures = figures(&cases, &golden);
        figures.extend(traps.iter().map(|kind| {
            let label = format!("陷阱题·{}：拒绝的比例", kind.kind);
            Figure::share(
                &format!("traps.{}", kind.kind),
                &label,
                kind.refused,
                kind.n,
            )
        }));
        figures.extend(measured.figures);
        let mut skipped = measured.skipped;
        let none = |set: &str, n: usize| Skipped {
            what: set.to_owned(),
            why: format!("没有题目（{n} 道）"),
        };
        skipped.extend(golden.is_empty().then(|| none("金标题", 0)));
        skipped.extend(cases.is_empty().then(|| none("自测题", 0)));
        Quality {
            areas: lists::areas(&entries, &cases, &golden, &measured.traffic),
            confusions: lists::confusions(&cases),
            bins: lists::bins(&cases),
            worst: lists::worst(&cases),
            lost: lists::lost(&entries, &cases),
            let_through: lists::let_through(&cases),
            overanswered: lists::overanswered(&cases),
            golden_failed: golden.into_iter().filter(|j| !j.passed).collect(),
            traps,
            figures,
            skipped,
            day,
            knowledge,
            entries,
        }
    }
}

/// The figures of what lies in the knowledge base itself.
fn figures(cases: &[Case], golden: &[Judged]) -> Vec<Figure> {
    let reported = cases.iter().filter(|c| c.part == Part::Test);
    let (probes, others): (Vec<&Case>, Vec<&Case>) = reported.partition(|c| c.entry().is_some());
    let unanswered: Vec<&Case> = (others.iter().copied())
        .filter(|c| c.asked == Asked::Unanswered)
        .collect();
    let count = |of: &[&Case], what: fn(&Case) -> bool| of.iter().filter(|c| what(c)).count();
    let (n, answered) = (probes.len(), count(&probes, |c| c.shown.is_some()));
    let passed = golden.iter().filter(|j| j.passed).count();
    let among = count(&probes, |c| {
        c.hits.iter().any(|h| Some(h.entry.as_str()) == c.entry())
    });
    let over = count(&unanswered, |c| c.shown.is_some());
    vec![
        Figure::share("golden.passed", "金标题：如所写", passed, golden.len()),
        Figure::share(
            "probes.hit@1",
            "自测题：本条目排第一",
            count(&probes, Case::is_first),
            n,
        ),
        Figure::share("probes.hit@5", "自测题：本条目在前五", among, n),
        Figure::share("probes.answered", "自测题：直接作答", answered, n),
        Figure::share(
            "probes.right_of_answered",
            "自测题：作答的里面答对",
            count(&probes, Case::is_right),
            answered,
        ),
        Figure::share(
            "unanswered.answered",
            "无条目的题：却作了答",
            over,
            unanswered.len(),
        )
        .down(),
    ]
}

#[cfg(test)]
mod tests;
