//! `faxun calibrate`.

use super::open::{self, Open};
use anyhow::Context as _;
use faxun::eval;
use faxun::knowledge::{self, RANKER_FILE, STATUTES_FILE};
use std::path::Path;

/// Where the report goes in a checkout of the project; elsewhere it is printed.
const REPORT_FILE: &str = "docs/calibration.md";

/// Writes the fitted weights and thresholds beside the entries. Deterministic: the same entries give the same file.
pub fn calibrate(open: &Open) -> anyhow::Result<()> {
    let config = open.settings()?;
    let dir = open::sources_dir(&config)
        .context("no directory of intents and kb here: the built-in ones cannot be written")?;
    let sources = open::sources(&config)?;
    let today = faxun::clock::china_date(faxun::clock::now_ms());
    let fitted = knowledge::fit(&sources, today)
        .map_err(|problems| anyhow::anyhow!("intents and kb cannot be used:\n{problems}"))?;
    let write = |name: &str, text: &str| {
        let file = dir.join(name);
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        println!("{} written", file.display());
        anyhow::Ok(())
    };
    write(RANKER_FILE, &fitted.weights)?;
    if dir.join("docs").is_dir() {
        write(REPORT_FILE, &fitted.report)?;
    } else {
        print!("{}", fitted.report);
    }
    Ok(())
}

/// Writes the weights of the ranking of articles beside the entries and prints what they are worth.
pub fn statutes(open: &Open, file: &Path, laws: Option<&Path>) -> anyhow::Result<()> {
    let config = open.settings()?;
    let dir = open::sources_dir(&config)
        .context("no directory of intents and kb here: the built-in ones cannot be written")?;
    let knowledge = open::knowledge(&config, open::laws(&config, laws)?)?;
    let (weights, report) = eval::statutes::fit(&knowledge, file, faxun::clock::now_ms())?;
    let written = dir.join(STATUTES_FILE);
    std::fs::write(&written, weights)
        .with_context(|| format!("cannot write {}", written.display()))?;
    println!("{report}");
    Ok(())
}
