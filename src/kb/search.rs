//! Search over entries: a few thousand short questions, asked for on every message.
//!
//! The lists lie in memory: 7 µs a query over 5,300 questions. First ranking: BM25 over entries, with questions and answer as two fields
//! (BM25F), words and pairs of characters as terms. Then the best entries' questions are compared one by one, which
//! gives the features of [`super::rank`].

use super::terms::{self, Bigram};
use crate::reading::text::Text;
use std::collections::HashMap;
use std::ops::Range;

/// How soon repeats of a term in an entry stop counting (BM25's k1).
const SATURATION: f32 = 4.0;
/// What a mention in the title counts beside one in a question.
const TITLE_SHARE: f32 = 2.5;
/// What a mention in the answer counts beside one in a question.
const BODY_SHARE: f32 = 1.6;
/// What pairs of characters count beside words.
const PAIR_SHARE: f32 = 0.5;
/// What a term added as a synonym counts beside a word that was typed.
const SYNONYM_SHARE: f32 = 0.6;
/// Terms held by more than this share of the entries tell too little for what they cost.
const COMMON_SHARE: f32 = 0.25;
/// Below this many entries every term counts.
const COMMON_FROM: f32 = 40.0;
/// Most words, and most pairs, of a query looked at: long stories say enough with these.
const QUERY_TERMS_MAX: usize = 96;
/// Entries that go from the first ranking into the second.
pub const CANDIDATES: usize = 16;

/// What is indexed of an entry.
#[derive(Debug, Clone, Default)]
pub struct Indexed {
    /// Title first, then the questions.
    pub questions: Vec<Text>,
    pub body: Text,
}

/// How well an entry matches. Shares are of the weight of the query's known terms; see [`super::rank`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Match {
    /// Number of the entry, in the order given.
    pub entry: usize,
    /// First ranking.
    pub score: f32,
    /// Share of the query's words in the best question.
    pub words: f32,
    /// Share of the query's pairs in the best question.
    pub pairs: f32,
    /// Share of the best question's own weight that the query holds.
    pub reverse: f32,
    /// Share of the query in the second best question.
    pub second: f32,
    /// Weight, not share, in the best question.
    pub mass: f32,
}

/// A query's matches and what is common to them.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Best first, at most [`CANDIDATES`].
    pub matches: Vec<Match>,
    /// Weight of the query's terms.
    pub mass: f32,
    /// Share of it whose terms occur in no entry.
    pub unknown: f32,
}

/// What fitting hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    Nothing,
    /// An entry by its number, with all it holds.
    Entry(usize),
}

/// An entry that holds a term, and how often.
#[derive(Debug, Clone, Copy)]
struct Holder {
    entry: u32,
    /// Weighted mentions in title and questions.
    questions: f32,
    /// Weighted mentions in the answer.
    body: f32,
}

/// The immutable index. Questions are numbered entry by entry: title, then `ask` in order.
pub struct Index {
    words: HashMap<String, u32>,
    pairs: HashMap<Bigram, u32>,
    /// By term: who holds it, ascending. Only while the index is being built.
    holders: Vec<Vec<Holder>>,
    /// By term: place in `added`, which says what a term of weight 1 adds to the scores of the entries that hold it.
    lists: Vec<Range<u32>>,
    added: Vec<(u32, f32)>,
    /// By term: inverse entry frequency, by its kind.
    weight: Vec<f32>,
    is_pair: Vec<bool>,
    /// By question: its terms, each once, in `terms`.
    questions: Vec<Range<u32>>,
    terms: Vec<u32>,
    question_mass: Vec<f32>,
    /// First question of each entry, and the number of questions at the end.
    first: Vec<u32>,
    /// Weight of a word that no entry holds.
    weight_unknown: f32,
}

/// A query's term: number and weight.
type Asked = (u32, f32);

/// Room for one query, kept by a thread.
#[derive(Default)]
struct Room {
    scores: Vec<f32>,
    /// By term: one bit, asked by this query. Small enough to stay in the nearest cache.
    bits: Vec<u64>,
    /// By term: weight in this query, where its bit is set.
    asked: Vec<f32>,
    query: Vec<Asked>,
}

/// Weights of a query's terms.
#[derive(Default)]
struct Masses {
    words: f32,
    pairs: f32,
    unknown: f32,
}

impl Index {
    pub fn new(entries: &[Indexed]) -> Index {
        let mut index = Index {
            words: HashMap::new(),
            pairs: HashMap::new(),
            holders: Vec::new(),
            lists: Vec::new(),
            added: Vec::new(),
            weight: Vec::new(),
            is_pair: Vec::new(),
            questions: Vec::new(),
            terms: Vec::new(),
            question_mass: Vec::new(),
            first: Vec::with_capacity(entries.len() + 1),
            weight_unknown: inverse_frequency(entries.len(), 0),
        };
        for (number, entry) in entries.iter().enumerate() {
            index.first.push(index.questions.len() as u32);
            for (at, question) in entry.questions.iter().enumerate() {
                let share = if at == 0 { TITLE_SHARE } else { 1.0 };
                let terms = index.intern(question);
                let start = index.terms.len() as u32;
                for term in terms {
                    index.holder(term, number).questions += share;
                    index.terms.push(term);
                }
                index.questions.push(start..index.terms.len() as u32);
            }
            for term in index.intern(&entry.body) {
                index.holder(term, number).body += BODY_SHARE;
            }
        }
        index.first.push(index.questions.len() as u32);
        index.weigh(entries.len());
        index
    }

    /// Numbers of a text's terms, each once, ascending.
    fn intern(&mut self, text: &Text) -> Vec<u32> {
        let mut terms = Vec::with_capacity(32);
        for word in terms::words(text) {
            let next = self.holders.len() as u32;
            let at = *self.words.entry(word.to_owned()).or_insert(next);
            self.known(at, false);
            terms.push(at);
        }
        for pair in terms::bigrams(&text.normal) {
            let next = self.holders.len() as u32;
            let at = *self.pairs.entry(pair).or_insert(next);
            self.known(at, true);
            terms.push(at);
        }
        terms.sort_unstable();
        terms.dedup();
        terms
    }

    fn known(&mut self, term: u32, is_pair: bool) {
        if term as usize == self.holders.len() {
            self.holders.push(Vec::new());
            self.is_pair.push(is_pair);
        }
    }

    /// The entry's place among the holders of a term; entries come in ascending order.
    fn holder(&mut self, term: u32, entry: usize) -> &mut Holder {
        let holders = &mut self.holders[term as usize];
        if holders.last().is_none_or(|h| h.entry != entry as u32) {
            holders.push(Holder {
                entry: entry as u32,
                questions: 0.0,
                body: 0.0,
            });
        }
        let last = holders.len() - 1;
        &mut holders[last]
    }

    /// Once all is in: weights of terms, lists for searching, weights of questions.
    fn weigh(&mut self, entries: usize) {
        for (holders, is_pair) in std::mem::take(&mut self.holders).iter().zip(&self.is_pair) {
            let share = if *is_pair { PAIR_SHARE } else { 1.0 };
            let weight = share * inverse_frequency(entries, holders.len());
            self.weight.push(weight);
            let start = self.added.len() as u32;
            if weight > 0.0 {
                let added = holders.iter().map(|h| (h.entry, saturate(h)));
                self.added.extend(added);
            }
            self.lists.push(start..self.added.len() as u32);
        }
        let mass = |terms: &Range<u32>| {
            let terms = &self.terms[terms.start as usize..terms.end as usize];
            terms.iter().map(|t| self.weight[*t as usize]).sum()
        };
        self.question_mass = self.questions.iter().map(mass).collect();
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.first.len() - 1
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries that match best.
    pub fn search(&self, text: &Text) -> Found {
        thread_local!(static ROOM: std::cell::RefCell<Room> = std::cell::RefCell::default());
        ROOM.with_borrow_mut(|room| self.search_in(text, Hidden::Nothing, room))
    }

    /// The same as if something were not there.
    pub fn search_without(&self, text: &Text, hidden: Hidden) -> Found {
        self.search_in(text, hidden, &mut Room::default())
    }

    fn search_in(&self, text: &Text, hidden: Hidden, room: &mut Room) -> Found {
        room.clear(self);
        let masses = self.ask(text, hidden, room);
        for &(term, weight) in &room.query {
            let list = &self.lists[term as usize];
            for &(entry, added) in &self.added[list.start as usize..list.end as usize] {
                room.scores[entry as usize] += weight * added;
            }
        }
        if let Hidden::Entry(entry) = hidden {
            room.scores[entry] = 0.0;
        }
        let mass = masses.words + masses.pairs + masses.unknown;
        let mut found = Found {
            matches: best(&room.scores),
            mass,
            unknown: masses.unknown / mass.max(f32::MIN_POSITIVE),
        };
        for matched in &mut found.matches {
            self.compare(room, &masses, matched);
        }
        found
    }

    /// Looks the query's terms up.
    fn ask(&self, text: &Text, hidden: Hidden, room: &mut Room) -> Masses {
        let mut masses = Masses::default();
        for term in text.terms.iter().take(QUERY_TERMS_MAX) {
            let share = if term.synonym { SYNONYM_SHARE } else { 1.0 };
            match self.words.get(term.text.as_str()) {
                Some(&at) if !self.only_in(at, hidden) => {
                    masses.words += room.ask(at, share * self.weight[at as usize]);
                }
                _ => masses.unknown += share * self.weight_unknown,
            }
        }
        for pair in terms::bigrams(&text.normal).take(QUERY_TERMS_MAX) {
            match self.pairs.get(&pair) {
                Some(&at) if !self.only_in(at, hidden) => {
                    masses.pairs += room.ask(at, self.weight[at as usize]);
                }
                _ => masses.unknown += PAIR_SHARE * self.weight_unknown,
            }
        }
        masses
    }

    /// Nobody but the hidden entry holds the term: without it the term would be unknown.
    fn only_in(&self, term: u32, hidden: Hidden) -> bool {
        let list = &self.lists[term as usize];
        match (hidden, &self.added[list.start as usize..list.end as usize]) {
            (Hidden::Entry(entry), [(only, _)]) => *only as usize == entry,
            _ => false,
        }
    }

    /// Compares the query with each question of an entry.
    fn compare(&self, room: &Room, masses: &Masses, matched: &mut Match) {
        let share = |part: f32, of: f32| if of > 0.0 { part / of } else { 0.0 };
        let (mut top, mut second) = ((0.0, 0.0, 0), 0.0f32);
        for question in self.first[matched.entry]..self.first[matched.entry + 1] {
            let question = question as usize;
            let range = &self.questions[question];
            let (mut words, mut pairs) = (0.0, 0.0);
            for &term in &self.terms[range.start as usize..range.end as usize] {
                if !room.is_asked(term) {
                    continue;
                }
                let weight = room.asked[term as usize];
                if self.is_pair[term as usize] {
                    pairs += weight;
                } else {
                    words += weight;
                }
            }
            if words + pairs > top.0 + top.1 {
                second = top.0 + top.1;
                top = (words, pairs, question);
            } else {
                second = second.max(words + pairs);
            }
        }
        let (words, pairs, question) = top;
        matched.words = share(words, masses.words);
        matched.pairs = share(pairs, masses.pairs);
        matched.reverse = share(words + pairs, self.question_mass[question]);
        matched.second = share(second, masses.words + masses.pairs);
        matched.mass = words + pairs;
        matched.score = share(matched.score, masses.words + masses.pairs);
    }
}

impl Room {
    fn clear(&mut self, index: &Index) {
        self.scores.clear();
        self.scores.resize(index.len(), 0.0);
        self.bits.clear();
        self.bits.resize(index.weight.len().div_ceil(64), 0);
        // Stale where the bit is not set.
        self.asked.resize(index.weight.len(), 0.0);
        self.query.clear();
    }

    /// Adds a term once; returns the weight it adds.
    fn ask(&mut self, term: u32, weight: f32) -> f32 {
        if weight == 0.0 || self.is_asked(term) {
            return 0.0;
        }
        self.bits[term as usize / 64] |= 1 << (term % 64);
        self.asked[term as usize] = weight;
        self.query.push((term, weight));
        weight
    }

    fn is_asked(&self, term: u32) -> bool {
        self.bits[term as usize / 64] >> (term % 64) & 1 == 1
    }
}

/// The candidates, best first.
fn best(scores: &[f32]) -> Vec<Match> {
    let mut matches: Vec<Match> = Vec::with_capacity(CANDIDATES + 1);
    let mut floor = 0.0;
    for (entry, &score) in scores.iter().enumerate() {
        if score <= floor {
            continue;
        }
        let at = matches.partition_point(|m| m.score >= score);
        let matched = Match {
            entry,
            score,
            ..Match::default()
        };
        matches.insert(at, matched);
        if matches.len() > CANDIDATES {
            matches.truncate(CANDIDATES);
        }
        if matches.len() == CANDIDATES {
            floor = matches[CANDIDATES - 1].score;
        }
    }
    matches
}

fn saturate(holder: &Holder) -> f32 {
    let mentions = holder.questions + holder.body;
    mentions * (SATURATION + 1.0) / (mentions + SATURATION)
}

/// Inverse entry frequency; 0 for terms so common that they tell nothing.
fn inverse_frequency(entries: usize, holding: usize) -> f32 {
    let (all, holding) = (entries as f32, holding as f32);
    if holding > all * COMMON_SHARE && all >= COMMON_FROM {
        return 0.0;
    }
    (1.0 + (all - holding + 0.5) / (holding + 0.5)).ln()
}

#[cfg(test)]
mod tests;
