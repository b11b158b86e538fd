//! Whole messages that are commands, in any words.
//!
//! A message is a command only when every word of it belongs to the command's small vocabulary: 我要转人工 is one,
//! 人工费怎么算 is a question.

use super::text::Text;
use crate::dialogue::reading::Command;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A longer message is never a command; in characters without punctuation.
const COMMAND_CHARS_MAX: usize = 20;
/// Largest number that can be meant as a choice.
const DIGIT_MAX: u32 = 99;

/// What a word does in a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Says nothing by itself: 我, 请, 一下, 吧.
    Filler,
    /// Asks for somebody: 转, 找, 换.
    Call,
    /// A person to talk to, meant as such without a verb: 人工, 真人客服.
    Human,
    /// A person to talk to only after a verb: 律师.
    Person,
    /// The bot.
    Bot,
    /// 不要, 别, 不想.
    Refuse,
    /// 继续, 回到, 问 (with the bot).
    Continue,
    /// 等, 排队, 人工 that is being waited for.
    Waiting,
    Cancel,
    Skip,
    Back,
    Yes,
    No,
    /// 留言
    Ticket,
    /// 隐私
    Privacy,
    /// 导出记录
    Export,
    /// 删除记录
    Erase,
}

/// Words by role. The longest word that fits is taken.
const WORDS: &[(Role, &str)] = &[
    (
        Role::Filler,
        "我 我想 我要 我们 俺 你 你们 您 给 帮 帮我 给我 请 麻烦 想 想要 要求 需要 希望 能 能不能 可以 \
         可不可以 能否 可否 吗 吧 啊 呀 哦 呢 嘛 了 的 一下 一个 个 位 一位 现在 马上 立刻 赶紧 赶快 快 \
         快点 直接 就 来 说话 聊 聊聊 谈 谈谈 沟通 对话 说 讲 服务 咨询 谢谢 好吗 行吗 行不行 有没有 有 \
         在线 还是 那 那就 我还是 先 这个 这题 您好 你好 出来 接听 解答 回答 人工台 上 到 去 都 快快",
    ),
    (
        Role::Call,
        "转 转接 转到 转给 接 接入 接通 找 找个 叫 叫个 换 换个 换成 联系 呼叫 切换 切换到 连线 安排 \
         安排个 派 派个 我要 要 和 跟 与 同 咨询 咨询下 联系下 要个 要找 有请",
    ),
    (
        Role::Human,
        "人工 转人工 人工客服 人工服务 人工咨询 人工坐席 人工座席 人工律师 人工台 人工处理 真人 真人客服 \
         真人服务 真人律师 活人 客服 在线客服 客服人员 工作人员 值班律师 专人 专人客服 转人公 专人工 \
         转人功 轉人工 人工帮助 真的人 大活人",
    ),
    (
        Role::Person,
        "律师 专家 顾问 法律顾问 咨询员 咨询师 老师 人",
    ),
    (
        Role::Bot,
        "机器人 机器 智能客服 ai 自动回复 机械人 人工智能",
    ),
    (
        Role::Refuse,
        "不要 不想 不想要 别 别给我 不用 不和 不跟 不想跟 不想和 别让 拒绝 滚 走开 不需要 讨厌",
    ),
    (
        Role::Continue,
        "继续 继续问 继续跟 回到 返回 还是问 接着问 问 转回 回 接着",
    ),
    (
        Role::Waiting,
        "不等 不想等 不排 不排队 不想排 不想排队 取消排队 退出排队 取消人工 取消转人工 取消等待 不等人工 \
         不转人工",
    ),
    (
        Role::Cancel,
        "取消 退出 不填 不填了 不弄了 不弄 不办了 不写了 不写 算了 终止 停止 放弃 关闭 不申请了 不申请 \
         结束填写 不想填 不想填了 不要填了 不继续了 quit exit cancel 不搞了 唔填",
    ),
    (
        Role::Skip,
        "跳过 略过 下一个 下一题 下一步 不想说 不方便说 不便说 不想填这个 skip pass 过 跳 跳过去",
    ),
    (
        Role::Back,
        "上一步 返回 返回上一步 回去 回上一步 改一下 改下 修改 修改一下 后退 上一题 上一个 填错了 填错 \
         写错了 写错 说错了 说错 重填 重新填 重新填写 更正 改 要改 back 刚才错了 刚才说错了 打错了",
    ),
    (
        Role::Yes,
        "是 是的 对 对的 对对 对对对 嗯 嗯嗯 嗯嗯嗯 好 好的 好啊 好吧 行 可以 可以的 要 需要 要的 有 有的 \
         确认 确定 同意 没错 没问题 yes y ok okay 中 成 得 系 是滴 对头 当然 必须的 嗯呢 是是是 恩 恩恩 \
         哦对 就是 正确",
    ),
    (
        Role::No,
        "否 不 不是 不是的 没有 没 不对 不要 不用 不用了 不行 不需要 不了 不同意 no n nope 不可以 别 无 \
         木有 冇 唔系 没得 不确认 不必 不好 莫得 没有了 暂时没有 暂时不用 不可 错",
    ),
    (
        Role::Ticket,
        "留言 留个言 留条言 留话 留个话 留条消息 发留言 写留言 不等了留言 不等了我留言",
    ),
    (
        Role::Privacy,
        "隐私 我的隐私 我的数据 我的个人信息 我的信息 个人信息权利 我的记录怎么办",
    ),
    (
        Role::Export,
        "导出记录 导出我的记录 导出聊天记录 导出我的聊天记录 导出数据 导出我的数据 下载记录 下载聊天记录 下载我的记录 \
         下载我的聊天记录 复制我的记录 要一份记录 要一份我的记录 查阅我的数据 查看我的数据 记录给我一份 聊天记录给我一份",
    ),
    (
        Role::Erase,
        "删除记录 删除我的记录 删除聊天记录 删除我的聊天记录 删除对话 删除这次对话 删除数据 删除我的数据 删除我的信息 \
         删除个人信息 删除我的个人信息 删掉记录 删掉我的记录 删掉聊天记录 删掉我的聊天记录 删掉我的数据 删了我的记录 \
         删聊天记录 删记录 清除记录 清除聊天记录 清空记录 清空聊天记录 清空对话 记录删掉 记录删了 记录都删了 \
         聊天记录删掉 聊天记录删了 聊天记录都删了 我的记录删掉 我的记录删了 把记录删掉 把记录删了 把记录都删了 \
         把聊天记录删掉 把聊天记录删了 把我的记录删掉 把我的记录删了 把我的聊天记录删掉 把我的聊天记录删了 抹掉记录",
    ),
];

/// [`WORDS`] by their first character, the longest first, fillers last: most messages are no command, and their first
/// character says so.
static WORD_ROLES: LazyLock<HashMap<char, Vec<(&str, Role)>>> = LazyLock::new(|| {
    let mut roles: HashMap<char, Vec<(&str, Role)>> = HashMap::new();
    for (role, words) in WORDS {
        for word in words.split_whitespace() {
            let first = word.chars().next().unwrap_or_default();
            roles.entry(first).or_default().push((word, *role));
        }
    }
    for words in roles.values_mut() {
        words.sort_by_key(|(word, r)| (std::cmp::Reverse(word.len()), *r == Role::Filler));
    }
    roles
});

/// Pinyin and digits that call a human by themselves.
const HUMAN_EXACT: &[&str] = &["0", "按0", "回0", "选0", "rengong", "zhuanrengong", "rg"];

/// The command a whole message stands for.
pub fn command(text: &Text) -> Option<Command> {
    let bare: String = text
        .normal
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect();
    if bare.is_empty() || bare.chars().count() > COMMAND_CHARS_MAX {
        return None;
    }
    if HUMAN_EXACT.contains(&bare.as_str()) {
        return Some(Command::Human);
    }
    digit(&text.normal)
        .or_else(|| single(&bare))
        .or_else(|| composed(&bare))
}

/// Yes, no, cancel, skip, back: one such word between fillers.
fn single(bare: &str) -> Option<Command> {
    [
        (Role::Waiting, Command::Resume),
        (Role::Cancel, Command::Cancel),
        (Role::Skip, Command::Skip),
        (Role::Back, Command::Back),
        (Role::Yes, Command::Yes),
        (Role::No, Command::No),
        (Role::Ticket, Command::Ticket),
        (Role::Privacy, Command::Privacy),
        (Role::Export, Command::Export),
        (Role::Erase, Command::Erase),
    ]
    .into_iter()
    .find(|&(role, _)| {
        let around: &[Role] = match role {
            // 是吗 and 有没有 are no answers: nothing but the word itself, and particles after it.
            Role::Yes | Role::No => &[],
            _ => &[Role::Filler],
        };
        match parse(bare, role, around) {
            Some(roles) => roles.iter().filter(|r| **r == role).count() == 1,
            None => false,
        }
    })
    .map(|(_, command)| command)
}

/// Asking for a human, or for the bot again.
fn composed(bare: &str) -> Option<Command> {
    let has = |roles: &[Role], role: Role| roles.contains(&role);
    let human = [
        Role::Filler,
        Role::Call,
        Role::Person,
        Role::Bot,
        Role::Refuse,
    ];
    if let Some(roles) = parse(bare, Role::Human, &human) {
        let refuses = has(&roles, Role::Refuse);
        let bot = has(&roles, Role::Bot);
        let called = has(&roles, Role::Call) && has(&roles, Role::Person) && bare != "找人";
        let asks = has(&roles, Role::Human) || called && named_person(bare);
        if refuses == bot && (asks || refuses) {
            return Some(Command::Human);
        }
    }
    let resume = [Role::Filler, Role::Bot, Role::Call, Role::Waiting];
    let roles = parse(bare, Role::Continue, &resume)?;
    let returns =
        has(&roles, Role::Bot) && (has(&roles, Role::Continue) || has(&roles, Role::Call));
    (returns || has(&roles, Role::Waiting)).then_some(Command::Resume)
}

/// 人 alone may be a missing person; it only counts where somebody is to be put in the bot's place.
fn named_person(bare: &str) -> bool {
    ["律师", "专家", "顾问", "咨询员", "咨询师", "老师"]
        .iter()
        .any(|p| bare.contains(p))
        || ["转", "换", "叫个"].iter().any(|verb| bare.contains(verb))
}

/// The roles of the words of `bare` when it is made up of `role` and `others` alone; the longest words are tried
/// first.
fn parse(bare: &str, role: Role, others: &[Role]) -> Option<Vec<Role>> {
    let allowed = |r: Role| r == role || others.contains(&r);
    parse_rest(bare, &allowed, &mut vec![false; bare.len()])
}

/// `dead[n]`: the last `n + 1` bytes are known not to be made up of words. Keeps the search linear.
fn parse_rest(rest: &str, allowed: &impl Fn(Role) -> bool, dead: &mut [bool]) -> Option<Vec<Role>> {
    let Some(last) = rest.len().checked_sub(1) else {
        return Some(Vec::new());
    };
    if dead[last] {
        return None;
    }
    let first = rest.chars().next().unwrap_or_default();
    let words = WORD_ROLES.get(&first).map_or(&[][..], Vec::as_slice);
    let fits = words
        .iter()
        .filter(|(word, r)| rest.starts_with(word) && allowed(*r));
    let mut found = None;
    for (word, r) in fits {
        if let Some(mut roles) = parse_rest(&rest[word.len()..], allowed, dead) {
            roles.push(*r);
            found = Some(roles);
            break;
        }
    }
    dead[last] = found.is_none();
    found
}

/// What may stand before the number of a choice; the longer words first.
const CHOOSING: &[&str] = &[
    "我选择",
    "那就选",
    "那选",
    "我选",
    "我要",
    "那就",
    "选择",
    "选项",
    "回复",
    "看看",
    "数字",
    "选",
    "按",
    "点",
    "回",
    "看",
    "要",
    "就",
    "答",
];

/// A bare number: 1, 一, 第一个, 选2, 3号, 1。
fn digit(normal: &str) -> Option<Command> {
    let mut rest = normal.trim_matches(|c: char| !c.is_alphanumeric());
    for prefix in CHOOSING {
        if let Some(stripped) = rest.strip_prefix(prefix) {
            rest = stripped.trim_start_matches(|c: char| !c.is_alphanumeric());
            break;
        }
    }
    let ordinal = rest.strip_prefix('第');
    rest = ordinal.unwrap_or(rest);
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && !"一二三四五六七八九十".contains(c))
        .unwrap_or(rest.len());
    let (number, tail) = rest.split_at(end);
    let tails: &[&str] = if ordinal.is_some() {
        &[
            "",
            "个",
            "项",
            "条",
            "种",
            "题",
            "个吧",
            "个呗",
            "个的",
            "个问题",
            "项吧",
            "条吧",
        ]
    } else {
        &["", "号", "吧", "呗", "项", "号吧"]
    };
    if !tails.contains(&tail) {
        return None;
    }
    let value = if number.starts_with(|c: char| c.is_ascii_digit()) {
        number.parse().ok()?
    } else {
        small_number(number)?
    };
    (1..=DIGIT_MAX)
        .contains(&value)
        .then_some(Command::Digit(value))
}

/// 一 to 九十九.
fn small_number(text: &str) -> Option<u32> {
    let of = |part: &str| -> Option<u32> {
        let index = "一二三四五六七八九".find(part)?;
        (part.chars().count() == 1).then_some(index as u32 / 3 + 1)
    };
    match text.split_once('十') {
        None => of(text),
        Some((tens, ones)) => {
            let tens = if tens.is_empty() { 1 } else { of(tens)? };
            let ones = if ones.is_empty() { 0 } else { of(ones)? };
            Some(tens * 10 + ones)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(raw: &str) -> Option<Command> {
        command(&Text {
            normal: raw.to_owned(),
            ..Text::default()
        })
    }

    #[test]
    fn leaving_a_message_and_one_s_own_data() {
        let ticket = Some(Command::Ticket);
        for raw in ["留言", "我要留言", "我想留言吧", "给你们留言", "那我留个言"]
        {
            assert_eq!(of(raw), ticket, "{raw}");
        }
        for raw in ["我的留言怎么没人回", "他在留言里骂我", "网上留言骂人犯法吗"]
        {
            assert_eq!(of(raw), None, "{raw}");
        }
        for raw in [
            "删除我的记录",
            "请把聊天记录删了",
            "帮我删掉我的聊天记录",
            "我要删除我的数据",
        ] {
            assert_eq!(of(raw), Some(Command::Erase), "{raw}");
        }
        for raw in [
            "聊天记录删了怎么恢复",
            "他把聊天记录删了",
            "删除记录犯法吗",
            "公司删除我的记录",
        ] {
            assert_eq!(of(raw), None, "{raw}");
        }
        for raw in ["导出我的记录", "请给我下载聊天记录"] {
            assert_eq!(of(raw), Some(Command::Export), "{raw}");
        }
        assert_eq!(of("我的数据"), Some(Command::Privacy));
    }

    #[test]
    fn humans_are_asked_for_in_many_words() {
        for raw in [
            "转人工",
            "人工",
            "人工客服",
            "找真人",
            "我要找律师",
            "别给我机器人",
            "0",
            "按 0",
            "我要转人工!!",
            "能不能转人工",
            "请帮我转人工服务",
            "不要机器人",
            "我不想跟机器人说话",
            "不要机器人,我要人工",
            "换个人来",
            "转接客服",
            "有人工吗",
            "人工人工人工",
            "我要和真人说话",
            "帮我安排个律师",
            "我想咨询律师",
            "zhuanrengong",
            "专人工",
            "叫个人来",
            "转 人 工",
            "可以转人工吗?",
            "机器人滚",
            "我想找个律师聊聊",
        ] {
            assert_eq!(of(raw), Some(Command::Human), "{raw}");
        }
    }

    #[test]
    fn other_words_ask_for_nobody() {
        for raw in [
            "人工费怎么算",
            "人工流产",
            "人工流产后能离婚吗",
            "请律师多少钱",
            "你是真人吗",
            "你是机器人吗",
            "找人",
            "我要找人",
            "律师好",
            "不要转人工",
            "别转人工了",
            "有人在吗",
            "律师",
            "找律师要多少钱",
            "人工智能侵权",
            "客服骂我怎么办",
            "拖欠人工工资",
            "机器人",
            "",
            "???",
            "离婚",
            "对方是律师",
            "我找不到人",
        ] {
            assert_ne!(of(raw), Some(Command::Human), "{raw}");
        }
    }

    #[test]
    fn steps_of_a_form() {
        for (raw, command) in [
            ("取消", Command::Cancel),
            ("退出吧", Command::Cancel),
            ("我不填了", Command::Cancel),
            ("算了", Command::Cancel),
            ("跳过", Command::Skip),
            ("先跳过这题", Command::Skip),
            ("不方便说", Command::Skip),
            ("上一步", Command::Back),
            ("改一下", Command::Back),
            ("我要改一下", Command::Back),
            ("刚才说错了", Command::Back),
            ("是", Command::Yes),
            ("对的。", Command::Yes),
            ("嗯嗯", Command::Yes),
            ("好的", Command::Yes),
            ("ok", Command::Yes),
            ("否", Command::No),
            ("不是", Command::No),
            ("没有", Command::No),
            ("不用了", Command::No),
            ("不等了", Command::Resume),
            ("继续问机器人", Command::Resume),
            ("我不想等了", Command::Resume),
            ("还是问机器人吧", Command::Resume),
            ("取消排队", Command::Resume),
        ] {
            assert_eq!(of(raw), Some(command), "{raw}");
        }
        for raw in [
            "取消订单怎么办",
            "退出合伙",
            "不是我签的",
            "没有合同",
            "对方不给钱",
            "改名字",
            "好无聊",
            "是吗",
            "有没有",
            "跳楼",
        ] {
            assert_eq!(of(raw), None, "{raw}");
        }
    }

    #[test]
    fn bare_numbers() {
        for (raw, value) in [
            ("1", 1),
            ("一", 1),
            ("第一个", 1),
            ("选2", 2),
            ("1。", 1),
            ("2)", 2),
            ("(3)", 3),
            ("我选第三个", 3),
            ("选项 4", 4),
            ("5号", 5),
            ("十二", 12),
            ("第二个吧", 2),
            ("3吧", 3),
            ("99", 99),
            ("1、", 1),
            ("按2", 2),
            ("那就第二个吧", 2),
            ("看第三条", 3),
            ("我要第1个", 1),
            ("选 第二项", 2),
        ] {
            assert_eq!(of(raw), Some(Command::Digit(value)), "{raw}");
        }
        for raw in [
            "100",
            "12345",
            "1个",
            "一个",
            "一年",
            "1,2",
            "第八条规定",
            "13800138000",
            "1万",
            "一二三",
        ] {
            assert_eq!(of(raw), None, "{raw}");
        }
    }
}
