//! One entry of the knowledge base: a Markdown file with front matter.

use super::source::{Problem, SourceFile, line_of};
use crate::dialogue::script::HumanLevel;
use serde::Deserialize;
use serde_saphyr::Spanned;

/// A value and the line of its file it stands on, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct At<T> {
    pub value: T,
    pub line: usize,
}

/// What an answer rests on when not on articles alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The articles in `laws`.
    Law,
    /// Tells of a public service.
    Service,
    /// A local rule: needs source, date, owner and expiry.
    Local,
}

/// An entry as its file says it. Parsed, not yet checked against the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub file: String,
    pub id: At<String>,
    pub title: At<String>,
    pub area: At<String>,
    pub intent: At<String>,
    pub human: At<HumanLevel>,
    /// Questions it answers; indexed.
    pub ask: Vec<At<String>>,
    /// More ways to ask it, from the file beside; indexed, never shown.
    pub wordings: Vec<At<String>>,
    /// Questions for measuring; never indexed.
    pub probe: Vec<At<String>>,
    /// Articles in the order of their weight, as written: `民法典 1079`.
    pub laws: Vec<At<String>>,
    pub next: Vec<At<String>>,
    pub reviewed: Option<At<String>>,
    pub basis: Option<At<Basis>>,
    pub source: Option<String>,
    pub date: Option<String>,
    pub owner: Option<String>,
    pub expiry: Option<At<String>>,
    /// Safety line shown with the answer.
    pub safety: Option<String>,
    /// Append the line about legal aid.
    pub aid: bool,
    /// The answer, Markdown.
    pub body: String,
    /// First line of the answer.
    pub body_line: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    id: Option<Spanned<String>>,
    title: Option<Spanned<String>>,
    area: Option<Spanned<String>>,
    intent: Option<Spanned<String>>,
    human: Option<Spanned<HumanLevel>>,
    #[serde(default)]
    ask: Vec<Spanned<String>>,
    #[serde(default)]
    probe: Vec<Spanned<String>>,
    #[serde(default)]
    laws: Vec<Spanned<String>>,
    #[serde(default)]
    next: Vec<Spanned<String>>,
    reviewed: Option<Spanned<String>>,
    basis: Option<Spanned<Basis>>,
    source: Option<String>,
    date: Option<String>,
    owner: Option<String>,
    expiry: Option<Spanned<String>>,
    safety: Option<String>,
    #[serde(default)]
    aid: bool,
}

/// Lines before the front matter's own first line.
const FENCE_LINES: usize = 1;
const FENCE: &str = "---\n";

impl Entry {
    /// Parses a file; all that is missing is said at once.
    pub fn parse(file: &SourceFile) -> Result<Entry, Vec<Problem>> {
        let path = file.path.as_str();
        let text = file.text.replace("\r\n", "\n");
        let split = text
            .strip_prefix(FENCE)
            .and_then(|rest| rest.split_once("\n---\n"));
        let Some((front, body)) = split else {
            let message =
                "no front matter: the file begins with a line --- and ends it with another";
            return Err(vec![Problem::new(path, 1, message)]);
        };
        let matter: FrontMatter = serde_saphyr::from_str(front)
            .map_err(|error| vec![Problem::yaml(path, FENCE_LINES, &error)])?;
        let mut missing = Vec::new();
        let mut need = |value: Option<Spanned<String>>, key: &str| match value.map(at) {
            Some(value) if !value.value.trim().is_empty() => value,
            Some(value) => {
                missing.push(Problem::new(path, value.line, format!("`{key}` is empty")));
                value
            }
            None => {
                missing.push(Problem::new(path, 1, format!("`{key}` is missing")));
                At::default()
            }
        };
        let id = need(matter.id, "id");
        let title = need(matter.title, "title");
        let area = need(matter.area, "area");
        let intent = need(matter.intent, "intent");
        let human = matter.human.map(at).unwrap_or_else(|| {
            missing.push(Problem::new(
                path,
                1,
                "`human` is missing: none, offered or required",
            ));
            At {
                value: HumanLevel::Required,
                line: 1,
            }
        });
        let body_line = front.lines().count() + 3;
        if body.trim().is_empty() {
            missing.push(Problem::new(path, body_line, "there is no answer"));
        }
        if !missing.is_empty() {
            return Err(missing);
        }
        Ok(Entry {
            file: file.path.clone(),
            id,
            title,
            area,
            intent,
            human,
            ask: all(matter.ask),
            wordings: Vec::new(),
            probe: all(matter.probe),
            laws: all(matter.laws),
            next: all(matter.next),
            reviewed: matter.reviewed.map(at),
            basis: matter.basis.map(at),
            source: matter.source,
            date: matter.date,
            owner: matter.owner,
            expiry: matter.expiry.map(at),
            safety: matter.safety,
            aid: matter.aid,
            body: body.trim().to_owned(),
            body_line,
        })
    }

    /// Every question that is indexed: `ask`, then the wordings of the file beside.
    pub fn questions(&self) -> impl Iterator<Item = &At<String>> {
        self.ask.iter().chain(&self.wordings)
    }

    /// The first paragraph: the conclusion alone.
    pub fn conclusion(&self) -> &str {
        self.body.split("\n\n").next().unwrap_or(&self.body).trim()
    }
}

fn at<T>(spanned: Spanned<T>) -> At<T> {
    At {
        line: line_of(spanned.referenced) + FENCE_LINES,
        value: spanned.value,
    }
}

fn all<T>(spanned: Vec<Spanned<T>>) -> Vec<At<T>> {
    spanned.into_iter().map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> SourceFile {
        SourceFile {
            path: "kb/x/a-b.md".into(),
            text: text.into(),
        }
    }

    const GOOD: &str = "---\nid: a-b\ntitle: 题\narea: 域\nintent: a.b\nhuman: offered\naid: true\nask:\n  - 一\n  - 二\nlaws: [民法典 1, 刑法 276之一]\nreviewed: 2026-11-23\n---\n**结论。**\n\n步骤。\n";

    #[test]
    fn an_entry_is_read_with_its_lines() {
        let entry = Entry::parse(&file(GOOD)).unwrap();
        assert_eq!(entry.id.value, "a-b");
        assert_eq!(
            entry.ask[1],
            At {
                value: "二".into(),
                line: 10
            }
        );
        assert_eq!(
            entry.laws[1],
            At {
                value: "刑法 276之一".into(),
                line: 11
            }
        );
        assert_eq!(entry.reviewed.as_ref().unwrap().value, "2026-11-23");
        assert_eq!(entry.conclusion(), "**结论。**");
        assert_eq!(entry.body_line, 14);
        assert!(entry.aid);
        assert_eq!(
            Entry::parse(&file(&GOOD.replace('\n', "\r\n"))).unwrap(),
            entry
        );
    }

    #[test]
    fn all_that_is_missing_is_said_at_once() {
        let problems = Entry::parse(&file("---\nid: a-b\ntitle: \"\"\n---\n\n")).unwrap_err();
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "kb/x/a-b.md:3: `title` is empty",
                "kb/x/a-b.md:1: `area` is missing",
                "kb/x/a-b.md:1: `intent` is missing",
                "kb/x/a-b.md:1: `human` is missing: none, offered or required",
                "kb/x/a-b.md:5: there is no answer",
            ]
        );
    }

    #[test]
    fn unknown_keys_and_bad_yaml_name_their_line() {
        let unknown = Entry::parse(&file(&GOOD.replace("aid: true", "aids: true"))).unwrap_err();
        assert_eq!(unknown[0].line, 7);
        assert!(unknown[0].message.contains("aids"), "{}", unknown[0]);
        let broken = Entry::parse(&file(&GOOD.replace("  - 二", "  - [二"))).unwrap_err();
        assert!(broken[0].line >= 10, "{}", broken[0]);
        assert_eq!(Entry::parse(&file("text")).unwrap_err()[0].line, 1);
    }
}
