//! Lists of documents by term, small and quick: what a term adds to a document's score is worked out beforehand and
//! kept in one byte beside the document's number in two.
//!
//! A query adds its terms' lists up in two arrays of `i16` kept by the thread (words and pairs of characters apart),
//! so that a search over 59,000 articles costs some 20,000 additions and no allocation. Documents are numbered in
//! blocks of [`BLOCK_DOCS`], so that two bytes are enough however many there are.

mod file;
#[cfg(test)]
mod tests;

pub use file::{Damaged, array, number, take_number};

use super::terms::{self, Bigram};
use crate::reading::text::Text;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

/// Documents of a block: what a number of two bytes can tell apart.
pub const BLOCK_DOCS: usize = 1 << 16;
/// Most terms of a query. 120 of the largest additions (255) still fit an `i16`.
pub const QUERY_TERMS_MAX: usize = 120;
/// Most words, and most pairs, of a query: long stories say enough with these. The rest of the room is for synonyms.
const QUERY_KIND_MAX: usize = 48;
/// What a legal term added for everyday words counts beside words that were typed, in sixteenths.
const SYNONYM_SHARE: i32 = 11;
const WHOLE_SHARE: i32 = 16;
/// Terms held by more than this share of the documents say little and cost most of the time.
const COMMON_SHARE: f32 = 0.1;
/// Below this many documents every term counts.
const COMMON_FROM: usize = 200;
/// BM25: how soon repeats stop counting, and how much long documents are held back.
const SATURATION: f32 = 1.2;
const LENGTH_SHARE: f32 = 0.75;

/// What is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Word,
    Pair,
}

/// How additions are worked out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Weighing {
    /// For long texts: BM25.
    Bm25 { pair_share: f32 },
    /// For short questions, each term once: so that sums are cosines, but for the length of the query.
    Cosine { pair_share: f32 },
}

impl Weighing {
    /// Steps of an addition in one point of score. The largest (a term of one document among millions) fits a byte.
    fn steps(self) -> f32 {
        match self {
            Weighing::Bm25 { .. } => 10.0,
            Weighing::Cosine { .. } => 20.0,
        }
    }

    fn share(self, kind: Kind) -> f32 {
        let (Weighing::Bm25 { pair_share } | Weighing::Cosine { pair_share }) = self;
        match kind {
            Kind::Word => 1.0,
            Kind::Pair => pair_share,
        }
    }
}

/// A query's terms, each once; for any number of [`Lists`].
#[derive(Debug, Clone, Default)]
pub struct Query {
    terms: Vec<Asked>,
}

#[derive(Debug, Clone, Copy)]
struct Asked {
    key: u64,
    kind: Kind,
    /// In sixteenths.
    share: i32,
}

impl Query {
    pub fn of(text: &Text) -> Query {
        let mut query = Query::default();
        let (synonyms, typed): (Vec<_>, Vec<_>) = text.terms.iter().partition(|t| t.synonym);
        for term in typed.into_iter().take(QUERY_KIND_MAX) {
            query.add(word_key(&term.text), Kind::Word, WHOLE_SHARE);
        }
        for pair in terms::bigrams(&text.normal).take(QUERY_KIND_MAX) {
            query.add(pair_key(pair), Kind::Pair, WHOLE_SHARE);
        }
        for term in synonyms {
            query.add(word_key(&term.text), Kind::Word, SYNONYM_SHARE);
        }
        query
    }

    fn add(&mut self, key: u64, kind: Kind, share: i32) {
        let new = self.terms.len() < QUERY_TERMS_MAX && self.terms.iter().all(|t| t.key != key);
        if new {
            self.terms.push(Asked { key, kind, share });
        }
    }
}

/// Sums of one block's documents, in steps of additions.
#[derive(Debug, Default)]
pub struct Scores {
    pub words: Vec<i16>,
    pub pairs: Vec<i16>,
}

/// What is known of a query as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Mass {
    /// Weight of its terms that some document holds.
    pub known: f32,
    /// Length of the query as a vector, for cosines.
    pub norm: f32,
}

/// Documents by term, read only.
#[derive(Debug, PartialEq)]
pub struct Lists {
    terms: HashMap<u64, u32, BuildHasherDefault<Keyed>>,
    /// By term: what it weighs in a query; 0 for common ones, whose lists are empty.
    weights: Vec<f32>,
    blocks: Vec<Block>,
    docs: usize,
    steps: f32,
}

/// Lists of up to [`BLOCK_DOCS`] documents.
#[derive(Debug, Default, PartialEq)]
struct Block {
    /// By term: where its list begins; one more at the end.
    starts: Vec<u32>,
    docs: Vec<u16>,
    added: Vec<u8>,
}

impl Lists {
    /// Number of documents.
    pub fn len(&self) -> usize {
        self.docs
    }

    pub fn is_empty(&self) -> bool {
        self.docs == 0
    }

    /// Numbers of documents by block.
    pub fn blocks(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        let docs = self.docs;
        (0..self.blocks.len()).map(move |block| {
            let first = block * BLOCK_DOCS;
            (block, first..docs.min(first + BLOCK_DOCS))
        })
    }

    /// One point of score in steps of the sums.
    pub fn steps(&self) -> f32 {
        self.steps
    }

    pub fn mass(&self, query: &Query) -> Mass {
        let weights = query.terms.iter().filter_map(|asked| {
            let term = *self.terms.get(&asked.key)?;
            Some(self.weights[term as usize] * asked.share as f32 / WHOLE_SHARE as f32)
        });
        let (known, squares) =
            weights.fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
        Mass {
            known,
            norm: f32::sqrt(squares),
        }
    }

    /// How many documents hold a pair; `None` where none does or too many to say.
    pub fn holding_pair(&self, pair: Bigram) -> Option<usize> {
        let term = *self.terms.get(&pair_key(pair))? as usize;
        let holding = |block: &Block| (block.starts[term + 1] - block.starts[term]) as usize;
        let holding = self.blocks.iter().map(holding).sum();
        (holding > 0).then_some(holding)
    }

    /// How many words and pairs all documents hold, each counted once a document.
    pub fn held(&self) -> usize {
        self.blocks.iter().map(|block| block.docs.len()).sum()
    }

    /// Words and pairs together, of all documents.
    pub fn totals(&self, query: &Query, scores: &mut Scores, totals: &mut Vec<i16>) {
        totals.clear();
        for block in 0..self.blocks.len() {
            self.score(query, block, scores);
            let first = totals.len();
            totals.extend_from_slice(&scores.words);
            for (total, pairs) in totals[first..].iter_mut().zip(&scores.pairs) {
                // [`QUERY_TERMS_MAX`] keeps both together below the limit.
                *total += *pairs;
            }
        }
    }

    /// Adds the query's lists up over one block. The sums of the query before are forgotten.
    pub fn score(&self, query: &Query, block: usize, scores: &mut Scores) {
        let docs = (self.docs - block * BLOCK_DOCS).min(BLOCK_DOCS);
        for sums in [&mut scores.words, &mut scores.pairs] {
            sums.clear();
            sums.resize(docs, 0);
        }
        let block = &self.blocks[block];
        for asked in &query.terms {
            let Some(&term) = self.terms.get(&asked.key) else {
                continue;
            };
            let term = term as usize;
            let list = block.starts[term] as usize..block.starts[term + 1] as usize;
            let sums = match asked.kind {
                Kind::Word => &mut scores.words,
                Kind::Pair => &mut scores.pairs,
            };
            let (docs, added) = (&block.docs[list.clone()], &block.added[list]);
            if asked.share == WHOLE_SHARE {
                for (doc, added) in docs.iter().zip(added) {
                    sums[usize::from(*doc)] += i16::from(*added);
                }
            } else {
                for (doc, added) in docs.iter().zip(added) {
                    // A byte times a share of at most a whole is at most a byte.
                    let added = (i32::from(*added) * asked.share / WHOLE_SHARE) as i16;
                    sums[usize::from(*doc)] += added;
                }
            }
        }
    }
}

/// Documents of a group whose best is looked at first when the best of all are chosen.
const GROUP_DOCS: usize = 64;

/// The largest of some totals, 0 when none is above.
pub fn largest_of(totals: &[i16]) -> i16 {
    totals.iter().fold(0, |max, total| max.max(*total))
}

/// The largest totals above 0, at most `limit`, best first, with their documents. Groups whose best is too small are
/// not looked at twice.
pub fn largest(totals: &[i16], limit: usize) -> Vec<(i16, u32)> {
    // A group is every n-th document: so the groups' best are found row by row, many compared at a time.
    let groups = totals.len().div_ceil(GROUP_DOCS).max(1);
    let mut maxima = vec![0i16; groups];
    for row in totals.chunks(groups) {
        for (max, total) in maxima.iter_mut().zip(row) {
            *max = (*max).max(*total);
        }
    }
    // As many documents as there are such groups have at least this total.
    let mut floor = 1;
    if groups > limit {
        let mut maxima = maxima.clone();
        let (_, nth, _) = maxima.select_nth_unstable_by(limit, |a, b| b.cmp(a));
        floor = floor.max(*nth);
    }
    let mut found: Vec<(i16, u32)> = Vec::with_capacity(2 * limit);
    for (group, max) in maxima.iter().enumerate() {
        if *max < floor {
            continue;
        }
        for doc in (group..totals.len()).step_by(groups) {
            if totals[doc] >= floor {
                found.push((totals[doc], doc as u32));
            }
        }
    }
    let better = |a: &(i16, u32), b: &(i16, u32)| b.0.cmp(&a.0).then(a.1.cmp(&b.1));
    if found.len() > limit {
        found.select_nth_unstable_by(limit, better);
        found.truncate(limit);
    }
    found.sort_unstable_by(better);
    found
}

/// Collects documents, in the order of their numbers.
#[derive(Default)]
pub struct Builder {
    terms: HashMap<u64, u32, BuildHasherDefault<Keyed>>,
    kinds: Vec<Kind>,
    /// By term: documents and how often they hold it.
    holders: Vec<Vec<(u32, u8)>>,
    /// By document: number of words and of pairs.
    lengths: Vec<[u32; 2]>,
    /// Terms of the document being added, kept for their room.
    scratch: Vec<u32>,
}

impl Builder {
    /// Adds a document; synonyms are left out, they belong to queries.
    pub fn add(&mut self, texts: &[&Text]) {
        self.scratch.clear();
        let mut lengths = [0, 0];
        for text in texts {
            for term in text.terms.iter().filter(|t| !t.synonym) {
                lengths[0] += 1;
                self.held(word_key(&term.text), Kind::Word);
            }
            for pair in terms::bigrams(&text.normal) {
                lengths[1] += 1;
                self.held(pair_key(pair), Kind::Pair);
            }
        }
        let doc = self.lengths.len() as u32;
        self.lengths.push(lengths);
        self.scratch.sort_unstable();
        for same in self.scratch.chunk_by(|a, b| a == b) {
            let often = u8::try_from(same.len()).unwrap_or(u8::MAX);
            self.holders[same[0] as usize].push((doc, often));
        }
    }

    fn held(&mut self, key: u64, kind: Kind) {
        let next = self.kinds.len() as u32;
        let term = *self.terms.entry(key).or_insert(next);
        if term == next {
            self.kinds.push(kind);
            self.holders.push(Vec::new());
        }
        self.scratch.push(term);
    }

    /// Works the additions out.
    pub fn finish(self, weighing: Weighing) -> Lists {
        let docs = self.lengths.len();
        let weights: Vec<f32> = (self.holders.iter().zip(&self.kinds))
            .map(|(holders, kind)| weighing.share(*kind) * rarity(docs, holders.len()))
            .collect();
        let weigher = Weigher::new(&self, weighing, &weights);
        let mut blocks: Vec<Block> = (0..docs.div_ceil(BLOCK_DOCS))
            .map(|_| Block::default())
            .collect();
        for (term, holders) in self.holders.iter().enumerate() {
            blocks.iter_mut().for_each(Block::begin);
            if weights[term] == 0.0 {
                continue;
            }
            for &(doc, often) in holders {
                let block = &mut blocks[doc as usize / BLOCK_DOCS];
                block.docs.push((doc as usize % BLOCK_DOCS) as u16);
                block.added.push(weigher.added(term, doc, often));
            }
        }
        blocks.iter_mut().for_each(Block::begin);
        Lists {
            terms: self.terms,
            weights,
            blocks,
            docs,
            steps: weighing.steps(),
        }
    }
}

impl Block {
    fn begin(&mut self) {
        self.starts.push(self.docs.len() as u32);
    }
}

/// Works out what a term adds to a document.
struct Weigher<'a> {
    weighing: Weighing,
    weights: &'a [f32],
    kinds: &'a [Kind],
    lengths: &'a [[u32; 2]],
    mean_lengths: [f32; 2],
    /// By document: its length as a vector. Only for cosines.
    norms: Vec<f32>,
}

impl Weigher<'_> {
    fn new<'a>(builder: &'a Builder, weighing: Weighing, weights: &'a [f32]) -> Weigher<'a> {
        let docs = builder.lengths.len().max(1) as f32;
        let mean = |kind: usize| {
            let sum: u64 = builder.lengths.iter().map(|l| u64::from(l[kind])).sum();
            (sum as f32 / docs).max(1.0)
        };
        let mut norms = Vec::new();
        if matches!(weighing, Weighing::Cosine { .. }) {
            norms.resize(builder.lengths.len(), 0.0);
            for (holders, weight) in builder.holders.iter().zip(weights) {
                for (doc, _) in holders {
                    norms[*doc as usize] += weight * weight;
                }
            }
            norms.iter_mut().for_each(|n| *n = n.sqrt());
        }
        Weigher {
            weighing,
            weights,
            kinds: &builder.kinds,
            lengths: &builder.lengths,
            mean_lengths: [mean(0), mean(1)],
            norms,
        }
    }

    fn added(&self, term: usize, doc: u32, often: u8) -> u8 {
        let weight = self.weights[term];
        let added = match self.weighing {
            Weighing::Bm25 { .. } => {
                let kind = self.kinds[term] as usize;
                let length = self.lengths[doc as usize][kind] as f32 / self.mean_lengths[kind];
                let held_back = SATURATION * (1.0 - LENGTH_SHARE + LENGTH_SHARE * length);
                let often = f32::from(often);
                weight * often * (SATURATION + 1.0) / (often + held_back)
            }
            // At least the weight itself, as the term is part of the document.
            Weighing::Cosine { .. } => weight * weight / self.norms[doc as usize],
        };
        // Held to the range of a byte; a float becomes the nearest number of it.
        (added * self.weighing.steps()).round().clamp(1.0, 255.0) as u8
    }
}

/// Inverse document frequency; 0 for common terms.
fn rarity(docs: usize, holding: usize) -> f32 {
    if docs >= COMMON_FROM && holding as f32 > docs as f32 * COMMON_SHARE {
        return 0.0;
    }
    let (docs, holding) = (docs as f32, holding as f32);
    (1.0 + (docs - holding + 0.5) / (holding + 0.5)).ln()
}

/// Marks keys of pairs; words have it unset.
const PAIR_MARK: u64 = 1 << 63;

/// FNV-1a. Among a million terms two share a key once in ten million tries.
fn word_key(word: &str) -> u64 {
    let hash = word.bytes().fold(0xCBF2_9CE4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    spread(hash) & !PAIR_MARK
}

fn pair_key(pair: Bigram) -> u64 {
    spread(pair) | PAIR_MARK
}

/// Makes every bit of the outcome depend on every bit given (the finish of MurmurHash3): keys are their own hash.
fn spread(mut x: u64) -> u64 {
    x = (x ^ (x >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    x = (x ^ (x >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    x ^ (x >> 33)
}

/// A hasher for keys that are hashes already.
#[derive(Debug, Default, Clone, Copy)]
pub struct Keyed(u64);

impl Hasher for Keyed {
    fn finish(&self) -> u64 {
        // The map looks at the highest bits first, and there all words have the same.
        self.0.rotate_left(1)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
