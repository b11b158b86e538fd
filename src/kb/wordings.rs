//! Further wordings, in plain text files, one a line; blank lines and lines that begin with `#` are left out.
//!
//! `kb/<area>/<id>.txt` beside an entry holds more ways to ask what the entry answers. They are for the machine: indexed
//! and trained on like the entry's `ask`, never shown. `kb/articles/<law>.txt` says in everyday words what an article
//! is asked about: `第四十七条`, a tab, a question.

use super::entry::At;
use super::source::{Problem, SourceFile};
use crate::law::article::ArticleNo;

/// Folder of the questions of articles.
pub const ARTICLES_FOLDER: &str = "kb/articles/";
const COMMENT: char = '#';

/// A question that an article answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleQuestion {
    pub article: ArticleNo,
    pub question: At<String>,
}

/// The questions of one law's articles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LawQuestions {
    pub file: String,
    /// Title of the law, short or full.
    pub law: String,
    pub questions: Vec<ArticleQuestion>,
}

/// Where the wordings of an entry's file stand: `kb/x/a.md` has `kb/x/a.txt`.
pub fn beside(entry_file: &str) -> String {
    format!("{}.txt", entry_file.trim_end_matches(".md"))
}

/// The wordings of a file with their lines.
pub fn wordings(text: &str) -> Vec<At<String>> {
    lines(text).collect()
}

fn lines(text: &str) -> impl Iterator<Item = At<String>> {
    text.lines().enumerate().filter_map(|(at, line)| {
        let value = line.trim();
        (!value.is_empty() && !value.starts_with(COMMENT)).then(|| At {
            value: value.to_owned(),
            line: at + 1,
        })
    })
}

/// The questions of a law's file; its name is the law's title.
pub fn of_law(file: &SourceFile) -> Result<LawQuestions, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut questions = Vec::new();
    for line in lines(&file.text) {
        let parts = line.value.split_once('\t');
        let article = parts.and_then(|(article, _)| ArticleNo::parse(article.trim()).ok());
        match (article, parts) {
            (Some(article), Some((_, question))) if !question.trim().is_empty() => {
                let value = question.trim().to_owned();
                let question = At {
                    value,
                    line: line.line,
                };
                questions.push(ArticleQuestion { article, question });
            }
            _ => problems.push(Problem::new(
                &file.path,
                line.line,
                "not a line like 第四十七条, a tab, a question",
            )),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let name = file.path.rsplit('/').next().unwrap_or_default();
    Ok(LawQuestions {
        file: file.path.clone(),
        law: name.trim_end_matches(".txt").to_owned(),
        questions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_and_comments_are_left_out() {
        let read = wordings("# note\n 老板不给钱 \n\n工钱拖着\n");
        let said: Vec<_> = read.iter().map(|w| (w.value.as_str(), w.line)).collect();
        assert_eq!(said, [("老板不给钱", 2), ("工钱拖着", 4)]);
        assert_eq!(beside("kb/labour/a-b.md"), "kb/labour/a-b.txt");
    }

    #[test]
    fn questions_of_articles_name_their_article() {
        let file = |text: &str| SourceFile {
            path: "kb/articles/刑法.txt".into(),
            text: text.into(),
        };
        let read = of_law(&file("第二百七十六条之一\t老板有钱不发工资\n")).unwrap();
        assert_eq!(read.law, "刑法");
        let article = ArticleNo { num: 276, sub: 1 };
        assert_eq!(read.questions[0].article, article);
        assert_eq!(read.questions[0].question.value, "老板有钱不发工资");
        let broken = of_law(&file("第一条\t问\n第二条 问\n甲\t问\n第三条\t\n")).unwrap_err();
        let lines: Vec<usize> = broken.iter().map(|p| p.line).collect();
        assert_eq!(lines, [2, 3, 4]);
    }
}
