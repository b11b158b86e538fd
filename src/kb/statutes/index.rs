//! The index over articles: words and pairs of characters of the text, words of the law's title.
//!
//! Our own lists and not a library's: see [`crate::kb::lists`] and docs/decisions.md.

use crate::kb::lists::{self, Builder, Damaged, Lists, Query, Scores, Weighing};
use crate::kb::terms::Bigram;
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
/// No law: see [`ArticleIndex::law_by_row`].
pub const NO_LAW: u32 = u32::MAX;
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
    /// Number of its law among those indexed.
    pub law: usize,
    /// Where it stands in its law, from 0 to below 1.
    pub position: f32,
    /// BM25 of its words, of its pairs (with their share), of the words of its law's title.
    pub words: f32,
    pub pairs: f32,
    pub title: f32,
    /// The three together by the rank of the law: the order of the first ranking.
    pub score: f32,
    /// The same of the better of the two articles beside it.
    pub beside: f32,
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

    /// The best articles, best first, at most `limit`, then the rows of `also` that are not among them.
    pub fn search(&self, query: &Query, limit: usize, also: &[u32]) -> Vec<Candidate> {
        thread_local!(static ROOM: RefCell<Room> = RefCell::default());
        ROOM.with_borrow_mut(|room| self.search_in(query, limit, also, room))
    }

    fn search_in(
        &self,
        query: &Query,
        limit: usize,
        also: &[u32],
        room: &mut Room,
    ) -> Vec<Candidate> {
        let mut found = Vec::with_capacity(limit + also.len());
        let mut besides = Vec::with_capacity(also.len());
        // There are far fewer laws than documents in a block.
        self.titles.score(query, 0, &mut room.titles);
        for (block, docs) in self.articles.blocks() {
            self.articles.score(query, block, &mut room.scores);
            self.add_up(docs.start, room);
            for (_, doc) in lists::largest(&room.totals, limit) {
                found.push(self.candidate(room, docs.start, doc as usize));
            }
            for row in also {
                match self.rows.binary_search(row) {
                    Ok(doc) if docs.contains(&doc) => {
                        besides.push(self.candidate(room, docs.start, doc - docs.start));
                    }
                    _ => {}
                }
            }
        }
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row)));
        found.truncate(limit);
        besides.retain(|b| found.iter().all(|f| f.row != b.row));
        besides.sort_by_key(|b| b.row);
        besides.dedup_by_key(|b| b.row);
        found.append(&mut besides);
        found
    }

    /// By row of the statutes: the number of its law among those indexed, [`NO_LAW`] where it is not indexed.
    pub fn law_by_row(&self, rows: usize) -> Vec<u32> {
        let mut laws = vec![NO_LAW; rows];
        for (number, law) in self.laws.iter().enumerate() {
            for row in &self.rows[law.docs.clone()] {
                laws[*row as usize] = number as u32;
            }
        }
        laws
    }

    /// Share of a pair of characters among all; `None` for unknown and for very common ones.
    pub fn pair_share(&self, pair: Bigram) -> Option<f32> {
        let holding = self.articles.holding_pair(pair)?;
        Some(holding as f32 / self.articles.held() as f32)
    }

    fn law_of_doc(&self, doc: usize) -> usize {
        self.laws.partition_point(|law| law.docs.end <= doc)
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

    fn candidate(&self, room: &Room, first: usize, doc: usize) -> Candidate {
        let law = self.law_of_doc(first + doc);
        let points = |sum: i16, lists: &Lists| f32::from(sum) / lists.steps();
        let total = |doc: usize| room.totals.get(doc).copied().unwrap_or(0);
        let beside = total(doc.wrapping_sub(1)).max(total(doc + 1));
        Candidate {
            row: self.rows[first + doc] as usize,
            law,
            position: (first + doc - self.laws[law].docs.start) as f32
                / self.laws[law].docs.len() as f32,
            words: points(room.scores.words[doc], &self.articles),
            pairs: points(room.scores.pairs[doc], &self.articles),
            title: points(room.titles.words[law], &self.titles),
            score: points(room.totals[doc], &self.articles),
            beside: points(beside, &self.articles),
        }
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
