//! Hours, holidays, and promises of working days.

use crate::dialogue::calendar::*;
use jiff::civil::{Date, date};
use proptest::prelude::*;

const MINUTE_MS: i64 = 60_000;

fn at(day: Date, hour: i8, minute: i8) -> i64 {
    let time = day.at(hour, minute, 0, 0);
    SHANGHAI.to_timestamp(time).unwrap().as_millisecond()
}

fn spans(texts: &[&str]) -> Vec<Span> {
    texts.iter().map(|t| t.parse().unwrap()).collect()
}

/// National Day 2026 with its make-up days, as in kb/holidays.yml.
fn holidays() -> Holidays {
    let off = (1..=7).map(|d| date(2026, 10, d)).collect();
    let work = [date(2026, 9, 20), date(2026, 10, 10)].into();
    Holidays([(2026, Year { off, work })].into())
}

fn office() -> Calendar {
    let day = spans(&["09:00-12:00", "14:00-17:30"]);
    let week = [
        day.clone(),
        day.clone(),
        day.clone(),
        day.clone(),
        day,
        vec![],
        vec![],
    ];
    Calendar {
        hours: Hours {
            week,
            ..Hours::default()
        },
        holidays: holidays(),
    }
}

#[test]
fn a_lunch_break_a_holiday_and_a_make_up_saturday() {
    let office = office();
    let wednesday = date(2026, 9, 30);
    for (day, hour, minute, open) in [
        (wednesday, 8, 59, false),
        (wednesday, 9, 0, true),
        (wednesday, 11, 59, true),
        (wednesday, 12, 0, false),
        (wednesday, 14, 0, true),
        (wednesday, 17, 30, false),
        (date(2026, 10, 1), 10, 0, false),
        (date(2026, 10, 10), 10, 0, true),
        (date(2026, 10, 11), 10, 0, false),
    ] {
        assert_eq!(
            office.open_at(at(day, hour, minute)),
            open,
            "{day} {hour}:{minute}"
        );
    }
    let next = |day, hour| office.next_opening(at(day, hour, 0)).unwrap();
    assert_eq!(next(wednesday, 12), at(wednesday, 14, 0));
    assert_eq!(next(wednesday, 10), at(wednesday, 10, 0), "open already");
    assert_eq!(next(wednesday, 18), at(date(2026, 10, 8), 9, 0));
    assert_eq!(next(date(2026, 10, 9), 18), at(date(2026, 10, 10), 9, 0));
    let text = moment_text(next(wednesday, 18), at(wednesday, 18, 0));
    assert_eq!(text, "10月8日（周四）9:00");
}

#[test]
fn own_hours_of_make_up_days_and_holidays() {
    let mut office = office();
    office.hours.makeup = spans(&["09:00-12:00"]);
    office.hours.holiday = spans(&["00:00-24:00"]);
    assert!(!office.open_at(at(date(2026, 10, 10), 15, 0)));
    assert!(office.open_at(at(date(2026, 10, 3), 23, 59)));
}

#[test]
fn without_hours_the_desk_is_open_and_no_opening_is_promised() {
    let calendar = Calendar::default();
    assert!(calendar.open_at(0));
    assert_eq!(calendar.next_opening(0), None);
}

#[test]
fn working_days_pass_over_holidays_and_count_make_up_days() {
    let holidays = holidays();
    let due = |day, days| holidays.after(at(day, 23, 59), days);
    // 30 September, then 8 and 9 October, then Saturday the 10th.
    assert_eq!(due(date(2026, 9, 29), 1).day, date(2026, 9, 30));
    assert_eq!(due(date(2026, 9, 29), 4).day, date(2026, 10, 10));
    assert_eq!(due(date(2026, 9, 29), 5).day, date(2026, 10, 12));
    let last = due(date(2026, 9, 29), 1);
    assert_eq!(
        (last.exact, last.end_ms),
        (true, at(date(2026, 10, 1), 0, 0))
    );
}

#[test]
fn a_year_that_is_not_known_is_said() {
    let holidays = holidays();
    assert!(holidays.after(at(date(2026, 12, 30), 9, 0), 1).exact);
    let over = holidays.after(at(date(2026, 12, 31), 9, 0), 1);
    assert_eq!((over.day, over.exact), (date(2027, 1, 1), false));
    assert_eq!(
        day_text(over.day, at(date(2026, 12, 31), 9, 0)),
        "2027年1月1日（周五）"
    );
}

#[test]
fn only_spans_within_a_day_are_read() {
    for bad in [
        "",
        "9",
        "09:00",
        "12:00-09:00",
        "09:00-24:30",
        "09:60-10:00",
        "25:00-26:00",
        "09:00-09:00",
    ] {
        assert!(bad.parse::<Span>().is_err(), "{bad}");
    }
    assert!("0:00-24:00".parse::<Span>().is_ok());
}

proptest! {
    /// n working days after a moment end on a working day, with n of them on the way.
    #[test]
    fn a_promise_counts_exactly_its_days(minutes in 0i64..3 * 365 * 24 * 60, days in 1u32..40) {
        let holidays = holidays();
        let from = at(date(2025, 6, 1), 0, 0) + minutes * MINUTE_MS;
        let due = holidays.after(from, days);
        prop_assert!(holidays.works(due.day));
        prop_assert!(due.end_ms > from);
        prop_assert_eq!(china(due.end_ms - 1).date(), due.day);
        let mut day = china(from).date();
        let mut counted = 0;
        while day < due.day {
            day = day.tomorrow().unwrap();
            counted += u32::from(holidays.works(day));
        }
        prop_assert_eq!(counted, days);
        prop_assert!(holidays.after(from, days + 1).day > due.day);
        let years = china(from).year()..=due.day.year();
        prop_assert_eq!(due.exact, years.into_iter().all(|y| holidays.knows(y)));
    }

    /// At the next opening it is open, and never before it.
    #[test]
    fn the_next_opening_is_the_first(minutes in 0i64..2 * 365 * 24 * 60, share in 0.0f64..1.0) {
        let office = office();
        let from = at(date(2026, 1, 1), 0, 0) + minutes * MINUTE_MS;
        let opening = office.next_opening(from).unwrap();
        prop_assert!(opening >= from && office.open_at(opening));
        let between = from + ((opening - from) as f64 * share) as i64;
        prop_assert!(between == opening || !office.open_at(between));
        prop_assert_eq!(office.open_at(from), opening == from);
    }
}
