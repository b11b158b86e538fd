//! Citations in running text: 《劳动合同法》第四十七条、第四十八条, 民法典第1079条第三款, 劳动合同法 30-32.
//!
//! A law is named by the longest known name or by what stands in 《》, never by a part of a longer title: 行政诉讼法
//! is not 诉讼法, 广东省工伤保险条例 is not 工伤保险条例. An article without a law's name belongs to the law named
//! just before, in the same line; an article of a contract or a staff handbook is no citation.

use std::ops::Range;

use super::article::ArticleNo;
use super::names::LawNames;
use super::reference::{Group, group};
use super::squashed::Squashed;

/// Most articles read out of one text; the rest is left out.
pub const CITED_MAX: usize = 200;
/// How far, in characters, an article may stand behind the law it belongs to without naming it again.
const CARRY_CHARS_MAX: usize = 60;
/// Longest unknown title read back from an article, in characters.
const TITLE_CHARS_MAX: usize = 40;
/// Longest continuation of a known name that makes it another title (行政处罚法 + 实施条例), in characters.
const REST_CHARS_MAX: usize = 10;
/// Longest remark in brackets between a law and its article (（2018年修正）), in characters.
const REMARK_CHARS_MAX: usize = 30;

/// One cited article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cited {
    /// The title (without 中华人民共和国) the name stands for where it is known, else as written without 《》.
    pub law: String,
    /// A name of [`LawNames`]; whether the law has this article is for the statutes to say.
    pub law_known: bool,
    pub article: ArticleNo,
    /// Bytes of the text: the reference, together with the law's name where that stands directly before it.
    /// All articles of one range share its span.
    pub span: Range<usize>,
}

/// Why a text is not one citation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CiteError {
    #[error("`{0}` names no article; write for instance 劳动合同法 47 or 刑法 276之一")]
    NoArticle(String),
    #[error("`{0}` names no law; write for instance 劳动合同法 47 or 刑法 276之一")]
    NoLaw(String),
}

/// Reads one citation such as `劳动合同法 47` or 《劳动合同法》第四十七条: the law as written (without 《》), and the
/// article. Nothing may follow the article.
pub fn parse_one(text: &str) -> Result<(String, ArticleNo), CiteError> {
    let trimmed = text.trim();
    if ArticleNo::parse(trimmed).is_ok() {
        return Err(CiteError::NoLaw(text.to_owned()));
    }
    let split = trimmed.char_indices().skip(1).find_map(|(at, _)| {
        let (law, rest) = trimmed.split_at(at);
        // 第 belongs to the number; 条目 and 全文 stand apart from the law.
        let article = ArticleNo::parse(rest).ok()?;
        (!law.ends_with('第')).then_some((law, article))
    });
    let (law, article) = split.ok_or_else(|| CiteError::NoArticle(text.to_owned()))?;
    let law = law.trim();
    let law = law
        .strip_prefix('《')
        .and_then(|l| l.strip_suffix('》'))
        .unwrap_or(law);
    if law.is_empty() {
        return Err(CiteError::NoLaw(text.to_owned()));
    }
    Ok((law.to_owned(), article))
}

/// All articles cited in `text`, in order; lists and ranges one by one. At most [`CITED_MAX`].
pub fn citations(text: &str, names: &LawNames) -> Vec<Cited> {
    let text = Squashed::new(text);
    let mut scan = Scan {
        names,
        mentions: text.mentions(names),
        text: &text,
        law: None,
        called: Vec::new(),
        end: 0,
        carries: false,
        out: Vec::new(),
    };
    scan.run();
    scan.out
}

/// The law an article belongs to.
#[derive(Debug, Clone)]
struct Law {
    title: String,
    known: bool,
    /// First character of its name.
    start: usize,
    /// Where an article without 第 or 条 may follow directly.
    adjacent: usize,
}

struct Scan<'a> {
    names: &'a LawNames,
    text: &'a Squashed<'a>,
    /// Known names as (start, end, title), by start; none overlap.
    mentions: Vec<(usize, usize, &'a str)>,
    law: Option<Law>,
    /// Names that the text itself gives (（以下简称《解释》）), with their laws.
    called: Vec<(String, Law)>,
    /// End of the last name or article read.
    end: usize,
    /// An article without a name may still belong to `law`: same line.
    carries: bool,
    out: Vec<Cited>,
}

impl Scan<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while at < self.text.chars.len() && self.out.len() < CITED_MAX {
            if self.text.chars[at] == '\n' {
                self.carries = false;
            }
            at = self
                .title_in_marks(at)
                .or_else(|| self.known_name(at))
                .or_else(|| self.articles(at))
                .unwrap_or(at + 1);
        }
        self.out.truncate(CITED_MAX);
    }

    /// 《…》 that begins here and is not part of a longer known title.
    fn title_in_marks(&mut self, at: usize) -> Option<usize> {
        let close = self.text.marked_from(at)?;
        if self.mention(at).is_some_and(|(end, _)| end >= close) {
            return None;
        }
        let title = self.text.original(at..close);
        let called = self.called.iter().rev().find(|(name, _)| *name == title);
        let (title, known) = called.map_or((title, false), |(_, l)| (l.title.clone(), l.known));
        Some(self.name(at, close, title, known))
    }

    fn known_name(&mut self, at: usize) -> Option<usize> {
        let (end, title) = self.mention(at)?;
        let title = title.to_owned();
        // A place before the name makes it another law, unless 《 keeps them apart.
        let place = !self.text.marked(at) && of_a_place(&self.text.chars[self.end..at]);
        if place {
            let start = self.title_start(at);
            let written = self.text.original(start..end);
            return Some(self.name(start, end, written, false));
        }
        Some(self.name(at, end, title, true))
    }

    fn mention(&self, at: usize) -> Option<(usize, &str)> {
        let i = self.mentions.binary_search_by_key(&at, |m| m.0).ok()?;
        Some((self.mentions[i].1, self.mentions[i].2))
    }

    fn name(&mut self, start: usize, end: usize, title: String, known: bool) -> usize {
        let adjacent = remark_end(&self.text.chars, end);
        let law = Law {
            title,
            known,
            start,
            adjacent,
        };
        let remark: String = self.text.chars[end..adjacent].iter().collect();
        if let Some((_, name)) = remark.trim_end_matches(')').split_once("简称") {
            let name = name.trim_start_matches([':', '为']).to_owned();
            self.called.push((name, law.clone()));
        }
        self.law = Some(law);
        self.end = adjacent;
        self.carries = true;
        adjacent
    }

    /// Articles that begin here, if their law can be told.
    fn articles(&mut self, at: usize) -> Option<usize> {
        let adjacent = self.law.as_ref().is_some_and(|l| l.adjacent == at);
        if self.text.chars[at] != '第' && !adjacent {
            return None;
        }
        let (groups, end) = group(&self.text.chars, at, adjacent)?;
        if adjacent {
            let law = self.law.clone()?;
            self.push(&law, &groups, law.start);
        } else if let Some((law, start)) = self.law_before(at) {
            self.push(&law, &groups, start);
            self.law = Some(law);
            self.carries = true;
        }
        self.end = end;
        Some(end)
    }

    fn push(&mut self, law: &Law, groups: &[Group], name_start: usize) {
        for (i, group) in groups.iter().enumerate() {
            let start = if i == 0 { name_start } else { group.start };
            let span = self.text.span(start..group.end);
            for &article in &group.articles {
                self.out.push(Cited {
                    law: law.title.clone(),
                    law_known: law.known,
                    article,
                    span: span.clone(),
                });
            }
        }
    }

    /// The law of an article at `at` that does not follow a name directly, and where the citation begins.
    fn law_before(&self, at: usize) -> Option<(Law, usize)> {
        let chars = &self.text.chars;
        let run = title_run(&chars[self.end..at]);
        let before: String = chars[at - run..at].iter().collect();
        if own_title(&before) {
            return None;
        }
        if PRONOUNS.iter().any(|p| before.ends_with(p)) {
            return Some((self.law.clone()?, at));
        }
        let linked = self.law_end() == Some(at - run) && LINKS.contains(&before.as_str());
        if !linked && let Some(found) = self.unknown_title(at, &before) {
            return Some(found);
        }
        let gap: String = chars[self.end..at].iter().collect();
        let near = self.carries && at - self.end <= CARRY_CHARS_MAX && !gap.contains('\n');
        let other = OTHER_RULES.iter().any(|w| gap.contains(w));
        let joined = before.is_empty() || linked || CONNECTIVES.iter().any(|c| before.ends_with(c));
        (near && !other && joined)
            .then(|| self.law.clone().map(|l| (l, at)))
            .flatten()
    }

    fn law_end(&self) -> Option<usize> {
        self.law.as_ref().map(|l| l.adjacent)
    }

    /// A title without 《》 that no list has: 北京市物业管理办法第十条, 劳动合同法及其实施条例第三条.
    fn unknown_title(&self, at: usize, before: &str) -> Option<(Law, usize)> {
        let bare = before.rsplit_once('(').map_or(before, |(b, _)| b);
        let ends = |suffixes: &[&str]| suffixes.iter().any(|s| bare.ends_with(s));
        if !ends(&TITLE_ENDS) || ends(&NOT_TITLES) {
            return None;
        }
        let start = self.title_start(at);
        let written = self.text.original(start..at);
        if NOT_LAWMAKERS.iter().any(|w| written.contains(w)) {
            return None;
        }
        if let Some(law) = self.law.as_ref().filter(|l| l.adjacent == start) {
            let rest = written.trim_start_matches(['及', '其', '和', '与', '的']);
            let continued = rest.len() == written.len() && rest.chars().count() <= REST_CHARS_MAX;
            if continued || OF_THE_LAW.contains(&rest) {
                let title = format!("{}{rest}", law.title);
                let known = self.names.resolve(&title).map(str::to_owned);
                return Some((
                    Law {
                        known: known.is_some(),
                        title: known.unwrap_or(title),
                        start: law.start,
                        adjacent: at,
                    },
                    law.start,
                ));
            }
            return None;
        }
        if TITLE_ENDS.contains(&written.as_str()) {
            return None;
        }
        let law = Law {
            title: written,
            known: false,
            start,
            adjacent: at,
        };
        Some((law, start))
    }

    /// Where the title that ends at `end` begins: behind the last name, a mark, or a word such as 根据.
    fn title_start(&self, end: usize) -> usize {
        let chars = &self.text.chars;
        let mut start = end - title_run(&chars[self.end..end]);
        if chars[start..end].starts_with(&['关', '于']) {
            return start;
        }
        for intro in INTRODUCTIONS {
            let intro: Vec<char> = intro.chars().collect();
            let cut = chars[start..end]
                .windows(intro.len())
                .rposition(|w| w == intro)
                .map(|p| start + p + intro.len());
            start = cut.filter(|c| *c < end).unwrap_or(start);
        }
        start
    }
}

/// Words for a law named before.
const PRONOUNS: [&str; 11] = [
    "同法",
    "该法",
    "此法",
    "这部法",
    "该部法",
    "该法律",
    "该条例",
    "该规定",
    "该办法",
    "该解释",
    "同条例",
];
/// What a text calls itself: 本法第三条 belongs to the text it stands in, which nobody here knows.
const ITSELF: char = '本';
/// What may stand between a law and its article.
const LINKS: [&str; 14] = [
    "的",
    "里",
    "里的",
    "里面",
    "里面的",
    "中",
    "中的",
    "规定",
    "规定的",
    "的规定",
    "有关规定",
    "上",
    "上的",
    "之",
];
/// What joins an article to the one before it, or leads to it.
const CONNECTIVES: [&str; 24] = [
    "和",
    "与",
    "及",
    "或",
    "或者",
    "并",
    "根据",
    "依据",
    "按照",
    "依照",
    "参照",
    "适用",
    "违反",
    "结合",
    "见",
    "看",
    "按",
    "据",
    "同时",
    "其中",
    "包括",
    "尤其是",
    "还有",
    "即",
];
/// Texts that have articles and are no law.
const OTHER_RULES: [&str; 12] = [
    "合同",
    "协议",
    "章程",
    "手册",
    "制度",
    "公约",
    "规约",
    "保单",
    "条款",
    "判决",
    "裁定",
    "承诺书",
];
/// How titles end.
const TITLE_ENDS: [&str; 16] = [
    "法",
    "法典",
    "条例",
    "规定",
    "办法",
    "解释",
    "细则",
    "规则",
    "意见",
    "通知",
    "批复",
    "决定",
    "修正案",
    "规程",
    "规范",
    "解答",
];
/// Words that end like titles.
const NOT_TITLES: [&str; 16] = [
    "方法",
    "想法",
    "看法",
    "做法",
    "说法",
    "语法",
    "书法",
    "魔法",
    "违法",
    "合法",
    "守法",
    "司法",
    "执法",
    "非法",
    "公司规定",
    "厂里规定",
];
/// Whose rules are no law.
const NOT_LAWMAKERS: [&str; 9] = [
    "公司",
    "我",
    "你",
    "他们",
    "厂里",
    "学校",
    "单位的",
    "村里",
    "店里",
];
/// Rules made under a law, named after it (劳动合同法及其实施条例).
const OF_THE_LAW: [&str; 5] = ["实施条例", "实施细则", "实施办法", "司法解释", "解释"];
/// Words before a title that are no part of it; longer words before their parts.
const INTRODUCTIONS: [&str; 22] = [
    "根据",
    "依据",
    "依照",
    "按照",
    "参照",
    "适用",
    "违反",
    "触犯",
    "引用",
    "援引",
    "对照",
    "查阅",
    "请问",
    "什么是",
    "以及",
    "还有",
    "或者",
    "我看",
    "那个",
    "这个",
    "说",
    "按",
];
/// Makers of law that are not the state: what follows is another law than the state's of that name.
const PLACES: [&str; 18] = [
    "省",
    "市",
    "县",
    "自治区",
    "特区",
    "自治州",
    "香港",
    "澳门",
    "台湾",
    "日本",
    "美国",
    "德国",
    "法国",
    "英国",
    "韩国",
    "瑞士",
    "俄罗斯",
    "特别行政区",
];
/// Words that end like a place and are none.
const NOT_PLACES: [&str; 5] = ["城市", "上市", "超市", "门市", "股市"];

/// 本解释, 本实施细则, 本法 at the end.
fn own_title(before: &str) -> bool {
    let title = before.rsplit_once(ITSELF).map(|(_, title)| title);
    title.is_some_and(|t| {
        let kind = t.strip_prefix("实施").unwrap_or(t);
        TITLE_ENDS.contains(&kind)
    })
}

fn of_a_place(before: &[char]) -> bool {
    let before: String = before[before.len().saturating_sub(5)..].iter().collect();
    PLACES.iter().any(|p| before.ends_with(p)) && !NOT_PLACES.iter().any(|n| before.ends_with(n))
}

/// Characters at the end of `chars` that can belong to a title.
fn title_run(chars: &[char]) -> usize {
    let belongs = |c: &&char| matches!(**c, '\u{4e00}'..='\u{9fff}' | '(' | ')');
    let near = chars.iter().rev().take(TITLE_CHARS_MAX);
    near.take_while(belongs).count()
}

/// Where the text goes on after a remark in brackets directly behind a name, else `at`.
fn remark_end(chars: &[char], at: usize) -> usize {
    if chars.get(at) != Some(&'(') {
        return at;
    }
    let remark = chars[at..].iter().take(REMARK_CHARS_MAX);
    match remark.clone().position(|c| *c == ')' || *c == '\n') {
        Some(close) if chars[at + close] == ')' => at + close + 1,
        _ => at,
    }
}

#[cfg(test)]
#[path = "cite_tests.rs"]
mod tests;
