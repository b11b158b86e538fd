//! One law written by hand: Markdown with front matter, turned into lines of the format that [`super::import`] reads.
//!
//! ```markdown
//! ---
//! law: 风筝管理条例
//! short: [风筝条例]
//! kind: 地方性法规
//! issued: 2024-03-28
//! effective: 2024-07-01
//! status: 现行有效
//! source: 市人民代表大会常务委员会公报2024年第2期
//! ---
//! # 第一章 总则
//! ## 第一条
//! 为了安全地放风筝，制定本条例。
//!
//! 第二条　风筝线不得横穿道路。
//! ```

use super::article::{ARTICLE_NUM_MAX, ArticleNo};
use super::import::{ImportError, Row, day, status};
use super::names::short_title;
use serde::Deserialize;
use serde_saphyr::Spanned;

/// Lines above the front matter's own first line.
const FENCE_LINES: usize = 1;
const FENCE: &str = "---\n";
/// What stands for the text of an article that an amendment took out.
const TAKEN_OUT: [&str; 4] = ["（删去）", "（删除）", "（已删去）", "（已删除）"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    law: Spanned<String>,
    #[serde(default)]
    short: Vec<String>,
    kind: Spanned<String>,
    #[serde(default)]
    issued: Option<Spanned<String>>,
    #[serde(default)]
    effective: Option<Spanned<String>>,
    #[serde(default)]
    superseded: Option<Spanned<String>>,
    status: Spanned<String>,
    source: Spanned<String>,
}

/// An article with the line it begins on.
struct Found {
    article: ArticleNo,
    line: usize,
    paragraphs: Vec<String>,
}

/// Turns a file into JSON Lines, one article a line. Lines that begin with `>` and headings other than articles are
/// left out.
///
/// # Errors
/// The first line with something missing, unknown or out of order.
pub fn to_jsonl(text: &str) -> Result<String, ImportError> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let split = text
        .strip_prefix(FENCE)
        .and_then(|rest| rest.split_once("\n---\n"));
    let Some((front, body)) = split else {
        return Err(at(
            1,
            "no front matter: the file begins with a line --- and ends it with another",
        ));
    };
    let matter: FrontMatter = serde_saphyr::from_str(front).map_err(|error| {
        let line = error.location().map_or(0, line_of) + FENCE_LINES;
        at(line, error.without_snippet().to_string())
    })?;
    let above = front.lines().count() + 2 * FENCE_LINES;
    let articles = articles(body, above)?;
    rows(&matter, &articles)
}

fn rows(matter: &FrontMatter, articles: &[Found]) -> Result<String, ImportError> {
    for (key, value) in [
        ("law", &matter.law),
        ("kind", &matter.kind),
        ("source", &matter.source),
    ] {
        if value.value.trim().is_empty() {
            return Err(of(value, format!("`{key}` is empty")));
        }
    }
    status(&matter.status.value).map_err(|message| of(&matter.status, message))?;
    let mut days = [None, None, None];
    let written = [
        ("issued", &matter.issued),
        ("effective", &matter.effective),
        ("superseded", &matter.superseded),
    ];
    for (known, (key, value)) in days.iter_mut().zip(written) {
        if let Some(value) = value {
            let day = day(&value.value).map_err(|e| of(value, format!("`{key}`: {e}")))?;
            *known = Some(day.to_string().into());
        }
    }
    let [issued, effective, superseded] = days;
    let law = matter.law.value.trim();
    let mut lines = String::new();
    for (number, found) in articles.iter().enumerate() {
        let row = Row {
            law: law.into(),
            law_short: short_title(law).into(),
            article_no: found.article.to_string().into(),
            article_num: Some(found.article.num),
            kind: matter.kind.value.trim().into(),
            status: matter.status.value.as_str().into(),
            effective_date: effective.clone(),
            version_date: issued.clone(),
            superseded_on: superseded.clone(),
            repealed_by: None,
            text: found.paragraphs.join("\n").into(),
            source: matter.source.value.trim().into(),
            names: if number == 0 {
                matter.short.clone()
            } else {
                Vec::new()
            },
        };
        let line = serde_json::to_string(&row).map_err(|e| at(found.line, e.to_string()))?;
        lines.push_str(&line);
        lines.push('\n');
    }
    Ok(lines)
}

/// The articles of the body, which has `above` lines above it.
fn articles(body: &str, above: usize) -> Result<Vec<Found>, ImportError> {
    let mut found: Vec<Found> = Vec::new();
    for (number, line) in body.lines().enumerate() {
        let (line, number) = (line.trim(), above + number + 1);
        if line.is_empty() || line.starts_with('>') {
            continue;
        }
        if let Some((article, rest)) = article_line(line) {
            let before = found.last();
            follows(before.map(|f| f.article), article).map_err(|message| at(number, message))?;
            before.map_or(Ok(()), complete)?;
            let paragraphs = Some(rest).filter(|rest| !rest.is_empty());
            found.push(Found {
                article,
                line: number,
                paragraphs: paragraphs.map(str::to_owned).into_iter().collect(),
            });
        } else if line.starts_with('#') || is_part(line) {
            continue;
        } else {
            let Some(current) = found.last_mut() else {
                let message =
                    "text before the first article: begin the line with > to leave it out";
                return Err(at(number, message));
            };
            current.paragraphs.push(line.to_owned());
        }
    }
    match found.last() {
        None => {
            return Err(at(
                above + 1,
                "no article: a line that begins with 第一条 and a blank",
            ));
        }
        Some(last) => complete(last)?,
    }
    found.retain(|f| !(f.paragraphs.len() == 1 && TAKEN_OUT.contains(&f.paragraphs[0].as_str())));
    Ok(found)
}

/// `## 第三条`, `**第三条** 文`, `第三条　文`: the number and what follows. 第三条规定的… within a text is none.
fn article_line(line: &str) -> Option<(ArticleNo, &str)> {
    let line = line.trim_start_matches('#').trim_start();
    let bold = line.strip_prefix("**");
    let line = bold.unwrap_or(line);
    if !line.starts_with('第') {
        return None;
    }
    let mut end = line.find('条')? + '条'.len_utf8();
    if let Some(sub) = line[end..].strip_prefix('之') {
        let digits = sub.find(|c: char| !"零〇一二三四五六七八九十0123456789".contains(c));
        end += '之'.len_utf8() + digits.unwrap_or(sub.len());
    }
    let article = ArticleNo::parse(&line[..end]).ok()?;
    let rest = &line[end..];
    if let (Some(_), Some(rest)) = (bold, rest.strip_prefix("**")) {
        return Some((article, rest.trim()));
    }
    let apart = rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c == '【');
    apart.then_some((article, rest.trim()))
}

/// A line such as 第一章 总则 or 附则 that is no text.
fn is_part(line: &str) -> bool {
    let Some(rest) = line.strip_prefix('第') else {
        return line
            .chars()
            .filter(|c| !c.is_whitespace())
            .eq("附则".chars());
    };
    let number = rest.find(|c: char| !"零一二三四五六七八九十百0123456789".contains(c));
    let rest = &rest[number.unwrap_or(rest.len())..];
    let part = ["分编", "编", "章", "节"]
        .iter()
        .find_map(|p| rest.strip_prefix(p));
    number != Some(0)
        && part.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

/// Articles come in their order without a gap: a missing one was most likely not recognised.
fn follows(before: Option<ArticleNo>, article: ArticleNo) -> Result<(), String> {
    let Some(before) = before else {
        return Ok(());
    };
    let next = ArticleNo {
        num: (before.num + 1).min(ARTICLE_NUM_MAX),
        sub: 0,
    };
    let beside = ArticleNo {
        sub: before.sub + 1,
        ..before
    };
    if article == next || article == beside {
        return Ok(());
    }
    Err(format!(
        "{article} follows {before}, not {next}: write every article on a line of its own, with a blank after its \
         number; one that was taken out as {next}　（删去）"
    ))
}

fn complete(found: &Found) -> Result<(), ImportError> {
    if found.paragraphs.is_empty() {
        return Err(at(found.line, format!("{} has no text", found.article)));
    }
    Ok(())
}

fn of(value: &Spanned<String>, message: String) -> ImportError {
    at(line_of(value.referenced) + FENCE_LINES, message)
}

fn at(line: usize, message: impl Into<String>) -> ImportError {
    ImportError {
        line,
        message: message.into(),
    }
}

fn line_of(at: serde_saphyr::Location) -> usize {
    usize::try_from(at.line()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialogue::nouns::Verdict;
    use crate::law::version::Laws;
    use jiff::civil::date;

    const KITES: &str = "---\nlaw: 风筝管理条例\nshort: [筝条]\nkind: 地方性法规\nissued: 2024-03-28\neffective: 2024-07-01\nstatus: 现行有效\nsource: 测试\n---\n# 风筝管理条例\n> （2024年3月28日通过）\n\n第一章 总则\n## 第一条\n为了安全，制定本条例。\n\n第三条规定的除外。\n**第二条** 风筝线：\n（一）不过路；\n（二）不过桥。\n第三条　（删去）\n第三条之一　夜里不放。\n附 则\n第四条　自2024年7月1日起施行。\n";

    fn read(text: &str) -> Laws {
        let lines = to_jsonl(text).unwrap();
        Laws::from_jsonl(lines.as_bytes()).unwrap().0
    }

    #[test]
    fn a_law_is_read_with_its_names_days_and_articles() {
        for text in [
            KITES.to_owned(),
            KITES.replace('\n', "\r\n"),
            format!("\u{feff}{KITES}"),
        ] {
            let laws = read(&text);
            let texts: Vec<_> = laws.iter().map(|r| (&*r.article_no, &*r.text)).collect();
            assert_eq!(
                texts,
                [
                    ("第一条", "为了安全，制定本条例。\n第三条规定的除外。"),
                    ("第二条", "风筝线：\n（一）不过路；\n（二）不过桥。"),
                    ("第三条之一", "夜里不放。"),
                    ("第四条", "自2024年7月1日起施行。"),
                ]
            );
            let verdict = |on| laws.verdict("筝条", ArticleNo::new(2), on);
            assert_eq!(verdict(date(2024, 7, 1)), Verdict::InForce);
            assert_eq!(verdict(date(2024, 6, 30)), Verdict::NotYetInForce);
            assert_eq!(
                laws.verdict("风筝管理条例", ArticleNo::new(3), date(2026, 1, 1)),
                Verdict::Absent
            );
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (replaced, by, line, part) in [
            ("---\nlaw", "law", 1, "no front matter"),
            ("kind: 地方性法规\n", "", 2, "kind"),
            ("source: 测试", "sources: 测试", 8, "sources"),
            ("source: 测试", "source: ' '", 8, "`source` is empty"),
            ("effective: 2024-07-01", "effective: 七月", 6, "`effective`"),
            ("status: 现行有效", "status: 有效", 7, "有效"),
            ("> （2024", "（2024", 11, "before the first article"),
            ("**第二条** ", "第二条", 21, "第三条 follows 第一条"),
            ("第三条之一　", "第三条之三　", 22, "第三条之三 follows"),
            (
                "第四条　自2024年7月1日起施行。",
                "第四条",
                24,
                "第四条 has no text",
            ),
        ] {
            let broken = KITES.replacen(replaced, by, 1);
            assert_ne!(broken, KITES, "{replaced}");
            let error = to_jsonl(&broken).unwrap_err();
            assert!(error.message.contains(part), "{replaced}: {error}");
            if part != "kind" {
                assert_eq!(error.line, line, "{replaced}: {error}");
            }
        }
        let bare = KITES.split("第一章").next().unwrap();
        assert!(to_jsonl(bare).unwrap_err().message.contains("no article"));
    }
}
