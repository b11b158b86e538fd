//! Messages as plain text for platforms that show nothing else: numbered choices, cited articles, byte-exact parts.
//!
//! Only the newest choices are numbered: a digit answers the newest offer, so older ones must not seem to be meant.

use crate::dialogue::nouns::{Body, Choice, Citation, From, Message};
use std::fmt::Write as _;

/// A numbered choice below a text.
const CHOICE_MARK: &str = ". ";

/// Several messages as one text, in order. Those of the citizen are left out; `""` when nothing is left.
pub fn text(messages: &[Message]) -> String {
    let shown: Vec<&Message> = messages
        .iter()
        .filter(|m| m.from != From::Citizen)
        .collect();
    let newest_offer = shown.iter().rposition(|m| !options(&m.body).is_empty());
    let mut text = String::new();
    for (at, message) in shown.iter().enumerate() {
        let one = bubble(message, newest_offer == Some(at));
        if !text.is_empty() && !one.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&one);
    }
    text
}

fn options(body: &Body) -> &[Choice] {
    match body {
        Body::Answer { next, .. } => next,
        Body::Clarify { options, .. }
        | Body::Form { options, .. }
        | Body::Notice { options, .. }
        | Body::Handoff { options, .. } => options,
        _ => &[],
    }
}

fn bubble(message: &Message, numbered: bool) -> String {
    let mut out = String::new();
    if let From::Consultant { name, role } = &message.from {
        let _ = write!(out, "【{} {name}】", role.label());
    }
    match &message.body {
        Body::Text { text }
        | Body::Clarify { text, .. }
        | Body::Notice { text, .. }
        | Body::Handoff { text, .. } => {
            out.push_str(text.trim());
        }
        Body::Form {
            title,
            text,
            step,
            steps,
            ..
        } => {
            let _ = write!(out, "{title}（{step}/{steps}）\n{}", text.trim());
        }
        Body::Answer {
            title,
            markdown,
            citations,
            safety,
            ..
        } => {
            if let Some(safety) = safety {
                let _ = write!(out, "{}\n\n", safety.trim());
            }
            let _ = write!(out, "{title}\n\n{}", plain(markdown));
            cite(&mut out, citations);
        }
        Body::Pointer { text, citations } => {
            out.push_str(text.trim());
            cite(&mut out, citations);
        }
        Body::Choice { .. }
        | Body::Request { .. }
        | Body::Rating { .. }
        | Body::Attachment { .. }
        | Body::End => {}
    }
    if numbered {
        let missing = |c: &&Choice| {
            !out.contains(&format!("{} {}", c.option, c.label))
                && !out.contains(&format!("{}{CHOICE_MARK}{}", c.option, c.label))
        };
        let lines: Vec<String> = options(&message.body)
            .iter()
            .filter(missing)
            .map(|c| format!("\n{}{CHOICE_MARK}{}", c.option, c.label))
            .collect();
        if !lines.is_empty() {
            out.push_str("\n\n回复数字选择：");
            lines.iter().for_each(|line| out.push_str(line));
        }
    }
    out
}

fn cite(out: &mut String, citations: &[Citation]) {
    if citations.is_empty() {
        return;
    }
    out.push_str("\n\n法律依据：");
    for citation in citations {
        let _ = write!(
            out,
            "\n《{}》{}（{}）",
            citation.law,
            citation.article,
            citation.verdict.label()
        );
        if let Some(text) = &citation.text {
            let _ = write!(out, "\n{}", text.trim());
        }
    }
}

/// Markdown as plain lines: no marks for bold and headings, a dot for list items, links written out.
fn plain(markdown: &str) -> String {
    let mut lines = Vec::new();
    for line in markdown.trim().lines() {
        let line = line.trim_end();
        let bare = line.trim_start_matches('#');
        let line = if bare.len() < line.len() && bare.starts_with(' ') {
            bare.trim_start()
        } else {
            line
        };
        let indent = line.len() - line.trim_start().len();
        let (space, rest) = line.split_at(indent);
        let rest = match rest.strip_prefix("- ").or_else(|| rest.strip_prefix("* ")) {
            Some(item) => format!("{space}· {item}"),
            None => line.to_owned(),
        };
        lines.push(links(&rest.replace("**", "").replace("\\_", "_")));
    }
    lines.join("\n")
}

/// `[text](address)` as `text（address）`.
fn links(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(open) = rest.find('[') {
        let link = rest[open..].find("](").and_then(|mid| {
            let close = rest[open + mid..].find(')')?;
            Some((open + mid, open + mid + close))
        });
        let Some((mid, close)) = link else { break };
        let _ = write!(
            out,
            "{}{}（{}）",
            &rest[..open],
            &rest[open + 1..mid],
            &rest[mid + 2..close]
        );
        rest = &rest[close + 1..];
    }
    out.push_str(rest);
    out
}

/// Cuts a text into parts of at most `bytes_max` bytes (8 or more), between characters, at the end of a paragraph,
/// line or sentence where one lies in the second half.
pub fn split(text: &str, bytes_max: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while rest.len() > bytes_max {
        let mut end = bytes_max.max(4);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let window = &rest[..end];
        let good = ["\n\n", "\n", "。", "；"].iter().find_map(|mark| {
            let at = window.rfind(mark)? + mark.len();
            (at > end / 2).then_some(at)
        });
        let (part, left) = rest.split_at(good.unwrap_or(end));
        parts.push(part.trim_end());
        rest = left.trim_start();
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts.retain(|p| !p.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialogue::nouns::{StaffRole, Verdict};
    use proptest::prelude::*;

    fn message(from: From, body: Body) -> Message {
        Message {
            seq: 1,
            at: 0,
            from,
            body,
        }
    }

    fn choice(option: u32, label: &str) -> Choice {
        Choice {
            option,
            label: label.into(),
        }
    }

    #[test]
    fn an_answer_shows_its_articles_and_only_the_newest_choices_are_numbered() {
        let answer = Body::Answer {
            entry: "e".into(),
            title: "拖欠工资".into(),
            markdown: "## 怎么办\n**先**投诉。\n- 去[监察](https://a.cn)\n".into(),
            citations: vec![Citation {
                law: "劳动合同法".into(),
                article: "第三十条".into(),
                verdict: Verdict::InForce,
                text: None,
            }],
            next: vec![choice(1, "旧的")],
            safety: Some("有危险打 110。".into()),
        };
        let clarify = Body::Clarify {
            text: "你想问哪个？".into(),
            options: vec![choice(1, "欠薪"), choice(2, "都不是")],
        };
        let said = message(
            From::Citizen,
            Body::Text {
                text: "我的话".into(),
            },
        );
        let text = text(&[
            said,
            message(From::Bot, answer),
            message(From::Bot, clarify),
        ]);
        assert_eq!(
            text,
            "有危险打 110。\n\n拖欠工资\n\n怎么办\n先投诉。\n· 去监察（https://a.cn）\n\n法律依据：\n《劳动合同法》第三十条（现行有效）\n\n你想问哪个？\n\n回复数字选择：\n1. 欠薪\n2. 都不是"
        );
    }

    #[test]
    fn a_consultant_is_named_with_the_true_role() {
        let from = From::Consultant {
            name: "李".into(),
            role: StaffRole::Lawyer,
        };
        let text = text(&[message(
            from,
            Body::Text {
                text: "您好".into(),
            },
        )]);
        assert_eq!(text, "【律师 李】您好");
    }

    proptest! {
        #[test]
        fn parts_fit_and_lose_nothing(text in "[你好a。\n 😀]{0,300}", max in 8usize..200) {
            let parts = split(&text, max);
            prop_assert!(parts.iter().all(|p| p.len() <= max && !p.is_empty()));
            let bare = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(bare(&parts.concat()), bare(&text));
        }
    }
}
