//! `eval statutes FILE`: whether the search finds the articles that lawyers chose; and fitting its second ranking.

use super::{EvalError, Report, StatuteRow, answers, round, share, statute_rows};
use crate::kb::statutes::{ArticleRanker, ArticleSample};
use crate::knowledge::{self, Knowledge, Sources};
use jiff::civil::Date;
use serde_json::json;
use std::path::Path;
use std::time::Instant;

/// Depth of the ranking that is looked at.
const DEPTH: usize = 100;
/// Depth of the mean reciprocal rank.
const MRR_DEPTH: usize = 10;

/// n, hit@1, hit@3, recall@5, @10, @100, mrr@10, and the time of one search in µs (one thread).
pub fn statutes(knowledge: &Knowledge, file: &Path, now_ms: i64) -> Result<Report, EvalError> {
    if !knowledge.has_statutes() {
        return Err(EvalError::NoStatutes);
    }
    let today = crate::clock::china_date(now_ms);
    let rows = statute_rows(file)?;
    let mut out = Vec::with_capacity(rows.len());
    let mut times_us: Vec<u128> = Vec::with_capacity(rows.len());
    let (mut hit_1, mut hit_3, mut reciprocal) = (0usize, 0usize, 0.0);
    let mut recall = [0.0; 3];
    for row in &rows {
        let text = knowledge.reader().text(&row.question);
        let started = Instant::now();
        let found = knowledge.statute_search(&text, today, DEPTH);
        times_us.push(started.elapsed().as_micros());
        let gold = |hit: &crate::kb::statutes::StatuteHit| {
            row.gold.iter().any(|g| g.is(&hit.law, &hit.article_no))
        };
        let ranks: Vec<usize> = (1..)
            .zip(&found)
            .filter(|(_, h)| gold(h))
            .map(|(r, _)| r)
            .collect();
        let first = ranks.first().copied();
        hit_1 += usize::from(first == Some(1));
        hit_3 += usize::from(first.is_some_and(|r| r <= 3));
        reciprocal += first
            .filter(|r| *r <= MRR_DEPTH)
            .map_or(0.0, |r| 1.0 / r as f64);
        for (sum, depth) in recall.iter_mut().zip([5, 10, 100]) {
            let within = ranks.iter().filter(|r| **r <= depth).count();
            *sum += within.min(row.gold.len()) as f64 / row.gold.len() as f64;
        }
        let top: Vec<_> = found
            .iter()
            .take(MRR_DEPTH)
            .map(|h| json!({ "law": h.law, "article_no": h.article_no, "score": round(h.score.into()) }))
            .collect();
        out.push(json!({ "id": row.id, "rank": first, "ranks": ranks, "top": top }));
    }
    times_us.sort_unstable();
    let percentile = |p: usize| times_us[(times_us.len() - 1) * p / 100];
    let n = rows.len();
    let summary = json!({
        "n": n,
        "hit@1": share(hit_1, n),
        "hit@3": share(hit_3, n),
        "recall@5": round(recall[0] / n as f64),
        "recall@10": round(recall[1] / n as f64),
        "recall@100": round(recall[2] / n as f64),
        "mrr@10": round(reciprocal / n as f64),
        "p50_us": u64::try_from(percentile(50)).unwrap_or(u64::MAX),
        "p99_us": u64::try_from(percentile(99)).unwrap_or(u64::MAX),
    });
    Ok(Report { summary, rows: out })
}

/// Parts of the questions for cross-validation.
const FOLDS: usize = 5;

/// What fitting made.
pub struct Fitted {
    /// The text of `kb/statutes.toml`.
    pub articles: String,
    /// The text of `kb/ranker.toml`.
    pub entries: String,
    pub report: serde_json::Value,
}

/// Weights fitted on the questions of a file, and what they are worth: set by hand, cross-validated, and on the very
/// questions they are fitted on. Fitted are the ranking of articles and, together with the sources' own measuring questions, that of
/// entries by what the statutes say. Only features of candidates and which of them are right enter. Deterministic.
pub fn fit(
    knowledge: &mut Knowledge,
    sources: &Sources,
    file: &Path,
    now_ms: i64,
) -> Result<Fitted, EvalError> {
    if !knowledge.has_statutes() {
        return Err(EvalError::NoStatutes);
    }
    let today = crate::clock::china_date(now_ms);
    let rows = statute_rows(file)?;
    let samples: Vec<(ArticleSample, usize)> = (rows.iter())
        .map(|row| {
            let text = knowledge.reader().text(&row.question);
            let right = |law: &str, article: &str| row.gold.iter().any(|g| g.is(law, article));
            (
                knowledge.statute_sample(&text, today, right),
                row.gold.len(),
            )
        })
        .collect();
    let without = |fold: usize| {
        let others = samples.iter().enumerate();
        ArticleRanker::fit(others.filter_map(move |(at, s)| (at % FOLDS != fold).then_some(&s.0)))
    };
    let folds: Vec<ArticleRanker> = (0..FOLDS).map(without).collect();
    let fitted = ArticleRanker::fit(samples.iter().map(|(sample, _)| sample));
    let by_hand = ArticleRanker::default();
    let mut answers = Vec::new();
    for (fold, articles) in folds.iter().enumerate() {
        let others: Vec<&StatuteRow> = part(&rows, |at| at % FOLDS != fold);
        weigh(knowledge, sources, articles, &others, today);
        let held_out: Vec<&StatuteRow> = part(&rows, |at| at % FOLDS == fold);
        answers.push(answers::measured(knowledge, &held_out, now_ms));
    }
    let all: Vec<&StatuteRow> = rows.iter().collect();
    weigh(knowledge, sources, &fitted, &all, today);
    let report = json!({
        "n": samples.len(),
        "by_hand": measured(&samples, |_| &by_hand),
        "cross_validated": measured(&samples, |at| &folds[at % FOLDS]),
        "fitted": measured(&samples, |_| &fitted),
        "answers_cross_validated": answers::summary(answers.into_iter().flatten()),
    });
    Ok(Fitted {
        articles: fitted.to_toml(),
        entries: knowledge.ranker().to_toml(),
        report,
    })
}

fn part(rows: &[StatuteRow], wanted: impl Fn(usize) -> bool) -> Vec<&StatuteRow> {
    let rows = rows.iter().enumerate();
    rows.filter_map(|(at, row)| wanted(at).then_some(row))
        .collect()
}

/// Puts the ranking of articles to use and fits that of entries to it.
fn weigh(
    knowledge: &mut Knowledge,
    sources: &Sources,
    articles: &ArticleRanker,
    rows: &[&StatuteRow],
    today: Date,
) {
    let mut entries = knowledge.ranker().clone();
    knowledge.weigh(entries.clone(), articles.clone());
    let mut samples = knowledge::samples_with_statutes(knowledge, sources, today);
    samples.extend(rows.iter().filter_map(|row| {
        let right = |law: &str, article: &str| row.gold.iter().any(|g| g.is(law, article));
        knowledge.sample_by_articles(&row.question, right, today)
    }));
    entries.fit_with_statutes(&samples);
    knowledge.weigh(entries, articles.clone());
}

/// hit@1, recall@10, mrr@10 under the weights chosen for each question.
fn measured<'a>(
    samples: &[(ArticleSample, usize)],
    ranker: impl Fn(usize) -> &'a ArticleRanker,
) -> serde_json::Value {
    let (mut hit_1, mut recall_10, mut reciprocal) = (0usize, 0.0, 0.0);
    for (at, (sample, gold)) in samples.iter().enumerate() {
        let scores = sample.candidates.iter().map(|x| ranker(at).score(x));
        let mut order: Vec<(f32, bool)> = scores.zip(sample.right.iter().copied()).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        order.truncate(MRR_DEPTH);
        let right = order.iter().filter(|(_, right)| *right).count();
        recall_10 += right.min(*gold) as f64 / *gold as f64;
        let first = order.iter().position(|(_, right)| *right);
        hit_1 += usize::from(first == Some(0));
        reciprocal += first.map_or(0.0, |place| 1.0 / (1.0 + place as f64));
    }
    let n = samples.len();
    json!({
        "hit@1": share(hit_1, n),
        "recall@10": round(recall_10 / n as f64),
        "mrr@10": round(reciprocal / n as f64),
    })
}
