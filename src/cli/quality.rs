//! `faxun eval all`.

use super::open::{self, Open};
use anyhow::Context as _;
use faxun::eval::quality::{self, Card, Inputs, Quality, Run};
use faxun::eval::{cases, golden};
use faxun::kb::golden as golden_file;
use faxun::knowledge::{Knowledge, Sources};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Ending of the history beside a page.
const HISTORY_ENDING: &str = "history.jsonl";

/// What `eval all` is to measure and where it writes.
#[derive(Debug, clap::Args)]
pub struct All {
    /// Write a page for editors (one file, no network needed).
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write everything the page says as one JSON object.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also measure on the question files here: statutes*.jsonl, topics*.jsonl, questions*.jsonl, oos*.jsonl.
    #[arg(long, value_name = "DIR")]
    eval_dir: Option<PathBuf>,
    /// Earlier runs to compare with; this one is added [default: beside the page, with --html].
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// Statutes (JSON Lines, may be gzipped) instead of the imported ones.
    #[arg(long, value_name = "FILE")]
    laws: Option<PathBuf>,
}

/// Prints the figures as one JSON object and writes what was asked for.
pub fn all(open: &Open, all: &All) -> anyhow::Result<()> {
    let config = open.settings()?;
    let beside = all
        .html
        .as_deref()
        .map(|html| html.with_extension(HISTORY_ENDING));
    let history = all.history.clone().or(beside);
    // Before minutes of measuring: a history that cannot be read is said at once.
    let earlier = match &history {
        Some(file) => quality::read(file)?,
        None => Vec::new(),
    };
    let sources = open::sources(&config)?;
    let knowledge = open::knowledge(&config, open::laws(&config, all.laws.as_deref())?)?;
    let quality = measure(&knowledge, &sources, all.eval_dir.as_deref())?;
    if let Some(file) = &all.html {
        write(file, &quality::page(&quality, &earlier))?;
    }
    if let Some(file) = &all.json {
        write(file, &serde_json::to_string_pretty(&quality)?)?;
    }
    if let Some(file) = &history {
        quality::append(file, &Run::of(&quality))?;
    }
    println!("{}", summary(&quality));
    Ok(())
}

fn measure(
    knowledge: &Knowledge,
    sources: &Sources,
    eval_dir: Option<&Path>,
) -> anyhow::Result<Quality> {
    let now_ms = faxun::clock::now_ms();
    let areas = knowledge.areas();
    let entries = knowledge.script().entries.values().map(|card| Card {
        id: card.id.clone(),
        title: card.title.clone(),
        area: areas
            .get(card.id.as_str())
            .copied()
            .unwrap_or_default()
            .to_owned(),
    });
    let mut entries: Vec<Card> = entries.collect();
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    let golden = golden_file::golden(sources)
        .map_err(|problems| anyhow::anyhow!("{}", faxun::knowledge::Problems(problems)))?;
    Ok(Quality::of(Inputs {
        day: faxun::clock::china_date(now_ms).to_string(),
        knowledge: knowledge.version().to_owned(),
        cases: cases::all(knowledge, sources, now_ms),
        golden: golden::judge(knowledge, &golden, now_ms),
        measured: quality::measure_dir(knowledge, eval_dir, now_ms)?,
        entries,
    }))
}

fn summary(quality: &Quality) -> Value {
    let figures: Map<String, Value> = (quality.figures.iter())
        .map(|f| (f.key.clone(), json!({ "value": f.value, "n": f.n })))
        .collect();
    json!({ "knowledge": quality.knowledge, "figures": figures, "skipped": quality.skipped })
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
