//! Understanding text: normalising, words, intents, entities, danger. Never stores or logs what it reads.
//!
//! [`Reader::first`] reads every message, whoever owns the conversation; [`Reader::classify`] only those the bot is
//! to answer.

pub mod classifier;
pub mod command;
pub mod danger;
pub mod entities;
pub mod lean;
pub mod mask;
pub mod nlu;
mod simplify;
mod synonyms;
pub mod text;

use crate::dialogue::reading::{FACTS_MAX, IntentScore, Reading, TOP_MAX};
use classifier::Classifier;
use jiff::civil::Date;
use nlu::IntentSpec;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;
use text::{Normaliser, Text, is_ideograph, is_letter};

/// Families of intents that are no legal matter.
const OTHER_FAMILIES: [&str; 2] = ["chat.", "oos."];
/// Words that make a sentence a question without a mark.
static QUESTION_WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "吗 么 呢 咋 怎 什么 啥 如何 哪 谁 几 多少 多久 多长 为何 是否 能否 可否 能不能 是不是 可不可以 \
     有没有 该不该 会不会 要不要 用不用 算不算 合不合法 行不行 对不对 请问 想问 点样 点解"
        .split_whitespace()
        .collect()
});

/// Reads messages: the words, then what they mean.
pub struct Reader {
    normaliser: Normaliser,
    intents: Vec<String>,
    topics: Vec<Option<String>>,
    /// For each intent: it is no legal matter.
    other: Vec<bool>,
    /// Legal matter (0) or not (1).
    scope: Classifier,
    /// Which intent.
    kind: Classifier,
    /// Index terms of all samples: what counts as a known word.
    vocabulary: HashSet<String>,
}

impl Reader {
    /// Trains on the intents' examples and on `extra` questions, each with its intent; extra questions of unknown
    /// intents are left out.
    pub fn new(
        normaliser: Normaliser,
        intents: &[IntentSpec],
        extra: &[(String, String)],
    ) -> Reader {
        let names: Vec<String> = intents.iter().map(|i| i.intent.clone()).collect();
        let class_of: HashMap<&str, usize> = names
            .iter()
            .enumerate()
            .map(|(class, name)| (name.as_str(), class))
            .collect();
        let examples = intents.iter().enumerate().flat_map(|(class, intent)| {
            let examples = intent.examples.iter();
            examples.map(move |example| (class, example.as_str()))
        });
        let extra = extra.iter().filter_map(|(intent, question)| {
            let class = class_of.get(intent.as_str())?;
            Some((*class, question.as_str()))
        });
        let texts: Vec<(usize, Text)> = examples
            .chain(extra)
            .map(|(class, raw)| (class, normaliser.read(raw)))
            .collect();
        let other: Vec<bool> = names.iter().map(|name| is_other(name)).collect();
        let by_scope: Vec<(usize, &Text)> = texts
            .iter()
            .map(|(class, text)| (usize::from(other[*class]), text))
            .collect();
        let by_intent: Vec<(usize, &Text)> = texts.iter().map(|(c, text)| (*c, text)).collect();
        let terms = texts.iter().flat_map(|(_, text)| &text.terms);
        Reader {
            scope: Classifier::train(&by_scope, 2),
            kind: Classifier::train(&by_intent, names.len()),
            vocabulary: terms.map(|term| term.text.clone()).collect(),
            topics: intents.iter().map(|i| i.topic.clone()).collect(),
            intents: names,
            other,
            normaliser,
        }
    }

    /// Names of all intents, in the order given.
    pub fn intents(&self) -> &[String] {
        &self.intents
    }

    /// Normalises and cuts a raw message.
    pub fn text(&self, raw: &str) -> Text {
        self.normaliser.read(raw)
    }

    /// What is read of every message: command, dangers, concerns, facts, digest, whether it asks or says anything.
    /// `today` is the day in China.
    pub fn first(&self, text: &Text, today: Date) -> Reading {
        let (dangers, concerns) = danger::flags(text, today);
        let command = command::command(text);
        let mut facts = entities::facts(text, today);
        facts.truncate(FACTS_MAX);
        Reading {
            unintelligible: command.is_none() && !self.is_intelligible(text),
            dangers,
            concerns,
            command,
            facts,
            digest: digest(&text.normal),
            question: is_question(&text.normal),
            ..Reading::default()
        }
    }

    /// Adds the intents and the probability of being a legal matter.
    pub fn classify(&self, text: &Text, reading: &mut Reading) {
        let p = self.probabilities(text);
        let other: f32 = self.sum(&p, |class| self.other[class]);
        reading.legal = (1.0 - other).clamp(0.0, 1.0);
        let mut order: Vec<usize> = (0..p.len()).collect();
        let better = |a: &usize, b: &usize| p[*b].total_cmp(&p[*a]).then(a.cmp(b));
        if order.len() > TOP_MAX {
            order.select_nth_unstable_by(TOP_MAX, better);
            order.truncate(TOP_MAX);
        }
        order.sort_unstable_by(better);
        reading.intents = order
            .into_iter()
            .map(|class| IntentScore {
                intent: self.intents[class].clone(),
                p: p[class],
            })
            .collect();
    }

    /// Topics with the sum of their intents' probabilities, best first; intents without a topic are left out.
    pub fn topic_scores(&self, text: &Text) -> Vec<(String, f32)> {
        let mut sums: HashMap<&str, f32> = HashMap::new();
        for (topic, p) in self.topics.iter().zip(self.probabilities(text)) {
            if let Some(topic) = topic {
                *sums.entry(topic).or_default() += p;
            }
        }
        let mut scores: Vec<(String, f32)> =
            sums.into_iter().map(|(t, p)| (t.to_owned(), p)).collect();
        scores.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        scores
    }

    /// Calibrated probabilities of all intents. Whether it is a legal matter is decided apart: there are so many
    /// legal intents that together they would win every text without known words.
    fn probabilities(&self, text: &Text) -> Vec<f32> {
        let features = classifier::features(text);
        let mut scope = Vec::with_capacity(2);
        self.scope.of_features(&features, &mut scope);
        let mut p = Vec::with_capacity(self.intents.len());
        self.kind.of_features(&features, &mut p);
        let other = self.sum(&p, |class| self.other[class]);
        let legal = self.sum(&p, |class| !self.other[class]);
        for (class, p) in p.iter_mut().enumerate() {
            let (share, sum) = if self.other[class] {
                (scope[1], other)
            } else {
                (scope[0], legal)
            };
            *p *= share / sum.max(f32::MIN_POSITIVE);
        }
        p
    }

    fn sum(&self, p: &[f32], of: impl Fn(usize) -> bool) -> f32 {
        let chosen = p.iter().enumerate().filter(|(class, _)| of(*class));
        chosen.map(|(_, p)| p).sum()
    }

    fn is_intelligible(&self, text: &Text) -> bool {
        // Without unknown-word guessing, a word of two characters stands in the dictionary.
        let written = |word: &str| word.chars().filter(|c| is_ideograph(*c)).count() >= 2;
        let known = |word: &str| {
            self.vocabulary.contains(word) && word.chars().any(|c| !c.is_ascii_digit())
        };
        text.words().any(|word| written(word) || known(word))
    }
}

fn is_other(intent: &str) -> bool {
    OTHER_FAMILIES.iter().any(|f| intent.starts_with(f))
}

fn is_question(normal: &str) -> bool {
    normal.contains('?') || QUESTION_WORDS.iter().any(|word| normal.contains(word))
}

/// FNV-1a over letters and digits alone; stored in turns, so it must not change.
pub fn digest(normal: &str) -> u64 {
    let letters = normal.chars().filter(|c| is_letter(*c));
    let mut buffer = [0u8; 4];
    letters.fold(0xCBF2_9CE4_8422_2325, |hash, c| {
        let bytes = c.encode_utf8(&mut buffer).bytes();
        bytes.fold(hash, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        })
    })
}

#[cfg(test)]
mod tests;
