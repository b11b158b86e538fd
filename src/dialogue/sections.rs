//! The parts of an answer: what is shown first, what is told on demand, and which part speaks of what.
//!
//! An answer is Markdown of paragraphs with a blank line between them: the conclusion first, then parts that begin
//! with a label in bold (**今天就能做**, **期限**), perhaps a closing line that points to a person.

use super::reading::Aspect;

/// An answer with more characters goes out in two messages.
const WHOLE_CHARS_MAX: usize = 220;
/// With fewer characters left over, they are not worth a message of their own.
const DETAILS_CHARS_MIN: usize = 60;
/// Most characters quoted to a follow-up.
const QUOTED_CHARS_MAX: usize = 320;
/// Most lines quoted that only mention what was asked.
const QUOTED_LINES_MAX: usize = 3;

/// Labels of what is to be done, the most pressing first.
const DOING: &[&str] = &[
    "今天",
    "现在",
    "马上",
    "先做",
    "第一步",
    "怎么办",
    "怎么做",
    "步骤",
    "怎么走",
    "怎么申请",
    "怎么要",
    "怎么领",
    "一步一步",
    "一般步骤",
];
/// Labels of what must not be held back: who reads no further would lose a right or be harmed.
const PRESSING: &[&str] = &[
    "期限",
    "别做",
    "不要",
    "别信",
    "别签",
    "当心",
    "小心",
    "特别注意",
    "在这里咨询",
];
/// Pairs of characters that a label and a question may share without meaning the same.
const EVERYDAY_PAIRS: &[&str] = &[
    "怎么", "什么", "多少", "哪里", "可以", "不能", "不要", "没有", "一个", "你的", "我的", "要不",
    "能不",
];
/// A closing line with one of these points to a person.
const PERSON: &[&str] = &["人工", "12348", "按 0"];

/// A conclusion, or a part with its label; `text` includes the label.
struct Section<'a> {
    label: &'a str,
    text: String,
    /// The last line, that points to a person.
    closes: bool,
}

/// An answer in two messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    pub first: String,
    pub details: String,
}

/// What is shown first of a long answer, and the rest. `asked` is the question: the part whose label it names comes
/// first too, and is told again with the details. `None` when the answer is short enough for one message.
pub fn split(markdown: &str, asked: &str) -> Option<Split> {
    if markdown.chars().count() <= WHOLE_CHARS_MAX {
        return None;
    }
    let sections = sections(markdown);
    let last = sections.len().checked_sub(1)?;
    let doing = DOING
        .iter()
        .find_map(|label| sections.iter().position(|s| s.label.starts_with(label)))
        .unwrap_or(1);
    let presses = |at: usize, section: &Section| {
        let pressing = PRESSING.iter().any(|p| section.label.contains(p));
        at == 0 || at == doing || pressing || at == last && section.closes
    };
    let named = named_part(&sections, asked);
    let (mut first, mut details) = (Vec::new(), Vec::new());
    for (at, section) in sections.iter().enumerate() {
        let pressing = presses(at, section);
        if pressing || named == Some(at) {
            first.push(section.text.as_str());
        }
        if !pressing {
            details.push(section.text.as_str());
        }
    }
    let (first, details) = (first.join("\n\n"), details.join("\n\n"));
    (details.chars().count() >= DETAILS_CHARS_MIN).then_some(Split { first, details })
}

/// The part whose label has most in common with the question.
fn named_part(sections: &[Section], asked: &str) -> Option<usize> {
    let shared = |section: &Section| {
        let label: Vec<char> = section.label.chars().collect();
        let pairs = label.windows(2).map(|pair| pair.iter().collect::<String>());
        let telling = |pair: &String| !EVERYDAY_PAIRS.contains(&pair.as_str());
        pairs
            .filter(telling)
            .filter(|pair| asked.contains(pair))
            .count()
    };
    let shared = sections.iter().map(shared).enumerate();
    let best = shared
        .filter(|(_, n)| *n > 0)
        .max_by_key(|(at, n)| (*n, std::cmp::Reverse(*at)));
    best.map(|(at, _)| at)
}

/// What an answer says of one side of its matter, quoted; `None` when it says nothing of it. With `about` given, only
/// what also names it.
pub fn about(markdown: &str, aspect: Aspect, about: &str) -> Option<String> {
    let (labels, words) = signs(aspect);
    let named = words_of(about);
    let sections = sections(markdown);
    let speaks = |text: &str| match (aspect, about.is_empty()) {
        (Aspect::Other | Aspect::Role, _) => mentions(text, &named),
        (_, true) => mentions(text, words),
        (_, false) => mentions(text, words) && mentions(text, &named),
    };
    let labelled = |s: &&Section| match aspect {
        Aspect::Other | Aspect::Role => mentions(s.label, &named),
        _ => mentions(s.label, labels) && (about.is_empty() || mentions(&s.text, &named)),
    };
    let by_label: Vec<&str> = sections
        .iter()
        .filter(labelled)
        .map(|s| s.text.as_str())
        .collect();
    if !by_label.is_empty() {
        return Some(within(by_label, "\n\n"));
    }
    let lines = sections
        .iter()
        .filter(|s| !s.closes || matches!(aspect, Aspect::Lawyer))
        .flat_map(|s| s.text.lines())
        .filter(|l| speaks(l));
    let lines: Vec<&str> = lines.map(unnumbered).take(QUOTED_LINES_MAX).collect();
    (!lines.is_empty()).then(|| within(lines, "\n\n"))
}

/// Labels of the parts that speak of an aspect, and words of the lines that do.
fn signs(aspect: Aspect) -> (&'static [&'static str], &'static [&'static str]) {
    match aspect {
        Aspect::Money => (
            &[
                "费用",
                "多少",
                "怎么算",
                "能要",
                "要钱",
                "退多少",
                "花多少",
                "花费",
                "赔",
                "标准",
            ],
            &[
                "元",
                "块钱",
                "倍",
                "%",
                "收费",
                "费用",
                "免费",
                "受理费",
                "赔偿金",
                "补偿金",
            ],
        ),
        Aspect::Time => (
            &["期限", "时间", "多久", "时效", "几天", "最长", "什么时候"],
            &[
                "日内",
                "天内",
                "年内",
                "个月内",
                "小时内",
                "期限",
                "日起",
                "天",
                "个月",
                "年",
            ],
        ),
        Aspect::Proof => (
            &[
                "证据",
                "材料",
                "带什么",
                "要准备",
                "准备",
                "凭据",
                "手续",
                "怎么证明",
            ],
            &[
                "证据",
                "材料",
                "证明",
                "凭据",
                "记录",
                "身份证",
                "收据",
                "病历",
                "截图",
                "录音",
            ],
        ),
        Aspect::Where => (
            &["去哪", "哪里", "找谁", "在哪", "哪个法院", "怎么投", "向谁"],
            &[
                "去法院",
                "到法院",
                "向法院",
                "法院起诉",
                "法院立案",
                "人民法院",
                "申请劳动仲裁",
                "申请仲裁",
                "仲裁委",
                "劳动监察",
                "派出所",
                "民政",
                "街道",
                "打 12333",
                "打 12315",
                "打 12345",
                "打 110",
                "住建",
                "公证处",
                "居委会",
                "村委会",
                "不动产登记",
            ],
        ),
        Aspect::Refusal => (
            &[
                "不服",
                "不同意",
                "不给",
                "不肯",
                "对方不",
                "不认",
                "不承认",
                "不付",
                "不还",
                "不退",
                "不执行",
            ],
            &[
                "不同意",
                "不肯",
                "拒绝",
                "不给",
                "不认",
                "不承认",
                "不付",
                "不还",
                "不退",
                "谈不成",
                "商量不成",
                "强制执行",
                "起诉",
            ],
        ),
        Aspect::Lawyer => (
            &["律师", "没钱", "法律援助"],
            &["律师", "法律援助", "12348"],
        ),
        Aspect::Why => (
            &["为什么", "法律怎么", "依据", "法院看"],
            &["因为", "规定", "法律"],
        ),
        Aspect::How => (DOING, &["申请", "起诉", "投诉", "登记", "书面"]),
        // 还有呢 is answered by the details, the others by what they name.
        Aspect::More | Aspect::Other | Aspect::Role => (&[], &[]),
    }
}

/// Whether a text has one of the words that `about` names.
pub fn names(text: &str, about: &str) -> bool {
    mentions(text, &words_of(about))
}

/// The words of `about` that are long enough to name something.
fn words_of(about: &str) -> Vec<&str> {
    about
        .split_whitespace()
        .filter(|w| w.chars().count() >= 2)
        .collect()
}

/// The first parts that fit together; always the first one.
fn within(parts: Vec<&str>, between: &str) -> String {
    let mut text = String::new();
    for part in parts {
        if !text.is_empty() {
            if text.chars().count() + part.chars().count() > QUOTED_CHARS_MAX {
                break;
            }
            text.push_str(between);
        }
        text.push_str(part);
    }
    text
}

/// A line of a list without its number or dash.
fn unnumbered(line: &str) -> &str {
    let line = line.trim();
    if let Some(item) = line.strip_prefix("- ") {
        return item;
    }
    match line.split_once(". ") {
        Some((number, item)) if number.chars().all(|c| c.is_ascii_digit()) => item,
        _ => line,
    }
}

fn mentions(text: &str, words: &[&str]) -> bool {
    words.iter().any(|w| text.contains(w))
}

/// The parts of an answer. A paragraph without a label belongs to the part before it, but for the first one after
/// the conclusion and a closing line that points to a person.
fn sections(markdown: &str) -> Vec<Section<'_>> {
    let paragraphs: Vec<&str> = markdown
        .split("\n\n")
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .collect();
    let mut sections: Vec<Section> = Vec::with_capacity(paragraphs.len());
    for (at, paragraph) in paragraphs.iter().enumerate() {
        let label = if at == 0 { "" } else { label(paragraph) };
        let closes = at + 1 == paragraphs.len() && mentions(paragraph, PERSON);
        let belongs = label.is_empty() && sections.len() > 1 && !closes;
        match sections.last_mut().filter(|_| belongs) {
            Some(section) => {
                section.text.push_str("\n\n");
                section.text.push_str(paragraph);
            }
            None => sections.push(Section {
                label,
                text: (*paragraph).to_owned(),
                closes: closes && label.is_empty(),
            }),
        }
    }
    sections
}

/// The label in bold that a paragraph begins with; empty where there is none.
fn label(paragraph: &str) -> &str {
    let bold = paragraph
        .strip_prefix("**")
        .and_then(|rest| rest.split_once("**"));
    bold.map_or("", |(label, _)| label)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: &str = "**要给。**\n\n**去哪**：劳动监察。";

    fn long() -> String {
        let filler = "这是说明。".repeat(40);
        format!(
            "**要给。**\n\n- {filler}\n\n**今天就能做**\n1. 收集打卡记录。\n2. 打 12333。\n\n**费用**：不收费。\n\n**期限**：一年内。\n\n说不清的，按 0 找人工。"
        )
    }

    #[test]
    fn a_short_answer_stays_whole() {
        assert_eq!(split(SHORT, ""), None);
    }

    #[test]
    fn a_long_answer_begins_with_what_presses() {
        let split = split(&long(), "").expect("long");
        assert_eq!(
            split.first,
            "**要给。**\n\n**今天就能做**\n1. 收集打卡记录。\n2. 打 12333。\n\n**期限**：一年内。\n\n说不清的，按 0 找人工。"
        );
        assert!(
            split.details.starts_with("- 这是说明。")
                && split.details.ends_with("**费用**：不收费。")
        );
    }

    #[test]
    fn the_part_that_was_asked_for_comes_first_too() {
        let split = split(&long(), "这事的费用怎么算").expect("long");
        assert!(split.first.contains("**费用**") && split.details.contains("**费用**"));
    }

    #[test]
    fn nothing_is_lost_between_the_two() {
        let long = long();
        let split = split(&long, "").expect("long");
        for paragraph in long.split("\n\n") {
            let shown = [&split.first, &split.details]
                .iter()
                .filter(|t| t.contains(paragraph))
                .count();
            assert_eq!(shown, 1, "{paragraph}");
        }
    }

    #[test]
    fn a_side_is_found_by_its_label_then_by_its_words() {
        let long = long();
        assert_eq!(
            about(&long, Aspect::Money, "").as_deref(),
            Some("**费用**：不收费。")
        );
        assert_eq!(
            about(&long, Aspect::Time, "").as_deref(),
            Some("**期限**：一年内。")
        );
        assert_eq!(
            about(&long, Aspect::Where, "").as_deref(),
            Some("打 12333。")
        );
        assert_eq!(
            about(&long, Aspect::Other, "打卡").as_deref(),
            Some("收集打卡记录。")
        );
        assert_eq!(about(&long, Aspect::Other, "孩子"), None);
        assert_eq!(about(&long, Aspect::Money, "孩子"), None);
    }
}
