//! `faxun check`.

use super::open::{self, Open};
use anyhow::Context as _;
use faxun::kb::statutes::LawIndex;
use faxun::knowledge::check::{self, Severity};
use faxun::law::version::Laws;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Prints every finding with file and line; false when there are errors (or warnings, when strict).
pub fn check(
    open: &Open,
    laws: Option<PathBuf>,
    on: Option<jiff::civil::Date>,
    strict: bool,
) -> anyhow::Result<bool> {
    let config = open.settings()?;
    let sources = open::sources(&config)?;
    let laws = laws_of(&config, laws.as_deref())?;
    let today = faxun::clock::china_date(faxun::clock::now_ms());
    let findings = check::check(&sources, laws.as_deref(), today, on);
    let count = |severity| findings.iter().filter(|f| f.severity == severity).count();
    for finding in &findings {
        println!("{finding}");
    }
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    println!("{errors} errors, {warnings} warnings");
    Ok(errors == 0 && !(strict && warnings > 0))
}

/// The statutes of a file, else the imported ones, else none.
fn laws_of(
    config: &faxun::config::Config,
    file: Option<&Path>,
) -> anyhow::Result<Option<Arc<Laws>>> {
    match file {
        Some(file) => {
            let laws = faxun::kb::statutes::read_laws(file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            Ok(Some(Arc::new(laws)))
        }
        None => Ok(open::imported_laws(config)?.map(|index: LawIndex| Arc::clone(index.laws()))),
    }
}
