//! Questions of articles: the article is there and in force, and no question stands twice.

use super::Findings;
use super::entries::letters;
use crate::dialogue::nouns::Verdict;
use crate::kb::wordings::LawQuestions;
use crate::knowledge::Parsed;
use crate::law::version::Laws;
use jiff::civil::Date;
use std::collections::HashMap;

/// A question asked of two articles of a law would not tell them apart.
pub(super) fn check(parsed: &Parsed, laws: Option<&Laws>, day: Date, findings: &mut Findings) {
    for law in &parsed.law_questions {
        let mut asked: HashMap<String, usize> = HashMap::new();
        let judged = laws.filter(|laws| judgeable(law, laws, day, findings));
        for question in &law.questions {
            let line = question.question.line;
            if let Some(other) = asked.insert(letters(&question.question.value), line) {
                let message = format!(
                    "the same question stands in line {other}: {}",
                    question.question.value
                );
                findings.error(&law.file, line, message);
            }
            let Some(laws) = judged else {
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

/// Whether the law is among the statutes; where nobody can say, once for the whole file instead of at each question.
fn judgeable(law: &LawQuestions, laws: &Laws, day: Date, findings: &mut Findings) -> bool {
    let unverified = |article| laws.verdict(&law.law, article, day) == Verdict::Unverified;
    let first = law.questions.first().map(|q| q.article);
    let unknown = laws.rows_of(&law.law).is_empty() && first.is_some_and(unverified);
    if unknown {
        let message = format!(
            "《{}》 was not imported: its articles could not be judged",
            law.law
        );
        findings.warning(&law.file, 0, message);
    }
    !unknown
}
