//! `faxun calibrate`.

use super::open::{self, Open};
use anyhow::Context as _;
use faxun::knowledge::{self, RANKER_FILE};

/// Writes the fitted weights beside the entries. Deterministic: the same entries give the same file.
pub fn calibrate(open: &Open) -> anyhow::Result<()> {
    let config = open.settings()?;
    let dir = open::sources_dir(&config)
        .context("no directory of intents and kb here: the built-in ones cannot be written")?;
    let sources = open::sources(&config)?;
    let weights = knowledge::fit(&sources)
        .map_err(|problems| anyhow::anyhow!("intents and kb cannot be used:\n{problems}"))?;
    let file = dir.join(RANKER_FILE);
    std::fs::write(&file, weights).with_context(|| format!("cannot write {}", file.display()))?;
    println!("{} written", file.display());
    Ok(())
}
