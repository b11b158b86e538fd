//! The tantivy index over articles: words, pairs of characters, words of the law's title.

use crate::kb::terms;
use crate::law::version::{Article, Laws, Status};
use crate::reading::text::{Normaliser, Text};
use sha2::{Digest, Sha256};
use std::path::Path;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, Occur, Query, TermQuery};
use tantivy::schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term};

/// What pairs of characters count beside words.
const PAIR_BOOST: f32 = 0.75;
/// What words of the law's title count beside words of the article.
const TITLE_BOOST: f32 = 0.25;
/// What a legal term added for everyday words counts beside words that were typed.
const SYNONYM_BOOST: f32 = 0.7;
/// Most words, and most pairs, of a query.
const QUERY_TERMS_MAX: usize = 48;
/// Terms held by more than this share of the articles say little and cost most of the time.
const COMMON_SHARE: f32 = 0.1;
/// Below this many articles every term counts.
const COMMON_FROM: u64 = 200;
/// Memory of the writer, in bytes: enough for all articles to become one segment.
const WRITER_BYTES: usize = 400 << 20;
/// File beside the index that names the articles it was made of.
const ROWS_FILE: &str = "rows";
/// Changes when the same articles would be indexed otherwise.
const FORMAT: &str = "1";

/// Why an index cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error("the index of the statutes: {0}")]
    Tantivy(#[from] Box<tantivy::TantivyError>),
    #[error("the index of the statutes: {0}")]
    Io(#[from] std::io::Error),
    #[error(
        "the index was made of other articles or by another version; import the statutes again"
    )]
    Stale,
}

impl From<tantivy::TantivyError> for IndexError {
    fn from(error: tantivy::TantivyError) -> Self {
        IndexError::Tantivy(Box::new(error))
    }
}

#[derive(Clone, Copy)]
struct Fields {
    words: Field,
    pairs: Field,
    title: Field,
    /// Number of the article among the rows of [`Laws`].
    row: Field,
}

/// An index whose hits are numbers of rows of the [`Laws`] it was made of.
pub struct ArticleIndex {
    reader: IndexReader,
    fields: Fields,
}

impl ArticleIndex {
    /// Makes an index in an empty directory.
    pub fn create(dir: &Path, laws: &Laws, normaliser: &Normaliser) -> Result<(), IndexError> {
        let (schema, fields) = schema();
        fill(
            &Index::create_in_dir(dir, schema)?,
            fields,
            laws,
            normaliser,
        )?;
        std::fs::write(dir.join(ROWS_FILE), fingerprint(laws))?;
        Ok(())
    }

    /// Makes an index in memory.
    pub fn in_memory(laws: &Laws, normaliser: &Normaliser) -> Result<ArticleIndex, IndexError> {
        let (schema, fields) = schema();
        let index = Index::create_in_ram(schema);
        fill(&index, fields, laws, normaliser)?;
        Self::reading(&index, fields)
    }

    /// Opens an index made of the same articles.
    pub fn open(dir: &Path, laws: &Laws) -> Result<ArticleIndex, IndexError> {
        if std::fs::read_to_string(dir.join(ROWS_FILE))? != fingerprint(laws) {
            return Err(IndexError::Stale);
        }
        let (_, fields) = schema();
        Self::reading(&Index::open_in_dir(dir)?, fields)
    }

    fn reading(index: &Index, fields: Fields) -> Result<ArticleIndex, IndexError> {
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        Ok(ArticleIndex { reader, fields })
    }

    /// Rows and scores of the best articles, best first. An unreadable index finds nothing and is logged.
    pub fn search(&self, text: &Text, limit: usize) -> Vec<(usize, f32)> {
        self.try_search(text, limit).unwrap_or_else(|error| {
            tracing::error!(%error, "the statutes cannot be searched");
            Vec::new()
        })
    }

    fn try_search(&self, text: &Text, limit: usize) -> Result<Vec<(usize, f32)>, IndexError> {
        let searcher = self.reader.searcher();
        let query = self.query(text, &searcher)?;
        let found = searcher.search(&query, &TopDocs::with_limit(limit.max(1)).order_by_score())?;
        let mut rows = Vec::with_capacity(found.len());
        let columns: Result<Vec<_>, _> = searcher
            .segment_readers()
            .iter()
            .map(|segment| segment.fast_fields().u64("row"))
            .collect();
        let columns = columns?;
        for (score, at) in found {
            let row = columns[at.segment_ord as usize].first(at.doc_id);
            rows.extend(
                row.and_then(|r| usize::try_from(r).ok())
                    .map(|r| (r, score)),
            );
        }
        Ok(rows)
    }

    fn query(&self, text: &Text, searcher: &Searcher) -> Result<BooleanQuery, IndexError> {
        let common = (searcher.num_docs() as f32 * COMMON_SHARE) as u64;
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::with_capacity(64);
        let mut clause = |field: Field, term: &str, boost: f32| -> Result<(), IndexError> {
            let term = Term::from_field_text(field, term);
            let holding = searcher.doc_freq(&term)?;
            if holding > 0 && (holding <= common || searcher.num_docs() < COMMON_FROM) {
                let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
                let query = BoostQuery::new(Box::new(query), boost);
                clauses.push((Occur::Should, Box::new(query)));
            }
            Ok(())
        };
        let mut seen: Vec<&str> = Vec::new();
        for term in text.terms.iter().take(QUERY_TERMS_MAX) {
            if seen.contains(&term.text.as_str()) {
                continue;
            }
            seen.push(&term.text);
            let boost = if term.synonym { SYNONYM_BOOST } else { 1.0 };
            clause(self.fields.words, &term.text, boost)?;
            clause(self.fields.title, &term.text, boost * TITLE_BOOST)?;
        }
        let pairs = terms::bigrams(&text.normal).take(QUERY_TERMS_MAX);
        let mut pairs: Vec<terms::Bigram> = pairs.collect();
        pairs.sort_unstable();
        pairs.dedup();
        for pair in pairs {
            clause(self.fields.pairs, &terms::unpack(pair), PAIR_BOOST)?;
        }
        Ok(BooleanQuery::new(clauses))
    }
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let text = || {
        let indexing = TextFieldIndexing::default()
            .set_index_option(IndexRecordOption::WithFreqs)
            .set_fieldnorms(true);
        TextOptions::default().set_indexing_options(indexing)
    };
    let fields = Fields {
        words: schema.add_text_field("words", text()),
        pairs: schema.add_text_field("pairs", text()),
        title: schema.add_text_field("title", text()),
        row: schema.add_u64_field("row", FAST),
    };
    (schema.build(), fields)
}

/// Adds every article that is in force or may come into force.
fn fill(
    index: &Index,
    fields: Fields,
    laws: &Laws,
    normaliser: &Normaliser,
) -> Result<(), IndexError> {
    let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_BYTES)?;
    let mut title: (Option<&str>, Text) = (None, Text::default());
    for (row, article) in laws.iter().enumerate().filter(|(_, a)| is_wanted(a)) {
        if title.0 != Some(&article.law_short) {
            title = (
                Some(&article.law_short),
                normaliser.read(&article.law_short),
            );
        }
        let text = normaliser.read(&article.text);
        let mut document = TantivyDocument::default();
        document.add_pre_tokenized_text(fields.words, tokens(plain_words(&text)));
        document.add_pre_tokenized_text(fields.title, tokens(plain_words(&title.1)));
        let pairs = terms::bigrams(&text.normal).map(terms::unpack);
        document.add_pre_tokenized_text(fields.pairs, tokens(pairs));
        document.add_u64(fields.row, row as u64);
        writer.add_document(document)?;
    }
    writer.commit()?;
    writer.wait_merging_threads()?;
    Ok(())
}

/// What can never be in force again is left out; the day decides about the rest.
fn is_wanted(article: &Article) -> bool {
    !matches!(
        article.status,
        Status::Historic | Status::Repealed | Status::SupposedlyRepealed
    )
}

/// Synonyms translate what citizens say into what the law says; the law itself needs none.
fn plain_words(text: &Text) -> impl Iterator<Item = String> {
    text.terms
        .iter()
        .filter(|t| !t.synonym)
        .map(|t| t.text.clone())
}

fn tokens(words: impl Iterator<Item = String>) -> PreTokenizedString {
    let token = |(position, text)| Token {
        position,
        text,
        ..Token::default()
    };
    PreTokenizedString {
        text: String::new(),
        tokens: words.enumerate().map(token).collect(),
    }
}

/// Names the articles in their order: a hit is a number in that order.
fn fingerprint(laws: &Laws) -> String {
    let mut hash = Sha256::new_with_prefix(FORMAT);
    for article in laws.iter() {
        hash.update(article.law.as_bytes());
        hash.update(article.article.num.to_le_bytes());
        hash.update(article.article.sub.to_le_bytes());
        hash.update(article.text.len().to_le_bytes());
    }
    crate::kb::source::short_hash(hash)
}
