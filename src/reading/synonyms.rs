//! Everyday words and the legal terms they stand for.

use super::text::{LexiconError, Term};
use aho_corasick::{AhoCorasick, MatchKind};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::ops::Range;

/// Finds lay expressions and names the legal terms for them.
pub struct Synonyms {
    finder: AhoCorasick,
    /// For each pattern of `finder`.
    targets: Vec<Target>,
}

struct Target {
    /// A single character only counts when it is a word by itself (娃, not 娃哈哈).
    whole_word: bool,
    terms: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    from: Vec<Spanned<String>>,
    to: Vec<Spanned<String>>,
}

impl Synonyms {
    /// Parses the list; `cut` turns an expression into its index terms.
    pub fn new(yaml: &str, cut: impl Fn(&str) -> Vec<String>) -> Result<Synonyms, LexiconError> {
        let rows: Vec<Row> = if yaml.trim().is_empty() {
            Vec::new()
        } else {
            serde_saphyr::from_str(yaml).map_err(|error| {
                fault(
                    error.location().map_or(0, |l| l.line() as usize),
                    error.without_snippet().to_string(),
                )
            })?
        };
        let mut patterns: Vec<String> = Vec::new();
        let mut targets = Vec::new();
        for row in &rows {
            let mut terms = Vec::new();
            for to in &row.to {
                let words = cut(&to.value);
                if words.is_empty() {
                    return Err(fault_at(to, "no word in `to`"));
                }
                terms.extend(words);
            }
            for from in &row.from {
                let pattern = cut(&from.value).concat();
                if pattern.is_empty() {
                    return Err(fault_at(from, "no word in `from`"));
                }
                if patterns.contains(&pattern) {
                    return Err(fault_at(from, "listed twice"));
                }
                targets.push(Target {
                    whole_word: pattern.chars().count() == 1,
                    terms: terms.clone(),
                });
                patterns.push(pattern);
            }
        }
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&patterns)
            .map_err(|error| fault(0, error.to_string()))?;
        Ok(Synonyms { finder, targets })
    }

    /// Adds to `terms` the legal terms of every lay expression in `normal` that are not there yet.
    pub fn extend(&self, normal: &str, words: &[Range<u32>], terms: &mut Vec<Term>) {
        for found in self.finder.find_iter(normal) {
            let target = &self.targets[found.pattern().as_usize()];
            let range = found.start() as u32..found.end() as u32;
            if target.whole_word && !words.contains(&range) {
                continue;
            }
            for term in &target.terms {
                if !terms.iter().any(|t| t.text == *term) {
                    terms.push(Term {
                        text: term.clone(),
                        synonym: true,
                    });
                }
            }
        }
    }
}

fn fault(line: usize, message: String) -> LexiconError {
    LexiconError::Synonyms { line, message }
}

fn fault_at(value: &Spanned<String>, message: &str) -> LexiconError {
    fault(
        value.referenced.line() as usize,
        format!("{message}: {}", value.value),
    )
}
