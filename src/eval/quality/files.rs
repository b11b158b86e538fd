//! What can be measured on the question files of a directory.

use super::lists::Traffic;
use super::{Figure, Skipped};
use crate::dialogue::nouns::Millis;
use crate::eval::{
    EvalError, Outcome, Report, answers, first_turn, read_rows, scope, statutes, topics,
};
use crate::knowledge::Knowledge;
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Ending of a file of questions; its name begins with the set's: `statutes-dev.jsonl`.
const ENDING: &str = ".jsonl";
/// Where a question's likeliest intent has no area of law.
const NO_AREA: &str = "（不属于法律领域）";

/// What was measured on other files than the knowledge base's own.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    pub figures: Vec<Figure>,
    pub skipped: Vec<Skipped>,
    pub traffic: Vec<Traffic>,
}

/// Where the number of rows of a figure stands in a report.
enum Of {
    Rows,
    /// This share of the rows.
    Share(f64),
    /// The share of the rows that this figure says.
    Figure(&'static str),
    /// The `n` of this object.
    Part(&'static str),
}

/// Key, label and number of rows of each figure that is shown.
type Shown = [(&'static str, &'static str, Of)];

const STATUTES: &Shown = &[
    ("hit@1", "法条：第一条即对", Of::Rows),
    ("hit@3", "法条：前三条有对的", Of::Rows),
    ("recall@10", "法条：前十条找回的比例", Of::Rows),
    ("mrr@10", "法条：首个正确条文名次倒数的平均", Of::Rows),
];
const TOPICS: &Shown = &[
    ("accuracy", "分类：全部题目的准确率", Of::Rows),
    (
        "accuracy_at_50",
        "分类：最有把握的 50% 的准确率",
        Of::Share(0.5),
    ),
    (
        "accuracy_at_70",
        "分类：最有把握的 70% 的准确率",
        Of::Share(0.7),
    ),
    (
        "accuracy_at_90",
        "分类：最有把握的 90% 的准确率",
        Of::Share(0.9),
    ),
];
const ANSWERS: &Shown = &[
    ("answered", "真实提问：直接作答", Of::Rows),
    ("refused", "真实提问：被当作非法律问题", Of::Rows),
    (
        "gold_cited_of_answered",
        "真实提问：作答的里面引到了正确条文",
        Of::Figure("answered"),
    ),
    (
        "gold_cited_at_1",
        "真实提问：作答的里面首条即正确条文",
        Of::Figure("answered"),
    ),
];
const SCOPE: &Shown = &[
    ("legal_kept", "范围：法律问题没有被拒", Of::Part("legal")),
    ("other_refused", "范围：非法律问题被拒", Of::Part("other")),
];

#[derive(Deserialize)]
struct Row {
    question: String,
}

/// Measures on the sets found in a directory; says of each other why it was skipped.
pub fn measure_dir(
    knowledge: &Knowledge,
    dir: Option<&Path>,
    now_ms: Millis,
) -> Result<Measured, EvalError> {
    let mut measured = Measured::default();
    let Some(dir) = dir else {
        for what in ["法条检索", "分类", "真实提问的回答", "范围"] {
            measured.skip(what, "没有给 --eval-dir");
        }
        return Ok(measured);
    };
    let gold = find(dir, "statutes")?;
    match &gold {
        Ok(file) if knowledge.has_statutes() => {
            let report = statutes::statutes(knowledge, file, now_ms)?;
            measured.take("statutes", &report, STATUTES);
        }
        Ok(_) => measured.skip("法条检索", "没有导入法规，也没有给 --laws"),
        Err(why) => measured.skip("法条检索", why),
    }
    match &gold {
        Ok(file) => {
            let report = answers::answers(knowledge, file, now_ms)?;
            measured.take("answers", &report, ANSWERS);
        }
        Err(why) => measured.skip("真实提问的回答", why),
    }
    match find(dir, "topics")? {
        Ok(file) => measured.take("topics", &topics::topics(knowledge, &file)?, TOPICS),
        Err(why) => measured.skip("分类", &why),
    }
    match (find(dir, "questions")?, find(dir, "oos")?) {
        (Ok(legal), Ok(other)) => {
            let report = scope::scope(knowledge, &legal, &other, now_ms)?;
            measured.take("scope", &report, SCOPE);
            measured.traffic = traffic(knowledge, &legal, now_ms)?;
        }
        (Err(why), _) | (_, Err(why)) => measured.skip("范围", &why),
    }
    Ok(measured)
}

impl Measured {
    fn skip(&mut self, what: &str, why: &str) {
        self.skipped.push(Skipped {
            what: what.to_owned(),
            why: why.to_owned(),
        });
    }

    fn take(&mut self, set: &str, report: &Report, shown: &Shown) {
        for (key, label, of) in shown {
            let Some(value) = number(&report.summary, key) else {
                continue;
            };
            let figure = Figure::value(&format!("{set}.{key}"), label, value, of.count(report));
            // Whoever asks about law must not be turned away.
            self.figures.push(match *key {
                "refused" => figure.down(),
                _ => figure,
            });
        }
    }
}

impl Of {
    fn count(&self, report: &Report) -> usize {
        let rows = |of: &Value| number(of, "n").unwrap_or(0.0);
        let all = rows(&report.summary);
        let n = match self {
            Of::Rows => all,
            Of::Share(share) => (all * share).ceil(),
            // Shares have four decimals: exact below ten thousand rows.
            Of::Figure(key) => (all * number(&report.summary, key).unwrap_or(0.0)).round(),
            Of::Part(key) => rows(&report.summary[key]),
        };
        n as usize
    }
}

fn number(of: &Value, key: &str) -> Option<f64> {
    of.get(key)?.as_f64()
}

/// The one file of a set in a directory, or why there is none.
fn find(dir: &Path, set: &str) -> Result<Result<PathBuf, String>, EvalError> {
    let unreadable = |source| EvalError::Read {
        path: dir.to_owned(),
        source,
    };
    let mut found = Vec::new();
    for item in std::fs::read_dir(dir).map_err(unreadable)? {
        let path = item.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(set) && name.ends_with(ENDING) {
            found.push(path);
        }
    }
    Ok(match found.len() {
        0 => Err(format!("目录里没有 {set}*{ENDING}")),
        1 => Ok(found.swap_remove(0)),
        n => Err(format!("目录里有 {n} 个 {set}*{ENDING}，只能有一个")),
    })
}

/// By area, what becomes of questions that nobody sorted: of what the public asks, where are the gaps?
fn traffic(knowledge: &Knowledge, file: &Path, now_ms: Millis) -> Result<Vec<Traffic>, EvalError> {
    let intents = &knowledge.script().intents;
    let ask = |row: Row| {
        let (reading, step) = first_turn(knowledge, &row.question, now_ms);
        let likeliest = reading.intents.first().and_then(|i| intents.get(&i.intent));
        let area = likeliest.and_then(|card| card.area.clone());
        (
            area.unwrap_or_else(|| NO_AREA.to_owned()),
            Outcome::of(&step),
        )
    };
    Ok(read_rows(file)?.into_iter().map(ask).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_figure_has_its_own_number_of_rows() {
        let report = Report {
            summary: json!({"n": 10, "answered": 0.4, "refused": 0.1, "gold_cited_of_answered": 0.5,
                "gold_cited_at_1": 0.25}),
            rows: Vec::new(),
        };
        let mut measured = Measured::default();
        measured.take("answers", &report, ANSWERS);
        let seen: Vec<(&str, f64, usize, bool)> = (measured.figures.iter())
            .map(|f| (f.key.as_str(), f.value, f.n, f.up))
            .collect();
        assert_eq!(
            seen,
            [
                ("answers.answered", 0.4, 10, true),
                ("answers.refused", 0.1, 10, false),
                ("answers.gold_cited_of_answered", 0.5, 4, true),
                ("answers.gold_cited_at_1", 0.25, 4, true),
            ]
        );
        let scope = Report {
            summary: json!({"legal_kept": 0.9, "other_refused": 0.8, "legal": {"n": 30}, "other": {"n": 5}}),
            rows: Vec::new(),
        };
        let mut measured = Measured::default();
        measured.take("scope", &scope, SCOPE);
        let n: Vec<usize> = measured.figures.iter().map(|f| f.n).collect();
        assert_eq!(n, [30, 5]);
    }

    #[test]
    fn one_file_a_set() {
        let dir = tempfile::tempdir().unwrap();
        let found = |set: &str| find(dir.path(), set).unwrap();
        assert!(found("oos").unwrap_err().contains("没有 oos"));
        std::fs::write(dir.path().join("oos-dev.jsonl"), "").unwrap();
        assert!(found("oos").unwrap().ends_with("oos-dev.jsonl"));
        std::fs::write(dir.path().join("oos-test.jsonl"), "").unwrap();
        assert!(found("oos").unwrap_err().contains("2 个"));
        assert!(find(&dir.path().join("nowhere"), "oos").is_err());
    }
}
