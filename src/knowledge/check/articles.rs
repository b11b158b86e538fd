//! Questions of articles: the article is there and in force, and no question stands twice.

use super::Findings;
use super::entries::letters;
use crate::dialogue::nouns::Verdict;
use crate::knowledge::Parsed;
use crate::law::version::Laws;
use jiff::civil::Date;
use std::collections::HashMap;

/// A question asked of two articles of a law would not tell them apart.
pub(super) fn check(parsed: &Parsed, laws: Option<&Laws>, day: Date, findings: &mut Findings) {
    for law in &parsed.law_questions {
        let mut asked: HashMap<String, usize> = HashMap::new();
        for question in &law.questions {
            let line = question.question.line;
            if let Some(other) = asked.insert(letters(&question.question.value), line) {
                let message = format!(
                    "the same question stands in line {other}: {}",
                    question.question.value
                );
                findings.error(&law.file, line, message);
            }
            let Some(laws) = laws else {
                continue;
            };
            let verdict = laws.verdict(&law.law, question.article, day);
            if !matches!(verdict, Verdict::InForce | Verdict::Unreviewed) {
                let message = format!("{} {}: {}", law.law, question.article, verdict.label());
                findings.warning(&law.file, line, message);
            }
        }
    }
}
