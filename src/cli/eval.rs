//! `faxun eval`.

use super::open::{self, Open};
use super::{EvalCommand, EvalOut};
use anyhow::Context as _;
use faxun::eval::{self, Report};
use faxun::knowledge::Knowledge;
use std::io::Write as _;

/// Prints one JSON object; with `--out` also the rows.
pub fn eval(open: &Open, command: EvalCommand) -> anyhow::Result<()> {
    let now_ms = faxun::clock::now_ms();
    let common = match &command {
        EvalCommand::Topics { common, .. }
        | EvalCommand::Statutes { common, .. }
        | EvalCommand::Answers { common, .. }
        | EvalCommand::Scope { common, .. }
        | EvalCommand::Probes { common } => common,
    };
    let knowledge = knowledge(open, common)?;
    let report = match &command {
        EvalCommand::Topics { file, .. } => eval::topics::topics(&knowledge, file)?,
        EvalCommand::Statutes { file, .. } => eval::statutes::statutes(&knowledge, file, now_ms)?,
        EvalCommand::Answers { file, .. } => eval::answers::answers(&knowledge, file, now_ms)?,
        EvalCommand::Scope { legal, other, .. } => {
            eval::scope::scope(&knowledge, legal, other, now_ms)?
        }
        EvalCommand::Probes { .. } => eval::probes::probes(&knowledge, now_ms),
    };
    println!("{}", report.summary);
    if let Some(file) = &common.out {
        write_rows(&report, file).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn knowledge(open: &Open, common: &EvalOut) -> anyhow::Result<Knowledge> {
    let config = open.settings()?;
    let laws = open::laws(&config, common.laws.as_deref())?;
    open::knowledge(&config, laws)
}

fn write_rows(report: &Report, file: &std::path::Path) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
    for row in &report.rows {
        writeln!(out, "{row}")?;
    }
    out.flush()
}
