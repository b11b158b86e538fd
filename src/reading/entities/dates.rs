//! Days and spans of time as people name them: 去年三月, 上周五, 5月初, 两年半.

use super::numerals::{digit, numeral};
use jiff::ToSpan;
use jiff::civil::{Date, Weekday, date};

/// A month and day without a year lies at most this many days ahead; else last year's is meant.
const AHEAD_DAYS_MAX: i64 = 60;
const DAYS_OF_YEAR: i64 = 365;
const DAYS_OF_MONTH: i64 = 30;
const DAYS_OF_WEEK: i64 = 7;

/// First days of the lunar years from 2015 on (month, day).
const SPRING_FESTIVALS_FROM: i16 = 2015;
const SPRING_FESTIVALS: [(i8, i8); 22] = [
    (2, 19),
    (2, 8),
    (1, 28),
    (2, 16),
    (2, 5),
    (1, 25),
    (2, 12),
    (2, 1),
    (1, 22),
    (2, 10),
    (1, 29),
    (2, 17),
    (2, 6),
    (1, 26),
    (2, 13),
    (2, 3),
    (1, 23),
    (2, 11),
    (1, 31),
    (2, 19),
    (2, 8),
    (1, 28),
];

/// A day at the begin of a text. `day` is the first of what is named, `None` where only the words are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    pub length: usize,
    pub day: Option<Date>,
}

/// A span of time at the begin of a text, in days (years of 365, months of 30).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub length: usize,
    pub days: i64,
}

/// Reads the day `chars` begins with.
pub fn day(chars: &[char], today: Date) -> Option<Day> {
    written(chars)
        .or_else(|| relative_day(chars, today))
        .or_else(|| in_week(chars, today))
        .or_else(|| in_year(chars, today))
        .or_else(|| in_month(chars, today))
        .or_else(|| month_and_day(chars, None, today))
}

/// 2024-05-01, 2024.5.1, 2024/5/1.
fn written(chars: &[char]) -> Option<Day> {
    let (year, mut at) = digits(chars, 4)?;
    let separator = *chars.get(at).filter(|c| matches!(c, '-' | '.' | '/'))?;
    let (month, used) = digits(&chars[at + 1..], 2)?;
    at += 1 + used;
    if chars.get(at) != Some(&separator) {
        return None;
    }
    let (on, used) = digits(&chars[at + 1..], 2)?;
    at += 1 + used;
    let day = date_of(year, month, on)?;
    (1900..2100).contains(&year).then_some(Day {
        length: at,
        day: Some(day),
    })
}

/// 今天, 昨晚, 大前天.
fn relative_day(chars: &[char], today: Date) -> Option<Day> {
    const DAYS: [(&str, i64); 24] = [
        ("大前天", -3),
        ("大后天", 3),
        ("前天", -2),
        ("昨天", -1),
        ("昨日", -1),
        ("昨晚", -1),
        ("昨夜", -1),
        ("今天", 0),
        ("今日", 0),
        ("今晚", 0),
        ("今早", 0),
        ("今晨", 0),
        ("明天", 1),
        ("明日", 1),
        ("明早", 1),
        ("明晚", 1),
        ("后天", 2),
        ("前晚", -2),
        ("前日", -2),
        ("刚才", 0),
        ("琴日", -1),
        ("昨儿", -1),
        ("今儿", 0),
        ("明儿", 1),
    ];
    let (word, days) = DAYS.iter().find(|(word, _)| begins(chars, word))?;
    Some(Day {
        length: word.chars().count(),
        day: today.checked_add(days.days()).ok(),
    })
}

/// 上周五, 下星期一, 这周日, 上周.
fn in_week(chars: &[char], today: Date) -> Option<Day> {
    const WEEKS: [(&str, i64); 7] = [
        ("上上", -2),
        ("下下", 2),
        ("上", -1),
        ("下", 1),
        ("这", 0),
        ("本", 0),
        ("", 0),
    ];
    WEEKS.iter().find_map(|(prefix, weeks)| {
        let mut at = begins(chars, prefix).then(|| prefix.chars().count())?;
        at += usize::from(!prefix.is_empty() && chars.get(at) == Some(&'个'));
        let name = ["星期", "礼拜", "周"]
            .iter()
            .find(|name| begins(&chars[at..], name))?;
        at += name.chars().count();
        let weekday = chars.get(at).and_then(|c| weekday(*c));
        if prefix.is_empty() && weekday.is_none() {
            return None;
        }
        let back = i64::from(today.weekday().to_monday_zero_offset());
        let offset = weekday.map_or(0, |d| i64::from(d.to_monday_zero_offset()));
        let day = today.checked_add((weeks * DAYS_OF_WEEK + offset - back).days());
        Some(Day {
            length: at + usize::from(weekday.is_some()),
            day: day.ok(),
        })
    })
}

fn weekday(c: char) -> Option<Weekday> {
    if matches!(c, '日' | '天' | '末') {
        return Some(Weekday::Sunday);
    }
    let number = c.to_digit(10).map(i64::from).or_else(|| digit(c))?;
    Weekday::from_monday_one_offset(i8::try_from(number).ok()?).ok()
}

/// 2024年5月1日, 24年5月, 去年三月, 今年过年, 前年.
fn in_year(chars: &[char], today: Date) -> Option<Day> {
    const YEARS: [(&str, i16); 7] = [
        ("大前年", -3),
        ("前年", -2),
        ("去年", -1),
        ("今年", 0),
        ("本年", 0),
        ("明年", 1),
        ("旧年", -1),
    ];
    let named = YEARS.iter().find(|(word, _)| begins(chars, word));
    let (year, at, whole) = match named {
        Some((word, years)) => (today.year() + years, word.chars().count(), true),
        None => year_number(chars)?,
    };
    let rest = &chars[at..];
    if let Some(day) = month_and_day(rest, Some(year), today) {
        return Some(longer(day, at));
    }
    for (word, month, on) in [
        ("初", 1, 1),
        ("年初", 1, 1),
        ("中", 7, 1),
        ("年中", 7, 1),
        ("上半年", 1, 1),
        ("下半年", 7, 1),
        ("底", 12, 31),
        ("年底", 12, 31),
        ("末", 12, 31),
    ] {
        if begins(rest, word) {
            return Some(Day {
                length: at + word.chars().count(),
                day: date_of(year, month, on),
            });
        }
    }
    for word in ["过年", "春节", "大年初一"] {
        if begins(rest, word) {
            return Some(Day {
                length: at + word.chars().count(),
                day: spring_festival(year),
            });
        }
    }
    // 干了24年 is a span; 2024年 and 去年 are years.
    whole.then(|| Day {
        length: at,
        day: date_of(year, 1, 1),
    })
}

/// 2024年, 24年, 二〇二四年: the year, characters taken, written with four figures.
fn year_number(chars: &[char]) -> Option<(i16, usize, bool)> {
    let figures = chars
        .iter()
        .take_while(|c| c.is_ascii_digit() || digit(**c).is_some())
        .count();
    if chars.get(figures) != Some(&'年') || !matches!(figures, 2 | 4) {
        return None;
    }
    let value = chars[..figures].iter().try_fold(0i16, |value, &c| {
        let digit = c.to_digit(10).map(i64::from).or_else(|| digit(c))?;
        Some(value * 10 + digit as i16)
    })?;
    match figures {
        4 if (1900..2100).contains(&value) => Some((value, 5, true)),
        2 if value < 50 => Some((2000 + value, 3, false)),
        2 if value >= 80 => Some((1900 + value, 3, false)),
        _ => None,
    }
}

/// 上个月15号, 这个月, 下月初.
fn in_month(chars: &[char], today: Date) -> Option<Day> {
    const MONTHS: [(&str, i64); 10] = [
        ("上上个月", -2),
        ("上个月", -1),
        ("上月", -1),
        ("这个月", 0),
        ("本月", 0),
        ("当月", 0),
        ("下个月", 1),
        ("下月", 1),
        ("月初", 0),
        ("月底", 0),
    ];
    let (word, months) = MONTHS.iter().find(|(word, _)| begins(chars, word))?;
    let first = today.first_of_month().checked_add(months.months()).ok()?;
    if *word == "月底" {
        return Some(Day {
            length: 2,
            day: Some(first.last_of_month()),
        });
    }
    let at = word.chars().count();
    let day = in_named_month(&chars[at..], first.year(), first.month());
    Some(match day {
        Some(day) => longer(day, at),
        None => Day {
            length: at,
            day: Some(first),
        },
    })
}

/// 三月, 5月1日, 五月初, 12月中旬, 3月份.
fn month_and_day(chars: &[char], year: Option<i16>, today: Date) -> Option<Day> {
    let number = numeral(chars)?;
    let month = whole(number.hundredths)?;
    let mut at = number.length;
    if !(1..=12).contains(&month) || number.more || chars.get(at) != Some(&'月') {
        return None;
    }
    at += 1;
    let guess = year.unwrap_or(today.year());
    let found = match in_named_month(&chars[at..], guess, month as i8) {
        Some(day) => longer(day, at),
        None => {
            // 3月工资 without a year and a day is still March; 3月 of 三月三 is not looked into.
            at += usize::from(chars.get(at) == Some(&'份'));
            Day {
                length: at,
                day: date_of(guess, month as i16, 1),
            }
        }
    };
    if year.is_some() {
        return Some(found);
    }
    let day = found.day.and_then(|day| {
        let ahead = today.until(day).ok()?.get_days();
        if i64::from(ahead) > AHEAD_DAYS_MAX {
            day.checked_sub(1.year()).ok()
        } else {
            Some(day)
        }
    });
    Some(Day { day, ..found })
}

/// What follows a month: 1日, 15号, 初, 中旬, 底.
fn in_named_month(chars: &[char], year: i16, month: i8) -> Option<Day> {
    let first = date_of(year, i16::from(month), 1)?;
    for (word, day) in [
        ("份初", 1),
        ("初", 1),
        ("上旬", 1),
        ("中旬", 15),
        ("下旬", 21),
        ("底", 0),
        ("末", 0),
    ] {
        if begins(chars, word) {
            let day = if day == 0 { first.days_in_month() } else { day };
            return Some(Day {
                length: word.chars().count(),
                day: date_of(year, i16::from(month), i16::from(day)),
            });
        }
    }
    let number = numeral(chars)?;
    let on = whole(number.hundredths)?;
    if !matches!(chars.get(number.length), Some('日' | '号')) || !(1..=31).contains(&on) {
        return None;
    }
    Some(Day {
        length: number.length + 1,
        day: date_of(year, i16::from(month), on as i16),
    })
}

/// Reads the span of time `chars` begins with: 两年半, 三个多月, 半年, 45天.
pub fn span(chars: &[char]) -> Option<Span> {
    let (mut days, mut at) = one_span(chars)?;
    // 两年三个月, 1年零2个月
    let joined = at + usize::from(chars.get(at) == Some(&'零'));
    if let Some((more, length)) = one_span(&chars[joined..])
        && more < days
        && chars[..at].contains(&'年')
    {
        days += more;
        at = joined + length;
    }
    let tail = ["左右", "多"]
        .iter()
        .find(|tail| begins(&chars[at..], tail));
    at += tail.map_or(0, |tail| tail.chars().count());
    Some(Span { length: at, days })
}

/// One number with its unit: days and characters taken.
fn one_span(chars: &[char]) -> Option<(i64, usize)> {
    let mut at = usize::from(chars.first() == Some(&'大') && chars.get(1) == Some(&'半'));
    let (mut hundredths, more) = if chars.get(at) == Some(&'半') {
        at += 1;
        (50, false)
    } else {
        let number = numeral(&chars[at..])?;
        at += number.length;
        (number.hundredths, number.more)
    };
    let mut counted = false;
    if chars.get(at) == Some(&'个') {
        counted = true;
        at += 1;
        // 三个半月
        if chars.get(at) == Some(&'半') {
            hundredths += 50;
            at += 1;
        }
    }
    at += usize::from(!more && chars.get(at) == Some(&'多'));
    let rest = &chars[at..];
    let (word, days) = [
        ("年", DAYS_OF_YEAR),
        ("月", DAYS_OF_MONTH),
        ("星期", DAYS_OF_WEEK),
        ("礼拜", DAYS_OF_WEEK),
        ("周", DAYS_OF_WEEK),
        ("天", 1),
        ("日", 1),
    ]
    .into_iter()
    .find(|(word, _)| begins(rest, word))?;
    // 三月 is a date, 三个月 a span.
    if word == "月" && !counted || matches!(word, "年" | "天" | "日") && counted {
        return None;
    }
    at += word.chars().count();
    let after = chars.get(at);
    if after.is_some_and(|c| "级纪龄代轻会终薪度货饭岁生检".contains(*c)) {
        return None;
    }
    let half = after == Some(&'半');
    at += usize::from(half);
    let half = if half { 50 } else { 0 };
    let days = (hundredths + half).checked_mul(days)? / 100;
    (days > 0).then_some((days, at))
}

/// A day some span before today (三年前), as `length` more characters.
pub fn before(span: Span, rest: &[char], today: Date) -> Option<Day> {
    let word = ["以前", "之前", "前"]
        .iter()
        .find(|word| begins(rest, word))?;
    Some(Day {
        length: span.length + word.chars().count(),
        day: today.checked_sub(span.days.days()).ok(),
    })
}

fn spring_festival(year: i16) -> Option<Date> {
    let index = usize::try_from(year - SPRING_FESTIVALS_FROM).ok()?;
    let (month, day) = *SPRING_FESTIVALS.get(index)?;
    Some(date(year, month, day))
}

fn longer(day: Day, by: usize) -> Day {
    Day {
        length: day.length + by,
        ..day
    }
}

/// ASCII digits, at most `most`.
fn digits(chars: &[char], most: usize) -> Option<(i16, usize)> {
    let length = chars.iter().take_while(|c| c.is_ascii_digit()).count();
    if length == 0 || length > most {
        return None;
    }
    let value = chars[..length].iter().filter_map(|c| c.to_digit(10));
    Some((value.fold(0, |n, d| n * 10 + d as i16), length))
}

fn whole(hundredths: i64) -> Option<i64> {
    (hundredths % 100 == 0).then_some(hundredths / 100)
}

fn date_of(year: i16, month: i16, day: i16) -> Option<Date> {
    let month = i8::try_from(month).ok()?;
    Date::new(year, month, i8::try_from(day).ok()?).ok()
}

/// `chars` begins with `word`.
pub fn begins(chars: &[char], word: &str) -> bool {
    let mut chars = chars.iter();
    word.chars().all(|c| chars.next() == Some(&c))
}
