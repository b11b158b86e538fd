//! `faxun check`: everything that may be wrong with intents and entries, with file and line.

mod articles;
mod entries;
mod golden;
mod texts;
mod wordings;

use super::{
    FORMS_FILE, HOLIDAYS_FILE, Knowledge, Parsed, Problem, RANKER_FILE, STATUTES_FILE, Settings,
    Sources, TEXTS_FILE, holidays, script,
};
use crate::kb::rank::Ranker;
use crate::kb::statutes::ArticleRanker;
use crate::law::version::Laws;
use jiff::civil::Date;
use std::fmt;

/// So far ahead the holidays must be known: the longest promise, 15 working days, with a long holiday on its way.
const HOLIDAYS_AHEAD_DAYS: i64 = 35;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Must not go into service.
    Error,
    /// To be looked at by an editor.
    Warning,
}

/// Something to correct. `line` counts from 1; 0 means the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub file: String,
    pub line: usize,
    pub severity: Severity,
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(
            f,
            "{}:{}: {severity}: {}",
            self.file, self.line, self.message
        )
    }
}

/// Findings in the making.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, severity: Severity, file: &str, line: usize, message: impl Into<String>) {
        self.0.push(Finding {
            file: file.to_owned(),
            line,
            severity,
            message: message.into(),
        });
    }

    fn error(&mut self, file: &str, line: usize, message: impl Into<String>) {
        self.add(Severity::Error, file, line, message);
    }

    fn warning(&mut self, file: &str, line: usize, message: impl Into<String>) {
        self.add(Severity::Warning, file, line, message);
    }

    fn problems(&mut self, problems: Vec<Problem>) {
        for problem in problems {
            self.error(&problem.file, problem.line, problem.message);
        }
    }
}

/// Checks intents, fixed texts, forms and entries; citations are judged on the day `on`, by default `today`, and entries
/// whose law changed between their review and that day are named.
/// Sorted by file and line. Takes some seconds: it trains the classifier to see whether entries are found.
pub fn check(
    sources: &Sources,
    laws: Option<&Laws>,
    today: Date,
    on: Option<Date>,
) -> Vec<Finding> {
    let day = on.unwrap_or(today);
    let mut findings = Findings::default();
    let laws = laws.and_then(|laws| corrected(laws, sources, &mut findings));
    let mut parsed = Parsed::of(sources);
    findings.problems(std::mem::take(&mut parsed.problems));
    if let Err(problem) = super::normaliser(sources) {
        findings.problems(vec![problem]);
    }
    if let Err(error) = Ranker::from_toml(sources.text(RANKER_FILE)) {
        findings.error(RANKER_FILE, 0, error.to_string());
    }
    if let Err(error) = ArticleRanker::from_toml(sources.text(STATUTES_FILE)) {
        findings.error(STATUTES_FILE, 0, error.to_string());
    }
    match script::build(sources, &parsed, laws.as_ref(), &Settings::default(), day) {
        Ok(script) => texts::check(sources, &parsed, &script, &mut findings),
        Err(problems) => findings.problems(problems),
    }
    entries::check(&parsed, laws.as_ref(), day, &mut findings);
    wordings::check(sources, &mut findings);
    articles::check(&parsed, laws.as_ref(), day, &mut findings);
    golden::check(sources, &parsed, &mut findings);
    years(sources, today, &mut findings);
    let broken = findings.0.iter().any(|f| f.severity == Severity::Error);
    match Knowledge::build(sources, None, &Settings::default(), day) {
        Ok(knowledge) => entries::check_reading(&knowledge, day, &mut findings),
        // What keeps it from being built is among the findings already.
        Err(problems) if !broken => findings.problems(problems.0),
        Err(_) => {}
    }
    findings.0.sort();
    findings.0.dedup();
    findings.0
}

/// Promises run into the next months: a year whose holidays are not known is said in time.
fn years(sources: &Sources, today: Date, findings: &mut Findings) {
    // What cannot be read is among the findings of the script.
    let Ok(holidays) = holidays::read(sources) else {
        return;
    };
    let soon = today.checked_add(jiff::Span::new().days(HOLIDAYS_AHEAD_DAYS));
    let mut years = vec![today.year()];
    years.extend(soon.map(Date::year));
    years.dedup();
    for year in years.into_iter().filter(|y| !holidays.knows(*y)) {
        findings.warning(
            HOLIDAYS_FILE,
            0,
            format!(
                "the holidays of {year} are not known: promised times say 以工作日计. Add them when they are announced"
            ),
        );
    }
}

/// The statutes with the sources' own corrections.
fn corrected(laws: &Laws, sources: &Sources, findings: &mut Findings) -> Option<Laws> {
    const FILE: &str = "kb/law-overrides.yml";
    let mut laws = laws.clone();
    let yaml = sources.text(FILE);
    if !yaml.trim().is_empty() {
        match laws.apply_overrides(yaml) {
            Ok(report) => {
                for law in report.unmatched {
                    findings.warning(
                        FILE,
                        line_with(yaml, &law),
                        format!("《{law}》 is not among the statutes"),
                    );
                }
            }
            Err(error) => findings.error(FILE, 0, error.to_string()),
        }
    }
    Some(laws)
}

/// The first line that holds a text, from 1; 0 when none does.
fn line_with(text: &str, part: &str) -> usize {
    text.lines()
        .position(|l| l.contains(part))
        .map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests;
