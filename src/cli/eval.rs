//! `faxun eval`.

use super::open::{self, Open};
use super::{EvalCommand, EvalOut};
use anyhow::Context as _;
use faxun::eval::{self, EvalError, Report};
use faxun::knowledge::Knowledge;
use std::io::Write as _;

/// Prints one JSON object; with `--out` also the rows.
pub fn eval(open: &Open, command: EvalCommand) -> anyhow::Result<()> {
    let now_ms = faxun::clock::now_ms();
    type Measure<'a> = Box<dyn Fn(&Knowledge) -> Result<Report, EvalError> + 'a>;
    let (common, measure): (&EvalOut, Measure) = match &command {
        EvalCommand::All(all) => return super::quality::all(open, all),
        EvalCommand::Topics { file, common } => {
            (common, Box::new(|k| eval::topics::topics(k, file)))
        }
        EvalCommand::Statutes { file, common } => (
            common,
            Box::new(move |k| eval::statutes::statutes(k, file, now_ms)),
        ),
        EvalCommand::Answers { file, common } => (
            common,
            Box::new(move |k| eval::answers::answers(k, file, now_ms)),
        ),
        EvalCommand::Scope {
            legal,
            other,
            common,
        } => (
            common,
            Box::new(move |k| eval::scope::scope(k, legal, other, now_ms)),
        ),
        EvalCommand::Probes { common } => (
            common,
            Box::new(move |k| Ok(eval::probes::probes(k, now_ms))),
        ),
    };
    let report = measure(&knowledge(open, common)?)?;
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
