//! References to articles behind a law's name: lists, ranges, and the paragraphs that follow an article.
//!
//! All positions count the folded characters of [`super::squashed::Squashed`].

use super::article::{ARTICLE_NUM_MAX, ARTICLE_SUB_MAX, ArticleNo, number};

/// Longest range read out article by article; of a longer one only both ends are cited.
pub(super) const RANGE_ARTICLES_MAX: u32 = 60;
/// Highest bare number (劳动合同法 47) read as an article: above it stand years.
const BARE_NUM_MAX: u32 = 1_500;
/// Most numbers in one list such as 第三、五、七条.
const LIST_MAX: usize = 40;

/// Articles named by one reference or one range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub articles: Vec<ArticleNo>,
    pub start: usize,
    pub end: usize,
}

/// One number of a list, before ranges are read out.
#[derive(Debug, Clone, Copy)]
struct Item {
    article: ArticleNo,
    /// 至, 到, - stood before it.
    to: bool,
    start: usize,
    end: usize,
}

/// All articles referred to from `at` on, and where the reference ends. `adjacent`: a law's name ends at `at`, so
/// that 47 and 四十七条 without 第 are articles as well.
pub(super) fn group(chars: &[char], at: usize, adjacent: bool) -> Option<(Vec<Group>, usize)> {
    let at = if adjacent { skip_blank(chars, at) } else { at };
    let (mut items, mut end) = match closed(chars, at) {
        Some(found) => found,
        None if adjacent => return bare(chars, at),
        None => return None,
    };
    loop {
        end = paragraphs(chars, end);
        let Some((to, next)) = separator(chars, end) else {
            break;
        };
        // 30条、31条 goes on without 第; after a comma only 第 does.
        if chars[next - 1] == ',' && chars.get(next) != Some(&'第') {
            break;
        }
        let Some((mut more, more_end)) = closed(chars, next) else {
            break;
        };
        more[0].to = to;
        items.append(&mut more);
        end = more_end;
    }
    Some((groups(&items), end))
}

/// 第三十条, 三十条, 第三十、三十一条, 第三十至第三十二条, 第276条之一: up to 条.
fn closed(chars: &[char], at: usize) -> Option<(Vec<Item>, usize)> {
    let mut items = Vec::new();
    let (mut at, mut to) = (at, false);
    while items.len() < LIST_MAX {
        let start = at;
        if chars.get(at) == Some(&'第') {
            at += 1;
        }
        let (num, used) = number(chars.get(at..)?)?;
        at += used;
        let mut sub = 0;
        if let Some((n, end)) = sub_number(chars, at) {
            (sub, at) = (n, end);
        }
        let done = chars.get(at) == Some(&'条');
        if done {
            at += 1;
            if sub == 0
                && let Some((n, end)) = sub_number(chars, at)
            {
                (sub, at) = (n, end);
            }
        }
        let article = article(num, sub)?;
        items.push(Item {
            article,
            to,
            start,
            end: at,
        });
        if done {
            return Some((items, at));
        }
        (to, at) = separator(chars, at)?;
    }
    None
}

/// 47, 30-32, 276之一, 47、48 directly behind a name. What counts something else (3年, 2倍) is no article.
fn bare(chars: &[char], at: usize) -> Option<(Vec<Group>, usize)> {
    let mut items: Vec<Item> = Vec::new();
    let (mut at, mut to) = (at, false);
    while items.len() < LIST_MAX && chars.get(at).is_some_and(char::is_ascii_digit) {
        let Some((num, used)) = number(&chars[at..]) else {
            break;
        };
        let (mut sub, mut end) = (0, at + used);
        if let Some((n, after)) = sub_number(chars, end) {
            (sub, end) = (n, after);
        }
        let Some(article) = article(num, sub).filter(|a| a.num <= BARE_NUM_MAX) else {
            break;
        };
        let counts = chars.get(end).is_some_and(|c| counts_other(*c));
        let decimal = matches!(chars.get(end), Some('.' | ':' | '/' | '%'))
            && chars.get(end + 1).is_none_or(char::is_ascii_digit);
        if counts || decimal {
            break;
        }
        items.push(Item {
            article,
            to,
            start: at,
            end,
        });
        let Some((next_to, next)) = separator(chars, end) else {
            break;
        };
        (to, at) = (next_to, next);
    }
    let end = items.last()?.end;
    Some((groups(&items), paragraphs(chars, end)))
}

/// A number before these is no article.
fn counts_other(c: char) -> bool {
    c.is_alphanumeric() && (c.is_ascii() || "年月日号元块万千百十亿天周岁次倍个章节编款项目人份名户家小时分秒成以多几届版修角号楼室米公里吨斤".contains(c))
}

fn article(num: u32, sub: u32) -> Option<ArticleNo> {
    let fits = (1..=ARTICLE_NUM_MAX).contains(&num) && sub <= ARTICLE_SUB_MAX;
    fits.then_some(ArticleNo { num, sub })
}

/// 之一 at `at`; 之三十条 is not one.
fn sub_number(chars: &[char], at: usize) -> Option<(u32, usize)> {
    if chars.get(at) != Some(&'之') {
        return None;
    }
    let (n, used) = number(&chars[at + 1..])?;
    (1..=ARTICLE_SUB_MAX)
        .contains(&n)
        .then_some((n, at + 1 + used))
}

/// What joins references: (a range, where it ends).
fn separator(chars: &[char], at: usize) -> Option<(bool, usize)> {
    let at = skip_blank(chars, at);
    let rest = chars.get(at..)?;
    let (to, used) = match rest {
        ['至' | '到', ..] => (true, 1),
        ['-', '-', ..] => (true, 2),
        ['-', ..] => (true, 1),
        [',' | '、', '和' | '与' | '及' | '或', ..] => (false, 2),
        ['以', '及', ..] | ['或', '者', ..] | ['还', '有', ..] => (false, 2),
        [
            ',' | '、' | '和' | '与' | '及' | '或' | '跟' | '并' | '&' | '/',
            ..,
        ] => (false, 1),
        _ => return None,
    };
    Some((to, skip_blank(chars, at + used)))
}

fn skip_blank(chars: &[char], at: usize) -> usize {
    at + usize::from(chars.get(at) == Some(&' '))
}

/// Where 第一款、第二款第(三)项 and the like behind an article end.
fn paragraphs(chars: &[char], at: usize) -> usize {
    let mut end = at;
    let mut next = at;
    while let Some(after) = paragraph(chars, next) {
        end = after;
        next = match separator(chars, end) {
            Some((_, after)) if paragraph(chars, after).is_some() => after,
            _ => end,
        };
    }
    end
}

/// One of 第三款, 第(三)项, (三), 第2目, 前款, 后段, 但书, 第一、二款.
fn paragraph(chars: &[char], at: usize) -> Option<usize> {
    if let ['前' | '后' | '末', '款' | '段', ..] | ['但', '书', ..] = chars.get(at..)? {
        return Some(at + 2);
    }
    let mut next = at;
    for _ in 0..LIST_MAX {
        let (end, bracket) = ordinal(chars, next)?;
        match chars.get(end) {
            Some('款' | '项' | '目' | '句' | '段') => return Some(end + 1),
            // 第三十九条(二)
            _ if bracket => return Some(end),
            // 第一、二款: the unit stands behind the last number.
            _ => next = separator(chars, end)?.1,
        }
    }
    None
}

/// 三, 第三, 第(三), (三): where it ends, and whether it is in brackets without 第.
fn ordinal(chars: &[char], at: usize) -> Option<(usize, bool)> {
    let first = chars.get(at) == Some(&'第');
    let mut i = at + usize::from(first);
    let bracket = chars.get(i) == Some(&'(');
    i += usize::from(bracket);
    i += number(chars.get(i..)?)?.1;
    if bracket {
        if chars.get(i) != Some(&')') {
            return None;
        }
        i += 1;
    }
    Some((i, bracket && !first))
}

/// Reads ranges out.
fn groups(items: &[Item]) -> Vec<Group> {
    let mut out: Vec<Group> = Vec::with_capacity(items.len());
    for item in items {
        match out.last_mut() {
            Some(open) if item.to => {
                if let Some(&from) = open.articles.last() {
                    open.articles.extend(range(from, item.article));
                }
                open.end = item.end;
            }
            _ => out.push(Group {
                articles: vec![item.article],
                start: item.start,
                end: item.end,
            }),
        }
    }
    out
}

/// The articles after `from` up to `to`; of a range that is too long or runs backwards only `to`.
fn range(from: ArticleNo, to: ArticleNo) -> Vec<ArticleNo> {
    if from.num == to.num && from.sub < to.sub {
        return (from.sub + 1..=to.sub)
            .map(|sub| ArticleNo { num: to.num, sub })
            .collect();
    }
    if from.num >= to.num || to.num - from.num > RANGE_ARTICLES_MAX {
        return vec![to];
    }
    let mut out: Vec<ArticleNo> = (from.num + 1..to.num).map(ArticleNo::new).collect();
    if to.sub > 0 {
        out.push(ArticleNo::new(to.num));
    }
    out.push(to);
    out
}
