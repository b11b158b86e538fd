//! Numbers as people write them: 1万2, 5,000.00, 两万三, 一百二十, 5w.

/// A number found at some place of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numeral {
    /// In hundredths.
    pub hundredths: i64,
    /// Characters taken.
    pub length: usize,
    /// It names a magnitude of its own (千, 万, w, …), so it may be money without a unit.
    pub magnitude: bool,
    /// Written in ASCII digits to begin with.
    pub arabic: bool,
    /// 十多, 三万余: more than said.
    pub more: bool,
}

/// Longest run of digits read as a number.
const DIGITS_MAX: usize = 12;
/// 亿, the largest magnitude, in hundredths.
const HUNDREDTHS_MAX: i64 = 100_000_000_000_000;

/// Reads the number `chars` begins with.
pub fn numeral(chars: &[char]) -> Option<Numeral> {
    let found = if chars.first()?.is_ascii_digit() {
        arabic(chars)?
    } else {
        chinese(chars)?
    };
    (found.hundredths <= HUNDREDTHS_MAX).then_some(found)
}

/// The value of one Chinese digit.
pub fn digit(c: char) -> Option<i64> {
    Some(match c {
        '零' | '〇' => 0,
        '一' | '壹' => 1,
        '二' | '两' | '贰' | '俩' => 2,
        '三' | '叁' | '仨' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

/// The size of one magnitude.
pub fn unit(c: char) -> Option<i64> {
    Some(match c {
        '十' | '拾' => 10,
        '百' | '佰' => 100,
        '千' | '仟' | 'k' => 1_000,
        '万' | '萬' | 'w' => 10_000,
        '亿' => 100_000_000,
        _ => return None,
    })
}

/// 5000, 5,000.00, 1.5万, 1万2, 3千, 5w, 1万2千.
fn arabic(chars: &[char]) -> Option<Numeral> {
    let (mut value, mut at) = plain(chars)?;
    let mut magnitude = false;
    let mut more = false;
    if let Some(&m) = chars.get(at)
        && is_more(m)
        && chars
            .get(at + 1)
            .is_some_and(|u| unit(*u).is_some_and(|u| u >= 1_000))
    {
        more = true;
        at += 1;
    }
    while let Some(&c) = chars.get(at) {
        let Some(size) = unit(c).filter(|_| !followed_by_letter(chars, at)) else {
            break;
        };
        value = value.checked_mul(size)?;
        magnitude |= size >= 1_000;
        at += 1;
        let Some((rest, used)) = plain(&chars[at..]) else {
            continue;
        };
        let next = chars.get(at + used).copied().and_then(unit);
        let rest = match next {
            // 1万2千: the rest says its own magnitude.
            Some(next) if next < size => {
                at += 1;
                rest.checked_mul(next)?
            }
            // 1万2: the rest counts the next lower one.
            _ if used == 1 => rest * size / 10,
            _ => break,
        };
        value = value.checked_add(rest)?;
        at += used;
        break;
    }
    if chars.get(at).is_some_and(|c| is_more(*c)) {
        more = true;
        at += 1;
    }
    Some(Numeral {
        hundredths: value,
        length: at,
        magnitude,
        arabic: true,
        more,
    })
}

/// k and w only count as magnitudes when no word goes on: 5w, not 5wifi.
fn followed_by_letter(chars: &[char], at: usize) -> bool {
    chars[at].is_ascii() && chars.get(at + 1).is_some_and(char::is_ascii_alphanumeric)
}

/// Digits with thousands separators and decimals; value in hundredths and characters taken.
fn plain(chars: &[char]) -> Option<(i64, usize)> {
    let mut value = 0i64;
    let mut at = 0;
    let mut digits = 0;
    while let Some(&c) = chars.get(at) {
        let grouped =
            c == ',' && (1..=3).contains(&digits_before(chars, at)) && is_group(&chars[at + 1..]);
        if let Some(d) = c.to_digit(10) {
            value = value * 10 + i64::from(d);
            digits += 1;
            if digits > DIGITS_MAX {
                return None;
            }
        } else if !grouped || digits == 0 {
            break;
        }
        at += 1;
    }
    if digits == 0 {
        return None;
    }
    value *= 100;
    if chars.get(at) == Some(&'.') && chars.get(at + 1).is_some_and(char::is_ascii_digit) {
        at += 1;
        let mut size = 10;
        while let Some(d) = chars.get(at).and_then(|c| c.to_digit(10)) {
            value += i64::from(d) * size;
            size /= 10;
            at += 1;
        }
    }
    Some((value, at))
}

fn digits_before(chars: &[char], at: usize) -> usize {
    chars[..at]
        .iter()
        .rev()
        .take_while(|c| c.is_ascii_digit())
        .count()
}

/// Exactly three digits follow.
fn is_group(chars: &[char]) -> bool {
    chars.iter().take_while(|c| c.is_ascii_digit()).count() == 3
}

/// 十五, 一百二十, 两万三, 三千五, 一万零五百, 二〇二四.
fn chinese(chars: &[char]) -> Option<Numeral> {
    let (mut total, mut section, mut pending) = (0i64, 0i64, None::<i64>);
    let (mut at, mut last, mut magnitude, mut more) = (0, 1i64, false, false);
    let mut zero = false;
    while let Some(&c) = chars.get(at) {
        if let Some(d) = digit(c) {
            // 三四千, 二〇二四: figures side by side are no single number, except after 零.
            if pending.is_some_and(|p| p != 0) {
                return None;
            }
            zero |= d == 0;
            pending = Some(d);
        } else if let Some(size) = unit(c).filter(|_| !c.is_ascii()) {
            let first = at == 0;
            if first && size != 10 {
                return None;
            }
            let count = pending.take().unwrap_or(i64::from(size == 10));
            if size >= 10_000 {
                section += count;
                total = if total > size {
                    total.checked_add(section.checked_mul(size)?)?
                } else {
                    (total + section).checked_mul(size)?
                };
                section = 0;
            } else {
                section += count * size;
            }
            magnitude |= size >= 1_000;
            last = size;
            zero = false;
        } else if is_more(c) && at > 0 && !more {
            more = true;
            if chars.get(at + 1).is_none_or(|u| unit(*u).is_none()) {
                at += 1;
                break;
            }
        } else {
            break;
        }
        at += 1;
    }
    if at == 0 {
        return None;
    }
    // 两万三, 一百五: the last figure counts the next lower magnitude.
    let rest = match pending {
        Some(d) if last > 10 && !zero => d * last / 10,
        Some(d) => d,
        None => 0,
    };
    let value = total.checked_add(section)?.checked_add(rest)?;
    Some(Numeral {
        hundredths: value.checked_mul(100)?,
        length: at,
        magnitude,
        arabic: false,
        more,
    })
}

fn is_more(c: char) -> bool {
    matches!(c, '多' | '余' | '来')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them() {
        for (written, whole, length) in [
            ("5000元", 5000, 4),
            ("5,000.00元", 5000, 8),
            ("12,3元", 12, 2),
            ("1.5万", 15_000, 4),
            ("1万2", 12_000, 3),
            ("1万2千", 12_000, 4),
            ("3千块", 3_000, 2),
            ("5w", 50_000, 2),
            ("5wifi", 5, 1),
            ("2k块", 2_000, 2),
            ("3000多", 3000, 5),
            ("20多万", 200_000, 4),
            ("两万三", 23_000, 3),
            ("一百二十元", 120, 4),
            ("一百五", 150, 3),
            ("十五", 15, 2),
            ("十万", 100_000, 2),
            ("一万零五百", 10_500, 5),
            ("一百零五", 105, 4),
            ("二十多万", 200_000, 4),
            ("三十五万六千", 356_000, 6),
            ("一亿二千万", 120_000_000, 5),
            ("三个", 3, 1),
        ] {
            let chars: Vec<char> = written.chars().collect();
            let found = numeral(&chars).unwrap_or_else(|| panic!("{written}"));
            assert_eq!(
                (found.hundredths, found.length),
                (whole * 100, length),
                "{written}"
            );
        }
        for none in [
            "几百块",
            "三四千",
            "百分之五",
            "千万不要",
            "万一",
            "亿",
            "元",
            "",
            "1234567890123",
        ] {
            let chars: Vec<char> = none.chars().collect();
            assert_eq!(numeral(&chars), None, "{none}");
        }
    }
}
