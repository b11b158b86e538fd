//! Numbers, durations and days in Chinese and Arabic numerals, as far as ages, head counts and periods need them.

use super::scan::Span;
use jiff::civil::Date;

/// What a stretch of characters measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// A bare number; 几 and 多 count low.
    Number,
    /// Days.
    Duration,
    /// Days from today, negative in the past.
    Day,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quantity {
    pub measure: Measure,
    pub value: i64,
    pub span: Span,
}

const DAYS_OF_MONTH: i64 = 30;
const DAYS_OF_YEAR: i64 = 365;
/// A day without a year further ahead than this many days lies in the past.
const FAR_AHEAD: i64 = 31;
/// Numbers above are cut: no rule asks for more.
const NUMBER_MAX: i64 = 1_000_000_000;

/// Words that name a day by themselves, longest first, with their distance from today in days.
const DAY_WORDS: [(&str, i64); 26] = [
    ("大前天", -3),
    ("大后天", 3),
    ("大前年", -1095),
    ("前天", -2),
    ("昨天", -1),
    ("昨晚", -1),
    ("昨夜", -1),
    ("昨日", -1),
    ("今天", 0),
    ("今晚", 0),
    ("今早", 0),
    ("今日", 0),
    ("今夜", 0),
    ("明天", 1),
    ("明早", 1),
    ("明儿", 1),
    ("明日", 1),
    ("明晚", 1),
    ("后天", 2),
    ("前年", -730),
    ("去年", -365),
    ("上个月", -30),
    ("上月", -30),
    ("下个月", 30),
    ("下月", 30),
    ("明年", 365),
];

/// Everything measurable in `chars`, by start; durations and days besides the number they begin with.
pub(super) fn scan(chars: &[char], today: Date) -> Vec<Quantity> {
    let mut found = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        if let Some((word, days)) = DAY_WORDS.iter().find(|(w, _)| starts(chars, i, w)) {
            let end = i + word.chars().count();
            push(&mut found, Measure::Day, *days, i, end);
            i = end;
        } else if let Some((days, end)) = weekday(chars, i, today) {
            push(&mut found, Measure::Day, days, i, end);
            i = end;
        } else if let Some((days, end)) = half(chars, i) {
            push(&mut found, Measure::Duration, days, i, end);
            i = end;
        } else if let Some((value, end)) = number(chars, i) {
            push(&mut found, Measure::Number, value, i, end);
            if let Some((days, end)) = duration(chars, i, value, end) {
                push(&mut found, Measure::Duration, days, i, end);
            }
            let day = calendar_day(chars, value, end, today);
            if let Some((days, end)) = day {
                push(&mut found, Measure::Day, days, i, end);
            }
            i = day.map_or(end, |(_, after)| after);
        } else {
            i += 1;
        }
    }
    found
}

fn push(found: &mut Vec<Quantity>, measure: Measure, value: i64, start: usize, end: usize) {
    // A message has at most a few thousand characters.
    let span = Span {
        start: start as u32,
        end: end as u32,
    };
    found.push(Quantity {
        measure,
        value,
        span,
    });
}

fn starts(chars: &[char], at: usize, word: &str) -> bool {
    (at..)
        .zip(word.chars())
        .all(|(i, c)| chars.get(i) == Some(&c))
}

fn digit(c: char) -> Option<i64> {
    Some(match c {
        '0'..='9' => i64::from(c as u32 - '0' as u32),
        '零' | '〇' => 0,
        '一' => 1,
        '二' | '两' | '俩' => 2,
        '三' | '仨' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

fn unit(c: char) -> Option<i64> {
    Some(match c {
        '十' => 10,
        '百' => 100,
        '千' => 1_000,
        '万' => 10_000,
        '亿' => 100_000_000,
        _ => return None,
    })
}

/// A number at `at`, and where it ends. 十几 is 10, 几十 is 20, 七八 is 7, 二零一九 is 2019.
fn number(chars: &[char], at: usize) -> Option<(i64, usize)> {
    let mut i = at;
    let (mut total, mut section, mut current) = (0_i64, 0_i64, None::<i64>);
    while let Some(&c) = chars.get(i) {
        if let Some(d) = digit(c) {
            let positional = c.is_ascii_digit() || is_year(chars, i, at);
            current = Some(match current {
                Some(n) if positional => (n * 10 + d).min(NUMBER_MAX),
                // 七八个: the lower bound counts.
                Some(n) if n > 0 && d > 0 => n,
                _ => d,
            });
        } else if let Some(u) = unit(c) {
            let n = current.take().unwrap_or(i64::from(section == 0 && i == at));
            if u >= 10_000 {
                total = ((total + section + n).max(1)).saturating_mul(u);
                section = 0;
            } else {
                section += n.max(1) * u;
            }
            total = total.min(NUMBER_MAX);
        } else if c == '几' && (unit_at(chars, i + 1) || i > at) {
            current = unit_at(chars, i + 1).then_some(2);
        } else if c == '几'
            && i == at
            && chars
                .get(i + 1)
                .is_some_and(|&c| "个天年周月分小".contains(c))
        {
            current = Some(3);
        } else {
            break;
        }
        i += 1;
    }
    if i == at {
        return None;
    }
    // 2.5万 and 18.5 are cut to the whole number: no rule needs the rest.
    let value = (total + section + current.unwrap_or(0)).min(NUMBER_MAX);
    while matches!(chars.get(i), Some('多' | '来' | '余')) {
        i += 1;
    }
    Some((value, i))
}

fn unit_at(chars: &[char], at: usize) -> bool {
    chars.get(at).copied().and_then(unit).is_some()
}

/// Four Chinese digits in a row are a year read out.
fn is_year(chars: &[char], i: usize, at: usize) -> bool {
    let run = chars[at..]
        .iter()
        .take_while(|&&c| digit(c).is_some())
        .count();
    run >= 3 && i < at + run
}

/// 半年, 半个月, 半小时.
fn half(chars: &[char], at: usize) -> Option<(i64, usize)> {
    const HALVES: [(&str, i64); 6] = [
        ("半年", DAYS_OF_YEAR / 2),
        ("半个多月", DAYS_OF_MONTH / 2),
        ("半个月", DAYS_OF_MONTH / 2),
        ("半个小时", 0),
        ("半小时", 0),
        ("半天", 0),
    ];
    let (word, days) = HALVES.iter().find(|(w, _)| starts(chars, at, w))?;
    Some((*days, at + word.chars().count()))
}

/// A number followed by a unit of time: 三个多月, 12天, 两周, 一年半.
fn duration(chars: &[char], start: usize, value: i64, end: usize) -> Option<(i64, usize)> {
    const UNITS: [(&str, i64); 16] = [
        ("个小时", 0),
        ("小时", 0),
        ("分钟", 0),
        ("个钟", 0),
        ("个多月", DAYS_OF_MONTH),
        ("个月", DAYS_OF_MONTH),
        ("个星期", 7),
        ("个礼拜", 7),
        ("星期", 7),
        ("礼拜", 7),
        ("周", 7),
        ("天", 1),
        ("日", 1),
        ("年", DAYS_OF_YEAR),
        ("个年头", DAYS_OF_YEAR),
        ("载", DAYS_OF_YEAR),
    ];
    let (word, days) = UNITS.iter().find(|(w, _)| starts(chars, end, w))?;
    let date_like =
        value > 150 && *word == "年" || start > 0 && matches!(chars[start - 1], '月' | '第');
    let birthday = *word == "周" && starts(chars, end, "周岁");
    if date_like || birthday {
        return None;
    }
    let mut after = end + word.chars().count();
    let mut total = value.min(NUMBER_MAX) * days;
    if starts(chars, after, "多") {
        after += 1;
    }
    if starts(chars, after, "半") {
        after += 1;
        total += days / 2;
    }
    Some((total, after))
}

/// 2019年, 7月3日, 3月份, 8号 as days from today.
fn calendar_day(chars: &[char], value: i64, end: usize, today: Date) -> Option<(i64, usize)> {
    if starts(chars, end, "年") && (1950..=2100).contains(&value) {
        let years = value - i64::from(today.year());
        return (years != 0).then_some((years * DAYS_OF_YEAR, end + 1));
    }
    let month_word = ["月份", "月"].into_iter().find(|w| starts(chars, end, w));
    if let Some(word) = month_word
        && (1..=12).contains(&value)
    {
        let after = end + word.chars().count();
        let month = value as i8;
        let told = number(chars, after)
            .filter(|&(d, e)| (1..=31).contains(&d) && matches!(chars.get(e), Some('日' | '号')));
        let (day, after) = told.map_or((28, after), |(d, e)| (d as i8, e + 1));
        let date = Date::new(today.year(), month, day.min(28)).ok()?;
        let days = days_between(today, date) + i64::from(day - day.min(28));
        // People tell what happened: a day far ahead in this year was meant in the last one.
        let year_back = if days > FAR_AHEAD { DAYS_OF_YEAR } else { 0 };
        return Some((days - year_back, after));
    }
    if starts(chars, end, "号") && (1..=31).contains(&value) {
        let days = value - i64::from(today.day());
        return (days > 0).then_some((days, end + 1));
    }
    None
}

/// 周三, 这个礼拜五, 下周一: the next such day, 上周 the one before.
fn weekday(chars: &[char], at: usize, today: Date) -> Option<(i64, usize)> {
    let mut i = at;
    let shift = match chars[i] {
        '上' => -7,
        '下' => 7,
        _ => 0,
    };
    let prefixed = matches!(chars[i], '上' | '下' | '这' | '本');
    i += usize::from(prefixed);
    i += usize::from(prefixed && chars.get(i) == Some(&'个'));
    let word = ["星期", "礼拜", "周"]
        .into_iter()
        .find(|w| starts(chars, i, w))?;
    i += word.chars().count();
    let day = chars.get(i).copied()?;
    let number = match day {
        '天' | '日' | '末' => 7,
        c => digit(c).filter(|d| (1..=6).contains(d))?,
    };
    let away = number - i64::from(today.weekday().to_monday_one_offset());
    // 周岁, 周年 and 一周 do not reach this point; a bare past weekday means the coming one.
    let days = if shift == 0 && away < 0 {
        away + 7
    } else {
        away + shift
    };
    Some((days, i + 1))
}

fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}
