//! `faxun calibrate`.

use super::open::{self, Open};
use anyhow::Context as _;
use faxun::config::Config;
use faxun::eval;
use faxun::knowledge::{self, RANKER_FILE, STATUTES_FILE};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the report goes in a checkout of the project; elsewhere it is printed.
const REPORT_FILE: &str = "docs/calibration.md";

/// Writes the fitted weights and thresholds beside the entries. Deterministic: the same entries give the same file.
pub fn calibrate(open: &Open, laws: Option<&Path>) -> anyhow::Result<()> {
    let config = open.settings()?;
    let laws = open::laws(&config, laws)?;
    let dir = writable(&config)?;
    let sources = open::sources(&config)?;
    let today = faxun::clock::china_date(faxun::clock::now_ms());
    let fitted = knowledge::fit(&sources, laws.map(Arc::new), today)
        .map_err(|problems| anyhow::anyhow!("intents and kb cannot be used:\n{problems}"))?;
    println!("{} written", write(&dir, RANKER_FILE, &fitted.weights)?);
    if dir.join("docs").is_dir() {
        println!("{} written", write(&dir, REPORT_FILE, &fitted.report)?);
    } else {
        print!("{}", fitted.report);
    }
    Ok(())
}

/// Writes the weights of the ranking of articles, and of entries by what the statutes say, beside the entries and prints
/// what they are worth.
pub fn statutes(open: &Open, file: &Path, laws: Option<&Path>) -> anyhow::Result<()> {
    let config = open.settings()?;
    let dir = writable(&config)?;
    let sources = open::sources(&config)?;
    let mut knowledge = open::knowledge(&config, open::laws(&config, laws)?)?;
    let now_ms = faxun::clock::now_ms();
    let fitted = eval::statutes::fit(&mut knowledge, &sources, file, now_ms)?;
    write(&dir, STATUTES_FILE, &fitted.articles)?;
    write(&dir, RANKER_FILE, &fitted.entries)?;
    println!("{}", fitted.report);
    Ok(())
}

/// The directory of intents and kb that is in use.
fn writable(config: &Config) -> anyhow::Result<PathBuf> {
    open::sources_dir(config)
        .context("no directory of intents and kb here: the built-in ones cannot be written")
}

/// Writes a file of that directory; returns its path, to be shown.
fn write(dir: &Path, name: &str, text: &str) -> anyhow::Result<String> {
    let file = dir.join(name);
    std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file.display().to_string())
}
