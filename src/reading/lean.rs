//! How a message hangs on what was said before it, by its words alone: 不是，我是说…, 那要多少钱, two questions in one.
//!
//! Whether there was anything before is not known here; [`crate::knowledge::Knowledge::read`] puts the two together.

use super::text::is_letter;
use crate::dialogue::reading::Aspect;

/// A longer message is never a follow-up; in letters.
const FOLLOW_UP_LETTERS_MAX: usize = 16;
/// 那孩子呢: a longer text before 呢 is a question of its own; in letters.
const WHAT_ABOUT_LETTERS_MAX: usize = 8;
/// Fewer letters are no question of their own.
const QUESTION_LETTERS_MIN: usize = 4;
/// Longest X of 不是 X，是 Y; in letters.
const NOT_THIS_LETTERS_MAX: usize = 6;

/// What a correction leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction<'a> {
    /// 我问的不是这个, and nothing after it.
    Nothing,
    /// What comes after 不是，我是说.
    Rest(&'a str),
}

/// Said before a correction, meaning nothing.
const HESITATION: &[&str] = &[
    "不好意思",
    "对不起",
    "抱歉",
    "等一下",
    "等等",
    "那个",
    "哎呀",
    "哎",
    "额",
    "呃",
    "啊",
    "哦",
    "噢",
    "唉",
    "嗯",
];
/// What rejects the answer before, by itself.
const REJECTS: &[&str] = &[
    "我问的不是这个事",
    "我问的不是这个",
    "我问的不是这",
    "我不是问这个",
    "我不是在问这个",
    "不是问这个",
    "我不是这个意思",
    "我不是那个意思",
    "我说的不是这个",
    "我说的不是那个",
    "不是这个意思",
    "不是那个意思",
    "你理解错了",
    "你搞错了",
    "你弄错了",
    "你没明白",
    "理解错了",
    "搞错了",
    "弄错了",
    "我说错了",
    "我打错了",
    "我写错了",
    "我问错了",
    "刚才说错了",
    "刚才打错了",
    "刚说错了",
    "说错了",
    "打错了",
    "写错了",
    "问错了",
    "答非所问",
];
/// What rejects only when it is set off: 不是我签的 rejects nothing.
const WEAK_REJECTS: &[&str] = &[
    "不是的",
    "不是这个",
    "不是这样",
    "不是不是",
    "不是",
    "不对不对",
    "不对",
    "错了",
    "唔系",
];
/// What leads to what is meant, also without a comma before it.
const OPENERS: &[&str] = &[
    "我真正想问的是",
    "我真正要问的是",
    "我想问的是",
    "我要问的是",
    "我的意思是",
    "我意思是",
    "我是想问",
    "我是要问",
    "我问的是",
    "我说的是",
    "我是问",
    "我是说",
    "我想问",
    "应该是说",
    "是想问",
    "是说",
    "是问",
];
/// What leads to what is meant after a comma.
const SET_OFF_OPENERS: &[&str] = &["应该是", "应当是", "而是", "其实是", "是"];
/// 我问的不是 X，是 Y.
const NOT_THIS: &[&str] = &[
    "我问的不是",
    "我不是要问",
    "我不是想问",
    "我不是问",
    "我说的不是",
    "不是问",
    "不是要问",
    "不是想问",
];

/// What a message corrects, if it does.
pub fn correction(normal: &str) -> Option<Correction<'_>> {
    let mut text = trim(normal);
    while let Some(rest) = after_any(text, HESITATION) {
        text = trim(rest);
    }
    if let Some(rest) = after_any(text, REJECTS) {
        let rest = rest.trim_start_matches(['了', '啦', '的', '呀', '啊', '吧']);
        if trim(rest).is_empty() {
            return Some(Correction::Nothing);
        }
        return meant(rest).map(Correction::Rest);
    }
    if let Some(rest) = after_any(text, NOT_THIS) {
        return match rest.split_once([',', '。', '、', ';', ' ']) {
            Some((_, rest)) => Some(meant_or_all(rest)),
            None => Some(Correction::Nothing),
        };
    }
    if let Some(rest) = after_any(text, WEAK_REJECTS) {
        return meant(rest)
            .or_else(|| other_than(rest))
            .map(Correction::Rest);
    }
    let rest = after_any(text, &["我是说", "我的意思是", "我意思是"])?;
    said(rest).map(Correction::Rest)
}

/// What is meant after a reject that is set off or followed by an opener.
fn meant(rest: &str) -> Option<&str> {
    let set_off = rest.starts_with(is_mark);
    let rest = trim(rest);
    let opened = after_any(rest, OPENERS);
    let opened = opened.or_else(|| after_any(rest, SET_OFF_OPENERS).filter(|_| set_off));
    match opened {
        Some(meant) => said(meant),
        None => said(rest).filter(|_| set_off),
    }
}

fn meant_or_all(rest: &str) -> Correction<'_> {
    let rest = trim(rest);
    let meant = after_any(rest, OPENERS).or_else(|| after_any(rest, SET_OFF_OPENERS));
    said(meant.unwrap_or(rest)).map_or(Correction::Nothing, Correction::Rest)
}

/// Y of 不是 X，是 Y, with 不是 taken off.
fn other_than(rest: &str) -> Option<&str> {
    let (this, that) = rest.split_once(',')?;
    let short = (1..=NOT_THIS_LETTERS_MAX).contains(&letters(this))
        && !this.starts_with(['我', '他', '她', '你', '本']);
    let that = after_any(trim(that), OPENERS).or_else(|| after_any(trim(that), SET_OFF_OPENERS))?;
    said(that).filter(|_| short)
}

/// A text that says something.
fn said(text: &str) -> Option<&str> {
    let text = trim(text);
    (letters(text) >= 2).then_some(text)
}

/// Words that ask for one side of a matter. The first row with a word in the text decides.
const ASPECTS: &[(Aspect, &str)] = &[
    (
        Aspect::Refusal,
        "不同意 不愿意 不答应 不肯 不承认 不认账 不认 不配合 不给钱 不给 不理我 不理 不签字 不签 不还 不赔 不付 \
         拒绝 赖账 耍赖 反悔 不搭理 不接电话",
    ),
    (
        Aspect::Proof,
        "什么材料 哪些材料 啥材料 什么证据 哪些证据 啥证据 什么手续 哪些手续 啥手续 什么证件 哪些证件 什么东西 \
         带什么 带啥 准备什么 准备啥 怎么证明 拿什么证明 没有证据 没证据 证据不够 材料 证据 手续",
    ),
    (
        Aspect::Where,
        "去哪里 去哪儿 去哪 到哪里 到哪儿 到哪 在哪里 在哪儿 在哪 哪里 哪儿 哪个部门 什么部门 哪个单位 哪个法院 \
         什么地方 找谁 找哪个 向谁 跟谁说 往哪",
    ),
    (
        Aspect::Time,
        "多久 多长时间 多长 几天 几个月 几年 多少天 什么时候 啥时候 何时 期限 时效 来得及 过期 时间限制 时间",
    ),
    (
        Aspect::Money,
        "多少钱 多少费用 什么费用 多少 费用 收费 要钱 花钱 几块钱 几钱 赔几 贵不贵 赔偿标准 标准",
    ),
    (
        Aspect::Lawyer,
        "请不起律师 请律师 找律师 要律师 律师 法律援助 法援 没钱打官司",
    ),
    (
        Aspect::Why,
        "为什么 为啥 凭什么 凭啥 什么依据 法律依据 依据 哪条法律 哪一条 第几条 什么道理 点解",
    ),
    (
        Aspect::More,
        "还有别的吗 还有什么 还有呢 还有吗 还有没有 然后呢 接下来呢 接着呢 接下来 详细说 详细点 详细一点 说详细 \
         具体点 具体说说 具体说 说具体 再说说 再详细 展开说 继续说 继续讲 详细说明 详细",
    ),
    (
        Aspect::How,
        "怎么办 怎么做 怎么弄 咋办 咋弄 怎么申请 怎么走 怎么操作 怎么写 如何办理 如何做 如何申请 怎样办 怎样做 \
         什么流程 流程 步骤 怎么处理",
    ),
];
/// What begins a text that leans on the one before.
const LEADS: &[&str] = &[
    "那么", "那", "如果", "要是", "假如", "万一", "还有", "另外", "可是", "但是", "但",
];
/// The other side, whoever it is: 要是老板不同意 names no more than 要是对方不同意.
const COUNTERPARTS: &[&str] = &[
    "老板",
    "单位",
    "公司",
    "房东",
    "租客",
    "老公",
    "老婆",
    "丈夫",
    "妻子",
    "男方",
    "女方",
    "婆婆",
    "公公",
    "商家",
    "卖家",
    "物业",
    "债主",
    "包工头",
    "中介",
    "学校",
    "平台",
    "肇事方",
    "司机",
    "家里人",
    "父母",
    "爸妈",
];
/// Words that name nothing by themselves.
const FILLERS: &str = "那么 那个 那 如果 要是 假如 万一 还有 另外 可是 但是 但 的话 这个 这事 这件事 这种 这样 这 它 我们 我 \
    你们 你 他们 他 她 对方 人家 别人 请问 想问 问一下 一下 一般 大概 大约 到底 具体 应该 需要 必须 可以 能不能 可不可以 \
    要不要 能 会 该 得 要 就 都 也 还 再 又 是 有 用 去 到 来 办理 办 弄 做 处理 准备 提供 提交 申请 投诉 交 花 付 给 带 \
    拿 等 总共 一共 大致 最 多 有没有 呢 吗 吧 啊 呀 嘛 哦 了 的 过 着 么 怎么办 咋办 怎么 怎样 如何 什么 啥 哪些 完 一直 还是 硬是 就是 \
    现在 先 之后 以后 后 才 大家 当 在 跟 和 找 钱 搞";

/// Which side of the matter before a short message asks for, and what it names besides; empty when it names nothing.
pub fn follow_up(normal: &str) -> Option<(Aspect, String)> {
    let text = trim(normal);
    if letters(text) == 0 || letters(text) > FOLLOW_UP_LETTERS_MAX {
        return None;
    }
    if let Some(role) = after_any(text, &["我是", "我们是", "我作为", "俺是", "本人是"])
    {
        let role = trim(role);
        return is_role(role).then(|| (Aspect::Role, role.to_owned()));
    }
    let found = ASPECTS
        .iter()
        .find(|(_, words)| words.split_whitespace().any(|w| text.contains(w)));
    let mut about = text.to_owned();
    for word in found.iter().flat_map(|(_, words)| words.split_whitespace()) {
        about = about.replace(word, " ");
    }
    let found = found.map(|(aspect, _)| *aspect);
    if found == Some(Aspect::Money) {
        // 能赔多少, 要罚多少钱: what the money is for, the answer before says.
        about = about.replace(['赔', '退', '罚', '判'], " ");
    }
    if found == Some(Aspect::Refusal) {
        about = COUNTERPARTS
            .iter()
            .fold(about, |about, who| about.replace(who, " "));
    }
    let about = named(&about);
    let leads = LEADS.iter().any(|lead| text.starts_with(lead));
    let what_about =
        text.trim_end_matches(is_mark).ends_with('呢') && letters(text) <= WHAT_ABOUT_LETTERS_MAX;
    match found {
        Some(aspect) if about.is_empty() || leads || what_about => Some((aspect, about)),
        None if (leads || what_about) && !about.is_empty() => Some((Aspect::Other, about)),
        _ => None,
    }
}

/// The words that name something, with blanks between.
fn named(text: &str) -> String {
    let mut named = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        // The longest filler that fits: 这个 before 这.
        let filler = FILLERS
            .split_whitespace()
            .filter(|w| rest.starts_with(w))
            .max_by_key(|w| w.len());
        match filler {
            Some(word) => {
                rest = &rest[word.len()..];
                named.push(' ');
            }
            None => {
                rest = &rest[c.len_utf8()..];
                named.push(if is_letter(c) { c } else { ' ' });
            }
        }
    }
    named.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// 女方, 老板: one of the roles, alone.
fn is_role(text: &str) -> bool {
    let text = text.trim_end_matches(['的', '啊', '呀', '呢', '哦']);
    super::entities::is_role(text)
}

/// The questions of a message that holds several, each with the statements before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Questions<'a> {
    pub parts: Vec<&'a str>,
    /// Only commas or blanks part them: they may as well be one.
    pub soft: bool,
}

/// The questions a message asks; `None` when there are not at least two.
pub fn questions(normal: &str) -> Option<Questions<'_>> {
    if let Some(parts) = numbered(normal) {
        return Some(Questions { parts, soft: false });
    }
    let hard = sentences(normal, &['?', '。', '!', ';']);
    if hard.len() >= 2 {
        return Some(Questions {
            parts: hard,
            soft: false,
        });
    }
    let soft = sentences(normal, &['?', '。', '!', ';', ',', ' ']);
    (soft.len() >= 2).then_some(Questions {
        parts: soft,
        soft: true,
    })
}

/// Questions that end at one of `ends`; a statement belongs to the question after it.
fn sentences<'a>(normal: &'a str, ends: &[char]) -> Vec<&'a str> {
    let mut found = Vec::new();
    let (mut from, mut at) = (0, 0);
    for sentence in normal.split_inclusive(ends) {
        at += sentence.len();
        if letters(sentence) >= QUESTION_LETTERS_MIN && super::is_question(sentence) {
            found.push(trim(&normal[from..at]));
            from = at;
        }
    }
    found
}

/// Parts numbered 1、2、 or 一、二、 from the first on.
fn numbered(normal: &str) -> Option<Vec<&str>> {
    const NUMBERS: [[&str; 2]; 9] = [
        ["1", "一"],
        ["2", "二"],
        ["3", "三"],
        ["4", "四"],
        ["5", "五"],
        ["6", "六"],
        ["7", "七"],
        ["8", "八"],
        ["9", "九"],
    ];
    let mut starts: Vec<(usize, usize)> = Vec::new();
    let mut from = 0;
    for number in NUMBERS {
        let Some(found) = number.iter().find_map(|n| mark_of(normal, from, n)) else {
            break;
        };
        from = found.1;
        starts.push(found);
    }
    let ends = starts.iter().skip(1).map(|s| s.0).chain([normal.len()]);
    let parts: Vec<&str> = starts
        .iter()
        .zip(ends)
        .map(|(start, end)| trim(&normal[start.1..end]))
        .collect();
    let whole = parts.iter().all(|p| letters(p) >= QUESTION_LETTERS_MIN);
    (parts.len() >= 2 && whole).then_some(parts)
}

/// Where 1、 or 第1, begins and ends, looked for from `from` on.
fn mark_of(normal: &str, from: usize, number: &str) -> Option<(usize, usize)> {
    normal[from..].match_indices(number).find_map(|(at, _)| {
        let start = from + at;
        let before = normal[..start].trim_end_matches('第');
        let begins = before.is_empty() || before.ends_with(|c| is_mark(c) || c == '(');
        let end = start + number.len();
        let mark = normal[end..]
            .chars()
            .next()
            .filter(|c| "、.),:是个 ".contains(*c))?;
        let after = end + mark.len_utf8();
        let counts = normal[after..].starts_with(|c: char| c.is_ascii_digit());
        (begins && !counts).then_some((before.len(), after))
    })
}

/// The text without marks and blanks around it.
fn trim(text: &str) -> &str {
    text.trim_matches(|c| is_mark(c) && c != '?')
        .trim_start_matches('?')
}

fn is_mark(c: char) -> bool {
    c.is_whitespace() || ",。、?!;:.~…-".contains(c)
}

fn letters(text: &str) -> usize {
    text.chars().filter(|c| is_letter(*c)).count()
}

/// What follows the longest of `words` that `text` begins with.
fn after_any<'a>(text: &'a str, words: &[&str]) -> Option<&'a str> {
    let word = words
        .iter()
        .filter(|w| text.starts_with(**w))
        .max_by_key(|w| w.len())?;
    Some(&text[word.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corrections_leave_what_is_meant() {
        for (text, rest) in [
            ("不是,我是说加班费怎么算", "加班费怎么算"),
            ("不是我是说加班费怎么算", "加班费怎么算"),
            ("说错了,是试用期工资打几折", "试用期工资打几折"),
            ("我问的不是这个,是遗嘱怎么写", "遗嘱怎么写"),
            ("我问的不是离婚,我问的是分居", "分居"),
            ("不对,我想问的是押金", "押金"),
            ("不是离婚,是分居两年怎么办", "分居两年怎么办"),
            ("哎,打错了,房东不退押金", "房东不退押金"),
            ("我的意思是彩礼能不能要回来", "彩礼能不能要回来"),
            ("不是,是三万", "三万"),
            ("不好意思 我说错了 应该是5万元", "5万元"),
        ] {
            assert_eq!(correction(text), Some(Correction::Rest(rest)), "{text}");
        }
        for text in [
            "我问的不是这个",
            "答非所问",
            "不是这个意思。",
            "你理解错了啊",
            "我问的不是离婚",
        ] {
            assert_eq!(correction(text), Some(Correction::Nothing), "{text}");
        }
    }

    #[test]
    fn what_only_begins_like_a_correction_is_none() {
        for text in [
            "不是我签的字有效吗",
            "不是本人签的合同,要还钱吗",
            "不对外担保是什么意思",
            "错了怎么改",
            "说错了话要赔吗",
            "不是",
            "不对",
            "离婚",
            "我想问的是加班费",
            "不是我借的,是他冒名借的",
        ] {
            assert_eq!(correction(text), None, "{text}");
        }
    }

    #[test]
    fn follow_ups_name_a_side_of_the_matter() {
        for (text, aspect, about) in [
            ("那要多少钱", Aspect::Money, ""),
            ("如果对方不同意呢", Aspect::Refusal, ""),
            ("要多久?", Aspect::Time, ""),
            ("需要什么材料", Aspect::Proof, ""),
            ("去哪办", Aspect::Where, ""),
            ("还有呢?", Aspect::More, ""),
            ("为什么", Aspect::Why, ""),
            ("那孩子呢", Aspect::Other, "孩子"),
            ("房子呢", Aspect::Other, "房子"),
            ("我是女方", Aspect::Role, "女方"),
            ("我是老板", Aspect::Role, "老板"),
            ("请不起律师怎么办", Aspect::Lawyer, ""),
            ("要是老板不给怎么办", Aspect::Refusal, ""),
            ("怎么办", Aspect::How, ""),
            ("有没有期限", Aspect::Time, ""),
            ("期限是多久", Aspect::Time, ""),
            ("能赔多少", Aspect::Money, ""),
        ] {
            assert_eq!(follow_up(text), Some((aspect, about.to_owned())), "{text}");
        }
        for text in [
            "加班费怎么算",
            "离婚要多少钱",
            "老板不给工资",
            "你好",
            "谢谢",
            "",
            "房东不退押金怎么办",
            "好的",
            "我是说加班",
        ] {
            assert_eq!(follow_up(text), None, "{text}");
        }
    }

    #[test]
    fn several_questions_are_told_apart() {
        let parts = |text| questions(text).map(|q| (q.parts, q.soft));
        let two = vec!["试用期最长几个月", "加班费怎么算"];
        assert_eq!(
            parts("1、试用期最长几个月 2、加班费怎么算"),
            Some((two.clone(), false))
        );
        assert_eq!(
            parts("两个问题:1.试用期最长几个月;2.加班费怎么算"),
            Some((two.clone(), false))
        );
        assert_eq!(
            parts("一、试用期最长几个月,二、加班费怎么算"),
            Some((two.clone(), false))
        );
        assert_eq!(parts("试用期最长几个月,加班费怎么算"), Some((two, true)));
        assert_eq!(
            parts("我怀孕了。公司能辞退我吗?产假工资谁发?"),
            Some((vec!["我怀孕了。公司能辞退我吗?", "产假工资谁发?"], false))
        );
        for text in [
            "试用期最长几个月?",
            "欠我1.5万2年了怎么办",
            "你好,请问加班费怎么算",
            "3个月工资没发怎么办?急!",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
    }
}
