//! `kb/holidays.yml`: days off and make-up working days by year.

use super::{HOLIDAYS_FILE, Problem, Sources};
use crate::dialogue::calendar::{Holidays, Year};
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    years: BTreeMap<i16, YearItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct YearItem {
    /// The announcement; a year without one is not to be trusted.
    source: String,
    off: Vec<String>,
    #[serde(default)]
    work: Vec<String>,
}

/// Reads the file; one that is absent knows no year.
pub(super) fn read(sources: &Sources) -> Result<Holidays, Problem> {
    let yaml = sources.text(HOLIDAYS_FILE);
    if yaml.trim().is_empty() {
        return Ok(Holidays::default());
    }
    let document: Document =
        serde_saphyr::from_str(yaml).map_err(|e| Problem::yaml(HOLIDAYS_FILE, 0, &e))?;
    let mut holidays = Holidays::default();
    for (year, item) in document.years {
        let problem = |message: String| Problem::new(HOLIDAYS_FILE, 0, message);
        if item.source.trim().is_empty() {
            return Err(problem(format!("{year} names no source")));
        }
        let days = |items: &[String]| days(items, year).map_err(problem);
        let known = Year {
            off: days(&item.off)?,
            work: days(&item.work)?,
        };
        if let Some(both) = known.off.intersection(&known.work).next() {
            return Err(problem(format!("{both} is off and worked")));
        }
        holidays.0.insert(year, known);
    }
    Ok(holidays)
}

fn days(items: &[String], year: i16) -> Result<BTreeSet<Date>, String> {
    let mut days = BTreeSet::new();
    for item in items {
        let (first, last) = item.split_once("..").unwrap_or((item, item));
        let day = |text: &str| {
            let day: Option<Date> = text.trim().parse().ok();
            day.filter(|d| d.year() == year)
                .ok_or_else(|| format!("{item} is no day of {year} and no span first..last"))
        };
        let (first, last) = (day(first)?, day(last)?);
        if last < first {
            return Err(format!("{item} ends before it begins"));
        }
        days.extend(
            first
                .series(jiff::Span::new().days(1))
                .take_while(|d| *d <= last),
        );
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_years_are_read() {
        let holidays = read(&Sources::embedded()).unwrap();
        let year = &holidays.0[&2026];
        assert_eq!((year.off.len(), year.work.len()), (33, 6));
        let weekend = |d: &&Date| d.weekday().to_monday_zero_offset() >= 5;
        assert!(
            year.work.iter().all(|d| weekend(&d)),
            "only weekends are made up"
        );
        assert!(holidays.works("2026-10-10".parse().unwrap()));
        assert!(!holidays.works("2026-10-07".parse().unwrap()));
    }

    #[test]
    fn a_day_of_another_year_and_a_span_backwards_are_refused() {
        for bad in ["2025-12-31", "2026-01-03..2026-01-01", "tomorrow"] {
            assert!(days(&[bad.to_owned()], 2026).is_err(), "{bad}");
        }
    }
}
