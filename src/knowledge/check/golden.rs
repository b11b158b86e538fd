//! Golden questions: readable, of entries and forms that are there, not among what is indexed or trained on.

use super::Findings;
use super::entries::letters;
use crate::kb::golden::{self, GOLDEN_FILE, Wanted};
use crate::kb::source::Sources;
use crate::knowledge::Parsed;
use std::collections::HashSet;

pub(super) fn check(sources: &Sources, parsed: &Parsed, findings: &mut Findings) {
    let golden = match golden::golden(sources) {
        Ok(golden) => golden,
        Err(problems) => return findings.problems(problems),
    };
    let entries: HashSet<&str> = parsed.entries.iter().map(|e| e.id.value.as_str()).collect();
    let intents: HashSet<&str> = parsed.intents.iter().map(|i| i.intent.as_str()).collect();
    let known = known_questions(parsed);
    let mut seen = HashSet::new();
    for golden in &golden {
        let line = golden.question.line;
        let wanted = golden.wanted.entries();
        let gone: Vec<&str> = (wanted.iter().map(String::as_str))
            .filter(|id| !entries.contains(id))
            .collect();
        if !gone.is_empty() {
            let message = format!("there is no entry {}", gone.join(", "));
            // The others still say what must work.
            if gone.len() == wanted.len() {
                findings.error(GOLDEN_FILE, line, message);
            } else {
                findings.warning(GOLDEN_FILE, line, message);
            }
        }
        if let Wanted::Talk(intent) = &golden.wanted
            && !intents.contains(intent.as_str())
        {
            findings.error(GOLDEN_FILE, line, format!("there is no intent {intent}"));
        }
        let question = letters(&golden.question.value);
        if known.contains(&question) {
            let message = "the question is indexed or an example of an intent: it measures nothing";
            findings.error(GOLDEN_FILE, line, message);
        }
        if !seen.insert(question) {
            findings.error(GOLDEN_FILE, line, "the same question stands here twice");
        }
    }
}

/// Everything that is indexed or trained on.
fn known_questions(parsed: &Parsed) -> HashSet<String> {
    let asked = parsed.entries.iter().flat_map(|e| {
        let all = std::iter::once(&e.title).chain(e.questions());
        all.map(|q| letters(&q.value))
    });
    let examples = parsed.intents.iter().flat_map(|i| &i.examples);
    asked.chain(examples.map(|e| letters(e))).collect()
}
