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
