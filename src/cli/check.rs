//! `faxun check`.

use super::open::{self, Open};
use anyhow::Context as _;
use faxun::config::Config;
use faxun::eval;
use faxun::kb::golden::{self, GOLDEN_FILE};
use faxun::kb::statutes::LawIndex;
use faxun::knowledge::check::{self, Finding, Severity};
use faxun::knowledge::{Knowledge, Sources};
use faxun::law::version::Laws;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is to be checked, and how.
pub struct Wanted {
    pub laws: Option<PathBuf>,
    pub on: Option<jiff::civil::Date>,
    pub strict: bool,
    pub golden: bool,
}

/// Prints every finding with file and line; false when there are errors (or warnings, when strict).
pub fn check(open: &Open, wanted: &Wanted) -> anyhow::Result<bool> {
    let config = open.settings()?;
    let sources = open::sources(&config)?;
    let laws = laws_of(&config, wanted.laws.as_deref())?;
    let today = faxun::clock::china_date(faxun::clock::now_ms());
    let mut findings = check::check(&sources, laws.as_deref(), today, wanted.on);
    if wanted.golden {
        findings.append(&mut golden(&config, &sources, today)?);
        findings.sort();
    }
    let count = |severity| findings.iter().filter(|f| f.severity == severity).count();
    for finding in &findings {
        println!("{finding}");
    }
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    println!("{errors} errors, {warnings} warnings");
    Ok(errors == 0 && !(wanted.strict && warnings > 0))
}

/// The statutes of a file, else the imported ones, else none.
fn laws_of(config: &Config, file: Option<&Path>) -> anyhow::Result<Option<Arc<Laws>>> {
    match file {
        Some(file) => {
            let laws = faxun::kb::statutes::read_laws(file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            Ok(Some(Arc::new(laws)))
        }
        None => Ok(open::imported_laws(config)?.map(|index: LawIndex| Arc::clone(index.laws()))),
    }
}

/// What golden questions come to anything else than they should. Lines that cannot be read are among the other findings.
fn golden(
    config: &Config,
    sources: &Sources,
    today: jiff::civil::Date,
) -> anyhow::Result<Vec<Finding>> {
    let Ok(golden) = golden::golden(sources) else {
        return Ok(Vec::new());
    };
    let knowledge = Knowledge::build(sources, None, &open::settings(config), today)
        .map_err(|problems| anyhow::anyhow!("intents and kb cannot be used:\n{problems}"))?;
    let judged = eval::golden::judge(&knowledge, &golden, faxun::clock::now_ms());
    let passed = judged.iter().filter(|j| j.passed).count();
    println!(
        "golden questions: {passed} of {} as they should be",
        judged.len()
    );
    let failed = judged.into_iter().filter(|j| !j.passed).map(|j| Finding {
        file: GOLDEN_FILE.to_owned(),
        line: j.line,
        severity: Severity::Error,
        message: format!("{}: came to {}", j.question, j.got),
    });
    Ok(failed.collect())
}
