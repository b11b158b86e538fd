//! When somebody is on duty, and what a promise of so many working days means. Pure: the moment is an argument.
//!
//! Hours are of the week, several spans a day. Public holidays and make-up working days (调休) come by year, as the State
//! Council announces them; a year that is not known is never guessed: its weekdays count as working days and the promise
//! says so ([`Due::exact`]).

use super::nouns::Millis;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::Offset;
use std::collections::{BTreeMap, BTreeSet};

/// The one time zone of the service, Asia/Shanghai: UTC+8, no summer time.
pub const SHANGHAI: Offset = Offset::constant(8);
const DAY_MS: Millis = 24 * 60 * 60 * 1000;
const MINUTE_MS: Millis = 60 * 1000;
/// Minutes of a day; a span may end there.
const DAY_MINUTES: u16 = 24 * 60;
/// Days that are looked ahead for the next opening.
const AHEAD_DAYS_MAX: u32 = 400;

/// The civil time in China at a moment.
pub fn china(at_ms: Millis) -> DateTime {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    SHANGHAI.to_datetime(at)
}

/// The first moment of a day in China; the end of time for days that no clock shows.
fn start_of(day: Date) -> Millis {
    let start = SHANGHAI.to_timestamp(day.to_datetime(jiff::civil::Time::midnight()));
    start.map_or(Millis::MAX, Timestamp::as_millisecond)
}

/// Opening hours within one day, in minutes after midnight: open from `from`, closed from `to` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    from: u16,
    to: u16,
}

/// A span that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no span of hours: write 09:00-12:00, the end after the beginning, 24:00 at the latest"
)]
pub struct BadSpan(String);

impl std::str::FromStr for Span {
    type Err = BadSpan;

    /// `09:00-12:00`
    fn from_str(text: &str) -> Result<Span, BadSpan> {
        let minutes = |part: &str| -> Option<u16> {
            let (hour, minute) = part.trim().split_once(':')?;
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour <= 24 && minute < 60).then(|| hour * 60 + minute)
        };
        let span = || {
            let (from, to) = text.split_once('-')?;
            let (from, to) = (minutes(from)?, minutes(to)?);
            (from < to && to <= DAY_MINUTES).then_some(Span { from, to })
        };
        span().ok_or_else(|| BadSpan(text.to_owned()))
    }
}

/// Opening hours. Without any the desk is open whenever somebody is signed in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hours {
    /// From Monday.
    pub week: [Vec<Span>; 7],
    /// On a weekend day that is worked (调休); empty: those of Monday.
    pub makeup: Vec<Span>,
    /// On a public holiday; empty: closed.
    pub holiday: Vec<Span>,
}

impl Hours {
    fn unset(&self) -> bool {
        self.week.iter().all(Vec::is_empty) && self.makeup.is_empty() && self.holiday.is_empty()
    }
}

/// Days off and make-up working days of one year.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Year {
    pub off: BTreeSet<Date>,
    pub work: BTreeSet<Date>,
}

/// The announced years.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holidays(pub BTreeMap<i16, Year>);

/// What kind of day a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Weekday,
    Weekend,
    Holiday,
    Makeup,
}

impl Holidays {
    /// Whether the holidays of a year are known.
    pub fn knows(&self, year: i16) -> bool {
        self.0.contains_key(&year)
    }

    fn kind(&self, day: Date) -> Kind {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        match self.0.get(&day.year()) {
            Some(year) if year.off.contains(&day) => Kind::Holiday,
            Some(year) if weekend && year.work.contains(&day) => Kind::Makeup,
            _ if weekend => Kind::Weekend,
            _ => Kind::Weekday,
        }
    }

    /// Whether a day is worked, as far as is known.
    pub fn works(&self, day: Date) -> bool {
        matches!(self.kind(day), Kind::Weekday | Kind::Makeup)
    }

    /// The last day of `days` working days after a moment. The day of the moment itself does not count.
    pub fn after(&self, at_ms: Millis, days: u32) -> Due {
        let mut day = china(at_ms).date();
        let mut exact = self.knows(day.year());
        let mut left = days;
        while left > 0 {
            // Proof of an end: every week has weekdays, and a day that jiff cannot name stops the count.
            let Ok(next) = day.tomorrow() else { break };
            day = next;
            exact &= self.knows(day.year());
            left -= u32::from(self.works(day));
        }
        Due {
            day,
            end_ms: start_of(day).saturating_add(DAY_MS),
            exact,
        }
    }
}

/// A promised day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub day: Date,
    /// The first moment after it.
    pub end_ms: Millis,
    /// The holidays of every year on the way are known; otherwise the day may turn out to lie later.
    pub exact: bool,
}

/// Hours and holidays together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    pub hours: Hours,
    pub holidays: Holidays,
}

impl Calendar {
    fn spans(&self, day: Date) -> &[Span] {
        let hours = &self.hours;
        let weekday =
            |w: Weekday| &hours.week[usize::from(w.to_monday_zero_offset().unsigned_abs())];
        match self.holidays.kind(day) {
            Kind::Holiday => &hours.holiday,
            Kind::Makeup if hours.makeup.is_empty() => weekday(Weekday::Monday),
            Kind::Makeup => &hours.makeup,
            Kind::Weekday | Kind::Weekend => weekday(day.weekday()),
        }
    }

    /// Whether the hours say open at a moment.
    pub fn open_at(&self, at_ms: Millis) -> bool {
        if self.hours.unset() {
            return true;
        }
        let day = china(at_ms).date();
        let minute = (at_ms - start_of(day)) / MINUTE_MS;
        self.spans(day)
            .iter()
            .any(|s| (Millis::from(s.from)..Millis::from(s.to)).contains(&minute))
    }

    /// The first open moment at or after `at_ms`; `None` without hours, or when none is near.
    pub fn next_opening(&self, at_ms: Millis) -> Option<Millis> {
        if self.hours.unset() {
            return None;
        }
        let mut day = china(at_ms).date();
        for _ in 0..AHEAD_DAYS_MAX {
            let start = start_of(day);
            let later = |s: &Span| {
                let at = |minute: u16| start.saturating_add(Millis::from(minute) * MINUTE_MS);
                (at(s.to) > at_ms).then(|| at(s.from).max(at_ms))
            };
            if let Some(opening) = self.spans(day).iter().filter_map(later).min() {
                return Some(opening);
            }
            day = day.tomorrow().ok()?;
        }
        None
    }
}

/// `11月26日（周四）`, with the year where it is not that of `today_ms`.
pub fn day_text(day: Date, today_ms: Millis) -> String {
    const NAMES: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];
    let year = if day.year() == china(today_ms).year() {
        String::new()
    } else {
        format!("{}年", day.year())
    };
    let name = NAMES[usize::from(day.weekday().to_monday_zero_offset().unsigned_abs())];
    format!("{year}{}月{}日（周{name}）", day.month(), day.day())
}

/// `11月26日（周四）9:00`
pub fn moment_text(at_ms: Millis, today_ms: Millis) -> String {
    let at = china(at_ms);
    let day = day_text(at.date(), today_ms);
    format!("{day}{}:{:02}", at.hour(), at.minute())
}
