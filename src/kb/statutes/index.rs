//! The index over articles: words and pairs of characters of the text, words of the law's title.
//!
//! Our own lists and not a library's: see [`crate::kb::lists`] and docs/decisions.md.

use crate::kb::lists::{self, Builder, Damaged, Lists, Query, Scores, Weighing};
use crate::law::version::{Article, Laws, Status};
use crate::reading::text::Normaliser;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;

/// What pairs of characters count beside words.
const PAIR_SHARE: f32 = 0.75;
/// What words of the law's title count beside words of the article, in sixteenths.
const TITLE_SHARE: i32 = 4;
/// Documents whose best is looked at first when the best of all are chosen.
const CHUNK_DOCS: usize = 64;
const INDEX_FILE: &str = "articles";
/// First bytes of the file; changes when the same articles would be indexed otherwise.
const MAGIC: &[u8] = b"faxun articles 2\n";

/// Why an index cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error("the index of the statutes: {0}")]
    Io(#[from] std::io::Error),
    #[error(
        "the index was made of other articles or by another version; import the statutes again"
    )]
    Stale,
    #[error("the index of the statutes: {0}; import the statutes again")]
    Damaged(#[from] Damaged),
}

/// An article that matches, by its number among the rows of [`Laws`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    pub row: usize,
    /// BM25 of its words, of its pairs (with their share), of the words of its law's title.
    pub words: f32,
    pub pairs: f32,
    pub title: f32,
    /// The three together by the rank of the law: the order of the first ranking.
    pub score: f32,
}

/// An index whose hits are numbers of rows of the [`Laws`] it was made of.
pub struct ArticleIndex {
    /// Its documents are articles.
    articles: Lists,
    /// Its documents are laws, as numbered in `laws`.
    titles: Lists,
    /// By document: the row.
    rows: Vec<u32>,
    laws: Vec<LawDocs>,
}

/// The documents of one law.
struct LawDocs {
    docs: Range<usize>,
    /// Of 2^16; see [`rank_of`].
    rank: i16,
}

/// Room for one query, kept by a thread.
#[derive(Default)]
struct Room {
    titles: Scores,
    scores: Scores,
    totals: Vec<i16>,
    maxima: Vec<i16>,
    best: Vec<(i16, u32)>,
}

impl ArticleIndex {
    /// Makes an index in an empty directory.
    pub fn create(dir: &Path, laws: &Laws, normaliser: &Normaliser) -> Result<(), IndexError> {
        let index = Self::in_memory(laws, normaliser);
        let mut bytes = MAGIC.to_vec();
        bytes.extend(fingerprint(laws).as_bytes());
        lists::number(&mut bytes, index.rows.len());
        bytes.extend(index.rows.iter().flat_map(|row| row.to_le_bytes()));
        index.articles.write(&mut bytes);
        index.titles.write(&mut bytes);
        let file = dir.join(INDEX_FILE);
        std::fs::write(&file, bytes)?;
        std::fs::File::open(&file)?.sync_all()?;
        Ok(())
    }

    /// Makes an index in memory.
    pub fn in_memory(laws: &Laws, normaliser: &Normaliser) -> ArticleIndex {
        let mut articles = Builder::default();
        let mut titles = Builder::default();
        let mut rows = Vec::with_capacity(laws.len());
        let mut last: Option<&str> = None;
        for (row, article) in laws.iter().enumerate().filter(|(_, a)| is_wanted(a)) {
            if last != Some(&article.law_short) {
                last = Some(&article.law_short);
                let title = normaliser.read(&article.law_short);
                titles.add(&[&title]);
            }
            articles.add(&[&normaliser.read(&article.text)]);
            rows.push(row as u32);
        }
        ArticleIndex {
            articles: articles.finish(Weighing::Bm25 {
                pair_share: PAIR_SHARE,
            }),
            // A title's words say it all.
            titles: titles.finish(Weighing::Bm25 { pair_share: 0.0 }),
            laws: laws_of(laws, &rows),
            rows,
        }
    }

    /// Opens an index made of the same articles.
    pub fn open(dir: &Path, laws: &Laws) -> Result<ArticleIndex, IndexError> {
        let bytes = match std::fs::read(dir.join(INDEX_FILE)) {
            Ok(bytes) => bytes,
            // Left by a version that made another file.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(IndexError::Stale);
            }
            Err(error) => return Err(error.into()),
        };
        let rest = bytes.strip_prefix(MAGIC).ok_or(IndexError::Stale)?;
        let mut rest = rest
            .strip_prefix(fingerprint(laws).as_bytes())
            .ok_or(IndexError::Stale)?;
        let count = lists::take_number(&mut rest)?;
        let rows = lists::array(&mut rest, count, u32::from_le_bytes)?;
        let index = ArticleIndex {
            articles: Lists::read(&mut rest)?,
            titles: Lists::read(&mut rest)?,
            laws: laws_of(laws, &rows),
            rows,
        };
        let fits = index.rows.iter().all(|row| (*row as usize) < laws.len())
            && index.rows.len() == index.articles.len()
            && index.laws.len() == index.titles.len();
        fits.then_some(index).ok_or(IndexError::Damaged(Damaged))
    }

    /// The best articles, best first.
    pub fn search(&self, query: &Query, limit: usize) -> Vec<Candidate> {
        thread_local!(static ROOM: RefCell<Room> = RefCell::default());
        ROOM.with_borrow_mut(|room| {
            let mut found = Vec::with_capacity(limit + 1);
            // There are far fewer laws than documents in a block.
            self.titles.score(query, 0, &mut room.titles);
            for (block, docs) in self.articles.blocks() {
                self.articles.score(query, block, &mut room.scores);
                self.add_up(docs.start, room);
                best(room, limit);
                let candidates = (room.best.iter())
                    .map(|&(total, doc)| self.candidate(room, docs.start, doc as usize, total));
                found.extend(candidates);
            }
            found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row)));
            found.truncate(limit);
            found
        })
    }

    /// Words, pairs and title of each document of a block together, by the rank of its law.
    fn add_up(&self, first: usize, room: &mut Room) {
        let count = room.scores.words.len();
        room.totals.clear();
        room.totals.resize(count, 0);
        for (law, title) in self.laws.iter().zip(&room.titles.words) {
            let from = law.docs.start.clamp(first, first + count) - first;
            let to = law.docs.end.clamp(first, first + count) - first;
            let title = (i32::from(*title) * TITLE_SHARE / 16) as i16;
            let sums = room.scores.words[from..to]
                .iter()
                .zip(&room.scores.pairs[from..to]);
            for (total, (words, pairs)) in room.totals[from..to].iter_mut().zip(sums) {
                let sum = words.saturating_add(*pairs);
                // A title alone makes no hit.
                let sum = if sum > 0 {
                    sum.saturating_add(title)
                } else {
                    0
                };
                *total = ((i32::from(sum) * i32::from(law.rank)) >> 16) as i16;
            }
        }
    }

    fn candidate(&self, room: &Room, first: usize, doc: usize, total: i16) -> Candidate {
        let law = self.laws.partition_point(|l| l.docs.end <= first + doc);
        let points = |sum: i16, lists: &Lists| f32::from(sum) / lists.steps();
        let title = points(room.titles.words[law], &self.titles);
        Candidate {
            row: self.rows[first + doc] as usize,
            words: points(room.scores.words[doc], &self.articles),
            pairs: points(room.scores.pairs[doc], &self.articles),
            title,
            score: points(total, &self.articles),
        }
    }
}

/// The largest totals above 0, about `limit` of them or a few more, in any order. Chunks whose best is too small are
/// not looked at again.
fn best(room: &mut Room, limit: usize) {
    let chunks = room.totals.chunks(CHUNK_DOCS);
    room.maxima.clear();
    room.maxima
        .extend(chunks.map(|c| c.iter().fold(0, |max, total| *total.max(&max))));
    // As many documents as there are such chunks have at least this total.
    let mut floor = 1;
    if room.maxima.len() > limit {
        let mut maxima = room.maxima.clone();
        let (_, nth, _) = maxima.select_nth_unstable_by(limit, |a, b| b.cmp(a));
        floor = floor.max(*nth);
    }
    room.best.clear();
    for (number, (chunk, max)) in (room.totals.chunks(CHUNK_DOCS).zip(&room.maxima)).enumerate() {
        if *max < floor {
            continue;
        }
        for (doc, &total) in (number * CHUNK_DOCS..).zip(chunk) {
            if total >= floor {
                room.best.push((total, doc as u32));
            }
        }
    }
    if room.best.len() > limit {
        let better = |a: &(i16, u32), b: &(i16, u32)| b.0.cmp(&a.0).then(a.1.cmp(&b.1));
        room.best.select_nth_unstable_by(limit, better);
        room.best.truncate(limit);
    }
}

/// The laws of the documents, in their order: rows of a law follow each other.
fn laws_of(laws: &Laws, rows: &[u32]) -> Vec<LawDocs> {
    let all = laws.iter().as_slice();
    let mut found: Vec<LawDocs> = Vec::new();
    let mut last: Option<&Article> = None;
    for (doc, row) in rows.iter().enumerate() {
        let Some(article) = all.get(*row as usize) else {
            continue;
        };
        match found.last_mut() {
            Some(law) if last.is_some_and(|l| l.law_short == article.law_short) => {
                law.docs.end = doc + 1;
            }
            _ => found.push(LawDocs {
                docs: doc..doc + 1,
                rank: (rank_of(article) * 65_536.0) as i16,
            }),
        }
        last = Some(article);
    }
    found
}

/// What the kind of a law counts in the first ranking, below a half: what citizens ask about stands in laws first,
/// then in what explains them. Chosen by hand among a few sets on the development questions.
fn rank_of(article: &Article) -> f32 {
    match &*article.kind {
        "法律" if &*article.law_short == "民法典" => 0.48,
        "法律" => 0.384,
        "司法解释" => 0.32,
        "行政法规" => 0.272,
        _ => 0.224,
    }
}

/// What can never be in force again is left out; the day decides about the rest.
fn is_wanted(article: &Article) -> bool {
    !matches!(
        article.status,
        Status::Historic | Status::Repealed | Status::SupposedlyRepealed
    )
}

/// Names the articles in their order: a hit is a number in that order.
fn fingerprint(laws: &Laws) -> String {
    let mut hash = Sha256::new();
    for article in laws.iter() {
        hash.update(article.law.as_bytes());
        hash.update(article.article.num.to_le_bytes());
        hash.update(article.article.sub.to_le_bytes());
        hash.update(article.text.len().to_le_bytes());
    }
    crate::kb::source::short_hash(hash)
}
