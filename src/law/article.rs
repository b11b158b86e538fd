//! The number of an article: 第二百七十六条之一 is 276 / 1 and is not 第二百七十六条.

use std::fmt;

/// Highest number read as an article. The longest statute has under 1,300.
pub const ARTICLE_NUM_MAX: u32 = 9_999;
/// Highest 之 number.
pub const ARTICLE_SUB_MAX: u32 = 99;

/// Number of an article. `sub` is 0 where there is no 之. `num` 0 is a text without articles (全文).
///
/// Shown as 第二百七十六条之一; ordered as in the statute book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArticleNo {
    pub num: u32,
    pub sub: u32,
}

/// Not the number of an article.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the number of an article")]
pub struct ArticleNoError(pub String);

impl ArticleNo {
    /// An article without 之.
    pub const fn new(num: u32) -> Self {
        ArticleNo { num, sub: 0 }
    }

    /// Reads 第二百七十六条之一, 276之一, 276, 第276条之1, １２, 条目三 and 全文 (0); nothing may be left over.
    pub fn parse(text: &str) -> Result<Self, ArticleNoError> {
        let chars: Vec<char> = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(fold)
            .collect();
        parse_all(&chars).ok_or_else(|| ArticleNoError(text.to_owned()))
    }

    /// The short form: 276之一, 47.
    pub fn compact(self) -> String {
        if self.sub == 0 {
            self.num.to_string()
        } else {
            format!("{}之{}", self.num, chinese(self.sub))
        }
    }
}

impl fmt::Display for ArticleNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.num == 0 {
            return f.write_str("全文");
        }
        write!(f, "第{}条", chinese(self.num))?;
        if self.sub > 0 {
            write!(f, "之{}", chinese(self.sub))?;
        }
        Ok(())
    }
}

impl std::str::FromStr for ArticleNo {
    type Err = ArticleNoError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        ArticleNo::parse(s)
    }
}

fn parse_all(chars: &[char]) -> Option<ArticleNo> {
    if chars == ['全', '文'] {
        return Some(ArticleNo::new(0));
    }
    let mut rest = chars;
    match rest {
        ['条', '目', tail @ ..] => rest = tail,
        ['第', tail @ ..] => rest = tail,
        _ => {}
    }
    let (num, used) = number(rest)?;
    rest = &rest[used..];
    if let ['条', tail @ ..] = rest {
        rest = tail;
    }
    let mut sub = 0;
    if let ['之', tail @ ..] = rest {
        let (n, used) = number(tail)?;
        sub = n;
        rest = &tail[used..];
        // 第276之一条 is met too.
        if let ['条'] = rest {
            rest = &[];
        }
    }
    let fits = (1..=ARTICLE_NUM_MAX).contains(&num) && sub <= ARTICLE_SUB_MAX;
    (rest.is_empty() && fits).then_some(ArticleNo { num, sub })
}

/// Folds full-width digits and brackets and the other zero (〇) to one form, one character for one.
pub(super) fn fold(c: char) -> char {
    match c {
        '０'..='９' => char::from(b'0' + (c as u32 - '０' as u32) as u8),
        '〇' => '零',
        '两' => '二',
        '（' => '(',
        '）' => ')',
        '條' => '条',
        '－' | '—' | '–' | '―' | '～' | '〜' | '~' => '-',
        '，' => ',',
        '：' => ':',
        _ => c,
    }
}

/// Reads a number, Arabic or Chinese (also digit by digit: 一〇七九), from the start of folded characters.
/// Returns it with the count of characters used.
pub(super) fn number(chars: &[char]) -> Option<(u32, usize)> {
    let arabic = chars.iter().take_while(|c| c.is_ascii_digit()).count();
    if arabic > 0 {
        let digits: String = chars[..arabic].iter().collect();
        return digits.parse().ok().map(|n| (n, arabic));
    }
    let used = chars.iter().take_while(|c| value(**c).is_some()).count();
    let run = &chars[..used];
    if used == 0 {
        return None;
    }
    let n = if run.iter().any(|c| unit(*c).is_some()) {
        by_units(run)?
    } else {
        by_digits(run)?
    };
    Some((n, used))
}

fn by_digits(run: &[char]) -> Option<u32> {
    run.iter()
        .try_fold(0u32, |n, c| n.checked_mul(10)?.checked_add(digit(*c)?))
}

/// 一千零六十二, 十二, 二百七十六. Units must fall, digits may not stand together.
fn by_units(run: &[char]) -> Option<u32> {
    let (mut total, mut pending, mut last_unit) = (0u32, None, u32::MAX);
    for &c in run {
        if c == '零' {
            if pending.is_some() {
                return None;
            }
        } else if let Some(u) = unit(c) {
            if u >= last_unit {
                return None;
            }
            let d = match pending.take() {
                Some(d) => d,
                None if u == 10 => 1,
                None => return None,
            };
            total += d * u;
            last_unit = u;
        } else if pending.replace(digit(c)?).is_some() || last_unit == 1 {
            return None;
        }
    }
    Some(total + pending.unwrap_or(0))
}

fn value(c: char) -> Option<u32> {
    digit(c).or_else(|| unit(c))
}

fn digit(c: char) -> Option<u32> {
    "零一二三四五六七八九"
        .chars()
        .position(|d| d == c)
        .map(|p| p as u32)
}

fn unit(c: char) -> Option<u32> {
    match c {
        '十' => Some(10),
        '百' => Some(100),
        '千' => Some(1_000),
        _ => None,
    }
}

/// `n` (up to 9,999) in Chinese as statutes write it: 10 is 十, 110 一百一十, 1062 一千零六十二.
fn chinese(n: u32) -> String {
    const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let (mut out, mut gap) = (String::new(), false);
    for (size, name) in [(1_000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let d = n / size % 10;
        if d == 0 {
            gap = !out.is_empty();
            continue;
        }
        if gap {
            out.push('零');
            gap = false;
        }
        if !(size == 10 && d == 1 && out.is_empty()) {
            out.push(DIGITS[d as usize]);
        }
        out.push_str(name);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_number_is_read_back_in_both_numerals() {
        for num in 1..=3000 {
            for sub in 0..=30 {
                let article = ArticleNo { num, sub };
                let arabic = match sub {
                    0 => format!("第{num}条"),
                    _ => format!("第{num}条之{sub}"),
                };
                for written in [article.to_string(), article.compact(), arabic] {
                    assert_eq!(ArticleNo::parse(&written), Ok(article), "{written}");
                }
            }
        }
    }

    #[test]
    fn numbers_are_written_as_statutes_write_them() {
        for (num, sub, shown, compact) in [
            (10, 0, "第十条", "10"),
            (20, 0, "第二十条", "20"),
            (110, 0, "第一百一十条", "110"),
            (101, 0, "第一百零一条", "101"),
            (1062, 0, "第一千零六十二条", "1062"),
            (1010, 0, "第一千零一十条", "1010"),
            (276, 1, "第二百七十六条之一", "276之一"),
            (120, 12, "第一百二十条之十二", "120之十二"),
            (0, 0, "全文", "0"),
        ] {
            let article = ArticleNo { num, sub };
            assert_eq!(article.to_string(), shown);
            assert_eq!(article.compact(), compact);
        }
    }

    #[test]
    fn other_ways_to_write_a_number() {
        for (written, num, sub) in [
            ("１２", 12, 0),
            ("第 276 条 之 1", 276, 1),
            ("第276之一条", 276, 1),
            ("一〇七九", 1079, 0),
            ("第一千〇七十九条", 1079, 0),
            ("一百一十", 110, 0),
            ("两百", 200, 0),
            ("条目三", 3, 0),
            ("一", 1, 0),
            ("全文", 0, 0),
            ("第八十條", 80, 0),
        ] {
            assert_eq!(
                ArticleNo::parse(written),
                Ok(ArticleNo { num, sub }),
                "{written}"
            );
        }
    }

    #[test]
    fn what_is_no_article_is_refused() {
        for written in [
            "",
            "第",
            "第条",
            "0",
            "零",
            "第零条",
            "四七",
            "百",
            "十百",
            "一二百",
            "47条款",
            "第三款",
            "3.5",
            "-3",
            "99999",
            "276之",
            "之一",
            "第四十七条第一款",
            "12之100",
            "99999999999999",
        ] {
            // 四七 is 47 digit by digit, as 一〇七九 is.
            let allowed = written == "四七";
            assert_eq!(ArticleNo::parse(written).is_ok(), allowed, "{written}");
        }
    }

    #[test]
    fn articles_are_ordered_as_in_the_book() {
        let order = ["第八条", "第八十条", "第八十条之一", "第八十一条"];
        let read: Vec<_> = order.iter().map(|a| ArticleNo::parse(a).unwrap()).collect();
        assert!(read.is_sorted());
        assert_ne!(read[0], read[1]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}|[第条之一二三四五六七八九十百千零〇0-9０-９]{0,10}") {
            if let Ok(article) = ArticleNo::parse(&text) {
                prop_assert_eq!(ArticleNo::parse(&article.to_string()), Ok(article));
            }
        }
    }
}
