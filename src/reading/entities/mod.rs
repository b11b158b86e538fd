//! Facts told in passing: amounts, dates, spans of time, places, numbers of people, roles.
//!
//! Personal numbers are recognised first and never become facts.

mod dates;
mod numerals;
mod places;

use super::mask;
use super::text::{Text, is_ideograph};
use crate::dialogue::reading::{Fact, FactKind};
use dates::begins;
use jiff::civil::{Date, date};
use numerals::{Numeral, numeral};
use std::sync::LazyLock;

/// Longest fact kept, in characters.
const FACT_CHARS_MAX: usize = 24;
/// Most facts looked for in one text.
const FACTS_FOUND_MAX: usize = 32;
/// Characters before a number that may say it is money.
const MONEY_BEFORE_CHARS: usize = 4;

/// Words before a number without a unit that make it money.
static MONEY_WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "欠我 欠他 欠 借 借了 借给他 赔 赔偿 赔了 工资 月薪 底薪 押金 定金 订金 彩礼 罚款 罚 骗了 骗走 \
     被骗 转了 转账 还了 还 花了 付了 交了 一天 每天 每月 一个月 总共 一共 共 少给 扣了 扣 贷了 贷款 \
     房租 租金 抚养费 首付 年薪 工钱 本金 利息 金额 收入 收了 给了 只给 要了 损失 价值 卖了 欠款 欠了 \
     赔我 赔他 给我 才 充了 充值 输了 投了 投资 垫了"
        .split_whitespace()
        .collect()
});
/// What may not follow a number that is to be money: it counts something else.
const NO_MONEY_AFTER: &str = "年月日天号岁个人名位次平米公里斤吨吋寸点分秒小时条项倍%股字步度层楼栋间户亩米只件台辆把家本张双级期元块";
const MONEY_UNITS: &[&str] = &[
    "元",
    "块钱",
    "块",
    "圆",
    "人民币",
    "rmb",
    "美元",
    "美金",
    "港币",
    "欧元",
    "大洋",
    "蚊",
];
/// People and things that are counted (个 before them or not).
static COUNTED: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "孩子 小孩 娃 子女 儿子 女儿 工人 老乡 工友 同事 股东 员工 民工 兄弟 姐妹 兄弟姐妹 合伙人 业主 \
     被告 债主 证人 受害人 人 女孩 男孩 村民 农民工 老人 乘客 伤者 学生"
        .split_whitespace()
        .collect()
});
/// Roles after 我是.
static ROLES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "老板 女方 男方 房东 租客 租户 受害人 受害者 被害人 员工 被告 原告 债主 债权人 债务人 借款人 \
     出借人 担保人 保证人 买方 卖方 买家 卖家 司机 车主 行人 乘客 业主 物业 家长 学生 老师 农民工 \
     工人 包工头 承包人 股东 法人 法定代表人 会计 保姆 雇主 雇员 实习生 学徒 外嫁女 村民 继承人 养子 \
     养女 继子 继女 监护人 被继承人 父亲 母亲 妻子 丈夫 老婆 老公 儿子 女儿 消费者 商家 店主 患者 \
     病人 医生 合伙人 中介 债务方 承租人 出租人 用人单位 劳动者 当事人 家属 残疾人 军人 退役军人 \
     公务员 外国人 未成年人 单亲妈妈 全职妈妈 骑手 快递员 外卖员 主播 临时工 退休工人"
        .split_whitespace()
        .collect()
});
/// How far a matter has come. The longest that fits counts.
static STAGES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "已经起诉 已起诉 起诉了 还没起诉 没起诉 被起诉了 收到传票 收到起诉状 已经立案 已立案 立案了 还没立案 \
     已经开庭 开过庭 已经开过庭 还没开庭 一审判了 一审判决 二审判了 已经判了 判决下来 判决生效 已经判决 已判决 \
     申请仲裁了 已经仲裁 仲裁裁决 仲裁下来 已经离职 已离职 离职了 还在职 还没离职 已经离婚 已离婚 离婚了 还没离婚 \
     没离婚 已经报警 报警了 报了警 还没报警 没报警 已经签了 已经签字 签了字 还没签 已经退休 已经分居 没领证 已经领证 \
     领了证 申请执行了 已经执行 强制执行了"
        .split_whitespace()
        .collect()
});
/// Characters before a stage that make it a question or somebody's wish (想离婚了, 要不要报警了).
const NO_STAGE_BEFORE: &str = "想要能会该如若等怎么";

/// Characters between 我是 and the role at most (我是小店老板).
const ROLE_GAP_CHARS: usize = 5;
/// What begins a gap that tells something else (我是说老板跑了).
const NO_ROLE_GAP: &str = "说想问被在跟因和从让不怕替帮要去为否给对看听没有";

/// Whether a text is one of the roles, alone.
pub(super) fn is_role(text: &str) -> bool {
    ROLES.contains(&text)
}

/// The facts told in `text`, in order; `today` is the day in China.
pub fn facts(text: &Text, today: Date) -> Vec<Fact> {
    let mut scan = Scan::new(text, today);
    scan.run();
    scan.places(text);
    scan.roles();
    scan.stages();
    scan.facts.sort_by_key(|(start, _)| *start);
    scan.facts.into_iter().map(|(_, fact)| fact).collect()
}

struct Scan {
    chars: Vec<char>,
    /// Byte offset of each character.
    offsets: Vec<usize>,
    /// Belongs to a personal number.
    personal: Vec<bool>,
    today: Date,
    /// With the character each begins at.
    facts: Vec<(usize, Fact)>,
}

impl Scan {
    fn new(text: &Text, today: Date) -> Scan {
        let (offsets, chars): (Vec<usize>, Vec<char>) = text.normal.char_indices().unzip();
        let mut personal = vec![false; chars.len()];
        for (range, _) in mask::find(&text.normal) {
            for (index, offset) in offsets.iter().enumerate() {
                personal[index] |= range.contains(offset);
            }
        }
        Scan {
            chars,
            offsets,
            personal,
            today,
            facts: Vec::new(),
        }
    }

    fn keep(&mut self, at: usize, length: usize, kind: FactKind, value: Option<i64>) {
        if self.facts.len() < FACTS_FOUND_MAX {
            let text = self.chars[at..at + length].iter().take(FACT_CHARS_MAX);
            let text = text.collect();
            self.facts.push((at, Fact { kind, text, value }));
        }
    }

    /// Everything that hangs on a number or names a day.
    fn run(&mut self) {
        let mut at = 0;
        while at < self.chars.len() {
            at += if self.personal[at] || !may_begin(self.chars[at]) {
                1
            } else {
                self.day_or_span(at)
                    .or_else(|| self.amount(at))
                    .or_else(|| self.count(at))
                    .or_else(|| numeral(&self.chars[at..]).map(|n| n.length))
                    .unwrap_or(1)
            };
        }
    }

    fn day_or_span(&mut self, at: usize) -> Option<usize> {
        let rest = &self.chars[at..];
        let before = at.checked_sub(1).map(|i| self.chars[i]);
        if let Some(day) = dates::day(rest, self.today) {
            self.keep(at, day.length, FactKind::Date, day.day.map(epoch_days));
            return Some(day.length);
        }
        let span = dates::span(rest)?;
        if let Some(day) = dates::before(span, &rest[span.length..], self.today) {
            self.keep(at, day.length, FactKind::Date, day.day.map(epoch_days));
            return Some(day.length);
        }
        // 第二天, 每年, 有一天 measure nothing; nor does 一天 in 一天三百.
        let measures = !before.is_some_and(|c| "第每有某几数".contains(c));
        let rate = span.days == 1 && numeral(&rest[span.length..]).is_some();
        if measures && !rate {
            self.keep(at, span.length, FactKind::Duration, Some(span.days));
        }
        Some(span.length)
    }

    fn amount(&mut self, at: usize) -> Option<usize> {
        let sign = usize::from(matches!(self.chars[at], '¥' | '$'));
        let named = ["人民币", "rmb"]
            .iter()
            .find(|w| begins(&self.chars[at..], w));
        let prefix = named.map_or(sign, |word| word.chars().count());
        let skip = usize::from(prefix > 0 && self.chars.get(at + prefix) == Some(&' '));
        let start = at + prefix + skip;
        let number = numeral(self.chars.get(start..)?)?;
        let end = start + number.length;
        let blank = usize::from(self.chars.get(end) == Some(&' '));
        let unit = MONEY_UNITS
            .iter()
            .find(|unit| begins(&self.chars[end + blank..], unit));
        let length = match unit {
            Some(unit) => end + blank + unit.chars().count() - at,
            None if prefix > 0 || self.is_money(start, end, number) => end - at,
            None => return None,
        };
        if number.hundredths == 0 || at > 0 && "第几数".contains(self.chars[at - 1]) {
            return None;
        }
        // Foreign money has no value in fen.
        let foreign = unit.is_some_and(|u| ["美元", "美金", "港币", "欧元"].contains(u))
            || self.chars[at] == '$';
        let mut fen = number.hundredths;
        let mut taken = length;
        if let Some((more, used)) = self.small_change(at + length, unit.copied()) {
            fen += more;
            taken += used;
        }
        self.keep(at, taken, FactKind::Amount, (!foreign).then_some(fen));
        Some(taken)
    }

    /// The rest of 三块五: fen and characters.
    fn small_change(&self, at: usize, unit: Option<&str>) -> Option<(i64, usize)> {
        if unit != Some("块") {
            return None;
        }
        let number = numeral(self.chars.get(at..)?)?;
        let single = number.length == 1 && number.hundredths < 1_000;
        let ends = !self
            .chars
            .get(at + 1)
            .is_some_and(|c| is_ideograph(*c) || c.is_alphanumeric());
        (single && ends).then_some((number.hundredths / 10, 1))
    }

    /// A number without a unit is money when it is large or money is spoken of just before.
    fn is_money(&self, start: usize, end: usize, number: Numeral) -> bool {
        if self
            .chars
            .get(end)
            .is_some_and(|c| NO_MONEY_AFTER.contains(*c) || c.is_ascii_alphanumeric())
        {
            return false;
        }
        let from = start.saturating_sub(MONEY_BEFORE_CHARS);
        let before: String = self.chars[from..start]
            .iter()
            .filter(|c| **c != ' ')
            .collect();
        let spoken = MONEY_WORDS.iter().any(|word| before.ends_with(word));
        let large = number.magnitude && number.hundredths >= 100_000;
        large && (spoken || number.hundredths >= 1_000_000 || number.arabic)
            || spoken && number.hundredths >= 10_000
    }

    fn count(&mut self, at: usize) -> Option<usize> {
        let number = numeral(&self.chars[at..])?;
        let mut end = at + number.length;
        let measure = self.chars.get(end).is_some_and(|c| "个名位口".contains(*c));
        end += usize::from(measure);
        let rest = &self.chars[end..];
        let mut counted = COUNTED
            .iter()
            .filter(|word| begins(rest, word))
            .collect::<Vec<_>>();
        counted.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let word = counted.first()?;
        let value = number.hundredths / 100;
        // 一个人 and 第三人 count nobody; 3人民币 is no person.
        let ordinal = at > 0 && "第几数每某".contains(self.chars[at - 1]);
        let role = at > 0 && self.chars[at - 1] == '是' && value == 1;
        let other = begins(rest, "人民") || begins(rest, "人工") || begins(rest, "人身");
        if number.hundredths % 100 != 0 || **word == "人" && value < 2 || ordinal || other || role
        {
            return None;
        }
        let length = end + word.chars().count() - at;
        self.keep(at, length, FactKind::Number, Some(value));
        Some(length)
    }

    fn places(&mut self, text: &Text) {
        for range in places::places(text) {
            let start = self.offsets.partition_point(|o| *o < range.start);
            let end = self.offsets.partition_point(|o| *o < range.end);
            self.keep(start, end - start, FactKind::Place, None);
        }
    }

    /// 我是老板, 我作为女方, 本人系房东.
    fn roles(&mut self) {
        let mut at = 0;
        while at < self.chars.len() {
            let opening = [
                "我是",
                "我作为",
                "我身为",
                "本人是",
                "本人系",
                "我系",
                "俺是",
                "我方是",
                "我们是",
            ]
            .iter()
            .find(|opening| begins(&self.chars[at..], opening));
            let Some(opening) = opening else {
                at += 1;
                continue;
            };
            at += opening.chars().count();
            if let Some((start, length)) = self.role(at) {
                self.keep(start, length, FactKind::Role, None);
                at = start + length;
            }
        }
    }

    /// 已经起诉, 离职了: what has happened so far, unless the text asks or supposes it.
    fn stages(&mut self) {
        let mut at = 0;
        while at < self.chars.len() {
            let before = at.checked_sub(1).map(|i| self.chars[i]);
            let stages = STAGES.iter().filter(|s| begins(&self.chars[at..], s));
            let length = stages.map(|s| s.chars().count()).max();
            let told = length.filter(|length| {
                let after = self.chars.get(at + length);
                !before.is_some_and(|c| NO_STAGE_BEFORE.contains(c))
                    && !after.is_some_and(|c| "吗么没会怎能还要".contains(*c))
            });
            if let Some(length) = told {
                self.keep(at, length, FactKind::Stage, None);
            }
            at += length.unwrap_or(1);
        }
    }

    /// Where a role begins near `at`, and its length.
    fn role(&self, at: usize) -> Option<(usize, usize)> {
        if self.chars.get(at).is_some_and(|c| NO_ROLE_GAP.contains(*c)) {
            return None;
        }
        (at..(at + ROLE_GAP_CHARS).min(self.chars.len())).find_map(|start| {
            let gap = &self.chars[at..start];
            if !gap.iter().all(|c| c.is_alphanumeric()) {
                return None;
            }
            let roles = ROLES
                .iter()
                .filter(|role| begins(&self.chars[start..], role));
            let length = roles.map(|role| role.chars().count()).max()?;
            // 我是老板的儿子 names another role.
            (self.chars.get(start + length) != Some(&'的')).then_some((start, length))
        })
    }
}

/// Begins a number, a day, a span of time or an amount; spares all other characters the search.
fn may_begin(c: char) -> bool {
    c.is_ascii_digit()
        || matches!(c, '¥' | '$' | 'r' | '人' | '半' | '大')
        || matches!(
            c,
            '上' | '下' | '这' | '本' | '星' | '礼' | '周' | '月' | '当'
        )
        || matches!(
            c,
            '今' | '昨' | '前' | '明' | '后' | '去' | '旧' | '琴' | '刚'
        )
        || numerals::digit(c).is_some()
        || numerals::unit(c).is_some()
}

/// Days since the Unix epoch.
fn epoch_days(day: Date) -> i64 {
    let epoch = date(1970, 1, 1);
    i64::from(epoch.until(day).map_or(0, |span| span.get_days()))
}

#[cfg(test)]
mod tests;
