//! Search over entries: a few hundred answers with tens of thousands of questions, asked for on every message.
//!
//! First ranking: query likelihood with
//! Dirichlet smoothing (Zhai and Lafferty 2004). An entry is a bag of characters and of pairs of characters, from title,
//! questions, wordings, answer and the everyday questions of the articles it cites; its score says how much likelier its bag
//! makes the query than all bags together do. What a bag does not hold is expected as often as in its area, and there
//! as often as in all.
//! On held-out questions that avoid the entries' own words this found more than BM25, centroids, a linear
//! classifier or the nearest question, and words added to characters and pairs made it worse. The best entries'
//! questions are then compared one by one, by words, which gives the features of [`super::rank`].

use super::terms::{self, Bigram};
use crate::reading::text::Text;
use std::collections::HashMap;
use std::ops::Range;

/// Strength of the smoothing of an entry by its area, and of an area by all, in mentions of terms.
const SMOOTHING: f32 = 700.0;
const AREA_SMOOTHING: f32 = 100_000.0;
/// What a mention in the title counts beside one in a question.
const TITLE_SHARE: f32 = 3.0;
/// What a mention in the answer counts beside one in a question.
const BODY_SHARE: f32 = 1.0;
/// What a mention in an everyday question of the first article an entry cites counts; of the n-th, this by √n.
const ARTICLE_SHARE: f32 = 0.3;
/// What pairs of characters count beside single ones.
const PAIR_SHARE: f32 = 0.7;
/// What a term added as a synonym counts beside a word that was typed.
const SYNONYM_SHARE: f32 = 0.6;
/// Terms held by more than this share of the entries lie as whole rows: adding a row is quicker than picking.
const DENSE_SHARE: f32 = 0.25;
/// Most characters, and most words, of a query looked at: long stories say enough with these.
const QUERY_TERMS_MAX: usize = 96;
/// Entries that go from the first ranking into the second.
pub const CANDIDATES: usize = 16;
/// Of these, the first so many are compared question by question.
const COMPARED: usize = 4;

/// What is indexed of an entry.
#[derive(Debug, Clone, Default)]
pub struct Indexed {
    /// Title first, then the questions.
    pub questions: Vec<Text>,
    pub body: Text,
    pub area: String,
    /// The articles it cites, weightiest first, by their number among those with everyday questions.
    pub articles: Vec<Option<usize>>,
}

/// How well an entry matches. Shares are of the weight of the query's words; see [`super::rank`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Match {
    /// Number of the entry, in the order given.
    pub entry: usize,
    /// First ranking: log likelihood of the query beside that of the whole knowledge base.
    pub score: f32,
    /// Share of the query's words in the best question.
    pub words: f32,
    /// Share of the best question's own weight that the query holds.
    pub reverse: f32,
    /// Share of the query in the second best question.
    pub second: f32,
}

/// A query's matches and what is common to them.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Best first, at most [`CANDIDATES`].
    pub matches: Vec<Match>,
    /// Characters and pairs looked up.
    pub terms: f32,
    /// Weight of the query's words.
    pub mass: f32,
    /// Share of it whose words occur in no entry.
    pub unknown: f32,
}

/// Where the entries that hold a term stand.
#[derive(Debug, Clone, Copy)]
enum List {
    /// Range of `added`.
    Sparse(u32, u32),
    /// Number of a row of `rows`.
    Dense(u32),
}

/// The immutable index. Questions are numbered entry by entry: title, then the others in order.
pub struct Index {
    /// Number and list of each term.
    terms: HashMap<Bigram, (u32, List)>,
    /// What a mention in the query adds to the score of an entry that holds the term.
    added: Vec<(u32, f32)>,
    /// The same for all entries, row by row.
    rows: Vec<f32>,
    /// What a term of the query adds to every entry, for its length.
    length: Vec<f32>,
    /// By entry: its area.
    area: Vec<u32>,
    areas: usize,
    /// By term and area: what a mention in the query adds to every entry of the area.
    area_added: Vec<f32>,
    words: HashMap<String, u32>,
    /// By word: inverse entry frequency.
    weight: Vec<f32>,
    /// By question: its words, each once, in `question_words`.
    questions: Vec<Range<u32>>,
    question_words: Vec<u32>,
    question_mass: Vec<f32>,
    /// First question of each entry, and the number of questions at the end.
    first: Vec<u32>,
    /// Weight of a word that no entry holds.
    weight_unknown: f32,
}

/// Room for one query, kept by a thread.
#[derive(Default)]
struct Room {
    scores: Vec<f32>,
    /// By area.
    areas: Vec<f32>,
    /// By word: one bit, asked by this query. Small enough to stay in the nearest cache.
    bits: Vec<u64>,
    /// By word: weight in this query, where its bit is set.
    asked: Vec<f32>,
}

/// Mentions of terms while the index is being built.
#[derive(Default)]
struct Counts {
    /// By term: entries in ascending order with their weighted mentions.
    holders: HashMap<Bigram, Vec<(u32, f32)>>,
    /// By entry: all its mentions.
    lengths: Vec<f32>,
}

impl Counts {
    fn add(&mut self, entry: u32, text: &Text, share: f32) {
        for term in mentioned(text) {
            self.mention(entry, term, share);
        }
    }

    fn mention(&mut self, entry: u32, term: Bigram, times: f32) {
        self.lengths[entry as usize] += times;
        let holders = self.holders.entry(term).or_default();
        match holders.last_mut() {
            Some((last, mentions)) if *last == entry => *mentions += times,
            _ => holders.push((entry, times)),
        }
    }
}

/// A text mentions a term once, however often it repeats it.
fn mentioned(text: &Text) -> Vec<Bigram> {
    let mut terms: Vec<Bigram> = terms::singles_and_pairs(&text.normal).collect();
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// The terms of all questions of an article, with how many mention each.
fn bag(questions: &[&Text]) -> Vec<(Bigram, f32)> {
    let mut all: Vec<Bigram> = questions.iter().flat_map(|text| mentioned(text)).collect();
    all.sort_unstable();
    let same = all.chunk_by(|a, b| a == b);
    same.map(|same| (same[0], same.len() as f32)).collect()
}

impl Index {
    /// `asked`: everyday questions by article, see [`Indexed::articles`].
    pub fn new(entries: &[Indexed], asked: &[Vec<&Text>]) -> Index {
        let (area, areas) = numbered(entries.iter().map(|e| e.area.as_str()));
        let bags: Vec<Vec<(Bigram, f32)>> = asked.iter().map(|questions| bag(questions)).collect();
        let mut index = Index {
            area,
            areas,
            area_added: Vec::new(),
            terms: HashMap::new(),
            added: Vec::new(),
            rows: Vec::new(),
            length: Vec::new(),
            words: HashMap::new(),
            weight: Vec::new(),
            questions: Vec::new(),
            question_words: Vec::new(),
            question_mass: Vec::new(),
            first: Vec::with_capacity(entries.len() + 1),
            weight_unknown: inverse_frequency(entries.len(), 0),
        };
        let mut counts = Counts {
            lengths: vec![0.0; entries.len()],
            ..Counts::default()
        };
        let mut holding = Vec::new();
        for (number, entry) in (0..).zip(entries) {
            index.first.push(index.questions.len() as u32);
            for (at, question) in entry.questions.iter().enumerate() {
                let share = if at == 0 { TITLE_SHARE } else { 1.0 };
                counts.add(number, question, share);
                index.question(question, number, &mut holding);
            }
            counts.add(number, &entry.body, BODY_SHARE);
            for (place, article) in (1u8..).zip(&entry.articles) {
                let share = ARTICLE_SHARE / f32::from(place).sqrt();
                let bag = article.and_then(|article| bags.get(article));
                for (term, times) in bag.map_or(&[][..], Vec::as_slice) {
                    counts.mention(number, *term, share * times);
                }
            }
        }
        index.first.push(index.questions.len() as u32);
        index.weigh_words(entries.len(), &holding);
        index.weigh_terms(counts);
        index
    }

    /// Adds a question's words. `holding`: by word, the last entry that holds it and how many do.
    fn question(&mut self, question: &Text, entry: u32, holding: &mut Vec<(u32, usize)>) {
        let start = self.question_words.len();
        for word in terms::words(question) {
            let next = self.words.len() as u32;
            let at = *self.words.entry(word.to_owned()).or_insert(next);
            match holding.get_mut(at as usize) {
                Some((last, _)) if *last == entry => {}
                Some(held) => *held = (entry, held.1 + 1),
                None => holding.push((entry, 1)),
            }
            self.question_words.push(at);
        }
        self.question_words[start..].sort_unstable();
        let mut kept = start;
        for at in start..self.question_words.len() {
            let word = self.question_words[at];
            if kept == start || self.question_words[kept - 1] != word {
                self.question_words[kept] = word;
                kept += 1;
            }
        }
        self.question_words.truncate(kept);
        self.questions.push(start as u32..kept as u32);
    }

    fn weigh_words(&mut self, entries: usize, holding: &[(u32, usize)]) {
        let weights = holding.iter().map(|(_, n)| inverse_frequency(entries, *n));
        self.weight = weights.collect();
        let mass = |words: &Range<u32>| {
            let words = &self.question_words[words.start as usize..words.end as usize];
            words.iter().map(|w| self.weight[*w as usize]).sum()
        };
        self.question_mass = self.questions.iter().map(mass).collect();
    }

    /// Turns mentions into what they add. Of a term with share p in everything and a in an area: `ln(a / p)` to all
    /// entries of the area, `ln(1 + mentions / (μ · a))` to those that hold it, and `ln(μ / (length + μ))` to each.
    fn weigh_terms(&mut self, counts: Counts) {
        let entries = counts.lengths.len();
        let all: f32 = counts.lengths.iter().sum::<f32>().max(1.0);
        let shorter = |length: &f32| (SMOOTHING / (length + SMOOTHING)).ln();
        self.length = counts.lengths.iter().map(shorter).collect();
        let mut area_lengths = vec![AREA_SMOOTHING; self.areas];
        for (area, length) in self.area.iter().zip(&counts.lengths) {
            area_lengths[*area as usize] += length;
        }
        let mut terms: Vec<(Bigram, Vec<(u32, f32)>)> = counts.holders.into_iter().collect();
        terms.sort_unstable_by_key(|(term, _)| *term);
        for (number, (term, holders)) in (0..).zip(terms) {
            let share = if terms::is_pair(term) {
                PAIR_SHARE
            } else {
                1.0
            };
            let in_all = holders.iter().map(|h| h.1).sum::<f32>() / all;
            let mut in_area = vec![AREA_SMOOTHING * in_all; self.areas];
            for (entry, mentions) in &holders {
                in_area[self.area[*entry as usize] as usize] += mentions;
            }
            for (mentions, length) in in_area.iter_mut().zip(&area_lengths) {
                *mentions /= length;
                self.area_added.push(share * (*mentions / in_all).ln());
            }
            let added = holders.into_iter().map(|(entry, mentions)| {
                let expected = SMOOTHING * in_area[self.area[entry as usize] as usize];
                (entry, share * (1.0 + mentions / expected).ln())
            });
            let list = if added.len() as f32 > entries as f32 * DENSE_SHARE {
                let row = self.rows.len() / entries;
                self.rows.resize(self.rows.len() + entries, 0.0);
                for (entry, added) in added {
                    self.rows[row * entries + entry as usize] = added;
                }
                List::Dense(row as u32)
            } else {
                let start = self.added.len() as u32;
                self.added.extend(added);
                List::Sparse(start, self.added.len() as u32)
            };
            self.terms.insert(term, (number, list));
        }
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
        ROOM.with_borrow_mut(|room| self.search_in(text, room))
    }

    fn search_in(&self, text: &Text, room: &mut Room) -> Found {
        room.clear(self);
        let (terms, known) = self.score(text, room);
        let (words, unknown) = self.ask(text, room);
        let mass = words + unknown;
        let mut found = Found {
            // A query of which nothing is known matches nothing.
            matches: if known {
                best(&room.scores)
            } else {
                Vec::new()
            },
            terms,
            mass,
            unknown: unknown / mass.max(f32::MIN_POSITIVE),
        };
        for matched in found.matches.iter_mut().take(COMPARED) {
            self.compare(room, words, matched);
        }
        found
    }

    /// Adds up the scores of all entries; how many terms the query has, and whether any is known.
    fn score(&self, text: &Text, room: &mut Room) -> (f32, bool) {
        let entries = self.len();
        let (mut terms, mut known) = (0.0, false);
        let looked_up = terms::singles_and_pairs(&text.normal).take(2 * QUERY_TERMS_MAX);
        for term in looked_up {
            let Some((number, list)) = self.terms.get(&term) else {
                continue;
            };
            known = true;
            let added = &self.area_added[*number as usize * self.areas..][..self.areas];
            let areas = room.areas.iter_mut();
            areas.zip(added).for_each(|(score, added)| *score += added);
            terms += if terms::is_pair(term) {
                PAIR_SHARE
            } else {
                1.0
            };
            match *list {
                List::Sparse(start, end) => {
                    for &(entry, added) in &self.added[start as usize..end as usize] {
                        room.scores[entry as usize] += added;
                    }
                }
                List::Dense(row) => {
                    let row = &self.rows[row as usize * entries..][..entries];
                    let scores = room.scores.iter_mut();
                    scores.zip(row).for_each(|(score, added)| *score += added);
                }
            }
        }
        let of_entries = self.length.iter().zip(&self.area);
        for (score, (length, area)) in room.scores.iter_mut().zip(of_entries) {
            *score += terms * length + room.areas[*area as usize];
        }
        (terms, known)
    }

    /// Looks the query's words up: the weight of the known ones and of the others.
    fn ask(&self, text: &Text, room: &mut Room) -> (f32, f32) {
        let (mut known, mut unknown) = (0.0, 0.0);
        for term in text.terms.iter().take(QUERY_TERMS_MAX) {
            let share = if term.synonym { SYNONYM_SHARE } else { 1.0 };
            match self.words.get(term.text.as_str()) {
                Some(&at) => known += room.ask(at, share * self.weight[at as usize]),
                None => unknown += share * self.weight_unknown,
            }
        }
        (known, unknown)
    }

    /// Compares the query with each question of an entry.
    fn compare(&self, room: &Room, asked: f32, matched: &mut Match) {
        let share = |part: f32, of: f32| if of > 0.0 { part / of } else { 0.0 };
        let (mut top, mut best, mut second) = (0.0, 0, 0.0f32);
        for question in self.first[matched.entry]..self.first[matched.entry + 1] {
            let question = question as usize;
            let range = &self.questions[question];
            let words = &self.question_words[range.start as usize..range.end as usize];
            let shared: f32 = words.iter().map(|w| room.weight(*w)).sum();
            if shared > top {
                second = top;
                (top, best) = (shared, question);
            } else {
                second = second.max(shared);
            }
        }
        matched.words = share(top, asked);
        matched.second = share(second, asked);
        matched.reverse = share(top, self.question_mass[best]);
    }
}

impl Room {
    fn clear(&mut self, index: &Index) {
        self.scores.clear();
        self.scores.resize(index.len(), 0.0);
        self.areas.clear();
        self.areas.resize(index.areas, 0.0);
        self.bits.clear();
        self.bits.resize(index.weight.len().div_ceil(64), 0);
        // Stale where the bit is not set.
        self.asked.resize(index.weight.len(), 0.0);
    }

    /// Adds a word once; returns the weight it adds.
    fn ask(&mut self, word: u32, weight: f32) -> f32 {
        let bit = 1 << (word % 64);
        if self.bits[word as usize / 64] & bit != 0 {
            return 0.0;
        }
        self.bits[word as usize / 64] |= bit;
        self.asked[word as usize] = weight;
        weight
    }

    /// The weight of a word in this query, 0 where it was not asked.
    fn weight(&self, word: u32) -> f32 {
        if self.bits[word as usize / 64] >> (word % 64) & 1 == 1 {
            self.asked[word as usize]
        } else {
            0.0
        }
    }
}

/// Numbers in place of names, and how many there are.
fn numbered<'a>(names: impl Iterator<Item = &'a str>) -> (Vec<u32>, usize) {
    let mut known: HashMap<&str, u32> = HashMap::new();
    let numbers = names.map(|name| {
        let next = known.len() as u32;
        *known.entry(name).or_insert(next)
    });
    let numbers = numbers.collect();
    (numbers, known.len())
}

/// The candidates, best first.
fn best(scores: &[f32]) -> Vec<Match> {
    let mut matches: Vec<Match> = Vec::with_capacity(CANDIDATES + 1);
    let mut floor = f32::NEG_INFINITY;
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
        matches.truncate(CANDIDATES);
        if matches.len() == CANDIDATES {
            floor = matches[CANDIDATES - 1].score;
        }
    }
    matches
}

/// How much a word held by so many entries tells.
fn inverse_frequency(entries: usize, holding: usize) -> f32 {
    let (all, holding) = (entries as f32, holding as f32);
    (1.0 + (all - holding + 0.5) / (holding + 0.5)).ln()
}

#[cfg(test)]
mod tests;
