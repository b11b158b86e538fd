//! Golden questions: what must work. Each is a question in everyday words and what must become of it when it is
//! the first of a conversation. They are measured like the questions of [`super::measure`] and, like those, never indexed
//! and never trained on.
//!
//! A line of [`GOLDEN_FILE`] is an outcome, a tab, the names it is about (parted by blanks, may be empty), a tab, the
//! question. Several names mean any of them.

use super::entry::At;
use super::source::{Problem, Sources};
use crate::dialogue::nouns::{Concern, DangerKind};

pub const GOLDEN_FILE: &str = "kb/measure/golden.txt";

/// A question and what must become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Golden {
    pub question: At<String>,
    pub wanted: Wanted,
}

/// What must become of a golden question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// `answer`: one of these entries is shown, with or without a person.
    Answer(Vec<String>),
    /// `offer`: one of these entries is shown, or is among the choices of a clarifying question.
    Offer(Vec<String>),
    /// `form`: this service starts.
    Form(String),
    /// `human`: a person takes over; with names, because of one of these dangers or concerns.
    Human(Vec<String>),
    /// `safe`: 你现在安全吗 is asked; with names, because of one of these dangers.
    Safe(Vec<String>),
    /// `refuse`: no legal matter, or nothing to be helped with; with names, because of one of these concerns.
    Refuse(Vec<String>),
    /// `talk`: the fixed text of this intent.
    Talk(String),
}

impl Wanted {
    /// The entries of which one must be shown or offered; empty where no entry is asked for.
    pub fn entries(&self) -> &[String] {
        match self {
            Wanted::Answer(entries) | Wanted::Offer(entries) => entries,
            _ => &[],
        }
    }

    fn parse(outcome: &str, names: Vec<String>) -> Result<Wanted, String> {
        let some = |names: Vec<String>, of: &str| {
            if names.is_empty() {
                return Err(format!("`{outcome}` needs {of} in the second column"));
            }
            Ok(names)
        };
        let one = |names: Vec<String>, of: &str| match <[String; 1]>::try_from(names) {
            Ok([name]) => Ok(name),
            Err(_) => Err(format!("`{outcome}` needs one {of} in the second column")),
        };
        match outcome {
            "answer" => some(names, "entries").map(Wanted::Answer),
            "offer" => some(names, "entries").map(Wanted::Offer),
            "form" => one(names, "form").map(Wanted::Form),
            "human" => reasons(names).map(Wanted::Human),
            "safe" => reasons(names).map(Wanted::Safe),
            "refuse" => reasons(names).map(Wanted::Refuse),
            "talk" => one(names, "intent").map(Wanted::Talk),
            _ => Err(format!(
                "there is no outcome `{outcome}`: answer, offer, form, human, safe, refuse or talk"
            )),
        }
    }
}

/// Names that are dangers or concerns, all of them.
fn reasons(names: Vec<String>) -> Result<Vec<String>, String> {
    let known = |name: &str| {
        DangerKind::ALL.iter().any(|d| d.name() == name)
            || Concern::ALL.iter().any(|c| c.name() == name)
    };
    match names.iter().find(|name| !known(name)) {
        Some(name) => Err(format!("`{name}` is no danger and no concern")),
        None => Ok(names),
    }
}

/// The golden questions; all lines that cannot be read are named at once.
pub fn golden(sources: &Sources) -> Result<Vec<Golden>, Vec<Problem>> {
    let mut golden = Vec::new();
    let mut problems = Vec::new();
    for line in super::wordings::wordings(sources.text(GOLDEN_FILE)) {
        match parse(&line) {
            Ok(read) => golden.push(read),
            Err(message) => problems.push(Problem::new(GOLDEN_FILE, line.line, message)),
        }
    }
    if problems.is_empty() {
        Ok(golden)
    } else {
        Err(problems)
    }
}

fn parse(line: &At<String>) -> Result<Golden, String> {
    let mut columns = line.value.splitn(3, '\t').map(str::trim);
    let (Some(outcome), Some(names), Some(question)) =
        (columns.next(), columns.next(), columns.next())
    else {
        return Err("not a line like `answer`, a tab, entries, a tab, a question".to_owned());
    };
    if question.is_empty() {
        return Err("the question is empty".to_owned());
    }
    let names = names.split_whitespace().map(str::to_owned).collect();
    Ok(Golden {
        wanted: Wanted::parse(outcome, names)?,
        question: At {
            value: question.to_owned(),
            line: line.line,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kb::source::SourceFile;

    fn read(text: &str) -> Result<Vec<Golden>, Vec<Problem>> {
        golden(&Sources(vec![SourceFile {
            path: GOLDEN_FILE.into(),
            text: text.into(),
        }]))
    }

    #[test]
    fn a_line_says_what_must_become_of_a_question() {
        let text = "# note\nanswer\tkite top\t风筝 挂树上了\nhuman\t\t找个人\nform\taid\t我要申请\nsafe\tviolence\t他在门外\n";
        let read = read(text).unwrap();
        let wanted: Vec<&Wanted> = read.iter().map(|g| &g.wanted).collect();
        let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(*wanted[0], Wanted::Answer(names(&["kite", "top"])));
        assert_eq!(*wanted[1], Wanted::Human(vec![]));
        assert_eq!(*wanted[2], Wanted::Form("aid".into()));
        assert_eq!(*wanted[3], Wanted::Safe(names(&["violence"])));
        let first = &read[0].question;
        assert_eq!((first.value.as_str(), first.line), ("风筝 挂树上了", 2));
    }

    #[test]
    fn every_faulty_line_is_named() {
        let faults = [
            ("answer\t\t问", "needs entries"),
            ("form\ta b\t问", "needs one form"),
            ("human\tkite\t问", "no danger and no concern"),
            ("maybe\t\t问", "no outcome"),
            ("answer\tkite", "not a line like"),
            ("refuse\trefuse_forge\t", "not a line like"),
        ];
        let text: Vec<&str> = faults.iter().map(|f| f.0).collect();
        let problems = read(&text.join("\n")).unwrap_err();
        assert_eq!(problems.len(), faults.len());
        for ((problem, (_, message)), line) in problems.iter().zip(faults).zip(1..) {
            assert_eq!(problem.line, line);
            assert!(problem.message.contains(message), "{problem}");
        }
    }
}
