//! Every fact of a text, in order, as `kind text value`.

use super::*;
use crate::reading::text::Normaliser;
use jiff::civil::date;

/// A Monday.
const TODAY: Date = date(2026, 11, 23);

fn told(normaliser: &Normaliser, raw: &str) -> Vec<String> {
    let describe = |fact: Fact| {
        let kind = match fact.kind {
            FactKind::Amount => "amount",
            FactKind::Date => "date",
            FactKind::Duration => "span",
            FactKind::Place => "place",
            FactKind::Number => "number",
            FactKind::Role => "role",
            FactKind::Stage => "stage",
        };
        let value = match (fact.kind, fact.value) {
            (_, None) => String::new(),
            (FactKind::Date, Some(days)) => {
                let days = i32::try_from(days).unwrap();
                let day = date(1970, 1, 1).checked_add(jiff::Span::new().days(days));
                format!(" {}", day.unwrap())
            }
            (FactKind::Amount, Some(fen)) => format!(" {}.{:02}", fen / 100, fen % 100),
            (_, Some(value)) => format!(" {value}"),
        };
        format!("{kind} {}{value}", fact.text)
    };
    let facts = facts(&normaliser.read(raw), TODAY);
    facts.into_iter().map(describe).collect()
}

const CASES: &[(&str, &[&str])] = &[
    // amounts
    ("欠我1万2", &["amount 1万2 12000.00"]),
    ("还有3千块没给", &["amount 3千块 3000.00"]),
    ("借出去两万三", &["amount 两万三 23000.00"]),
    ("货款￥5,000.00", &["amount ¥5,000.00 5000.00"]),
    ("罚了一百二十元", &["amount 一百二十元 120.00"]),
    ("被骗5w", &["amount 5w 50000.00"]),
    ("就差几百块", &[]),
    ("欠上千块", &[]),
    ("工资５０００元", &["amount 5000元 5000.00"]),
    ("彩礼十八万八", &["amount 十八万八 188000.00"]),
    ("转了3000多块", &["amount 3000多块 3000.00"]),
    ("赔了二十多万", &["amount 二十多万 200000.00"]),
    ("1.5万元", &["amount 1.5万元 15000.00"]),
    ("三块五", &["amount 三块五 3.50"]),
    ("欠我12000不还", &["amount 12000 12000.00"]),
    ("月薪八千", &["amount 八千 8000.00"]),
    ("一天三百", &["amount 三百 300.00"]),
    ("人民币 30000", &["amount 人民币 30000 30000.00"]),
    ("3000 元", &["amount 3000 元 3000.00"]),
    ("花了2万美元", &["amount 2万美元"]),
    ("一亿二千万元", &["amount 一亿二千万元 120000000.00"]),
    ("三四千块", &["amount 四千块 4000.00"]),
    ("他有5万人", &["number 5万人 50000"]),
    ("千万不要签", &[]),
    ("万一他跑了", &[]),
    ("第三百元整", &[]),
    ("0元购", &[]),
    ("12333打不通", &[]),
    // personal numbers are no facts
    ("我电话13800138000", &[]),
    ("电话138 0013 8000欠我5000元", &["amount 5000元 5000.00"]),
    ("身份证11010519491231002X", &[]),
    ("座机010-62345678", &[]),
    ("卡号6222021234567890128转了800元", &["amount 800元 800.00"]),
    // days
    ("去年三月入职", &["date 去年三月 2025-03-01"]),
    ("上个月辞的", &["date 上个月 2026-10-01"]),
    ("2024年5月1日签的合同", &["date 2024年5月1日 2024-05-01"]),
    ("昨天被打", &["date 昨天 2026-11-22"]),
    ("前天晚上", &["date 前天 2026-11-21"]),
    ("上周五开庭", &["date 上周五 2026-11-20"]),
    ("5月初借的", &["date 5月初 2026-05-01"]),
    ("今年过年前", &["date 今年过年 2026-02-17"]),
    ("2024-05-01", &["date 2024-05-01 2024-05-01"]),
    ("2023.12.5领证", &["date 2023.12.5 2023-12-05"]),
    ("二〇二四年八月", &["date 二〇二四年八月 2024-08-01"]),
    ("12月5日开庭", &["date 12月5日 2026-12-05"]),
    ("3月15号", &["date 3月15号 2026-03-15"]),
    ("八月底", &["date 八月底 2026-08-31"]),
    ("十月中旬", &["date 十月中旬 2026-10-15"]),
    ("24年5月结婚", &["date 24年5月 2024-05-01"]),
    ("前年年底", &["date 前年年底 2024-12-31"]),
    ("下周一去法院", &["date 下周一 2026-11-30"]),
    ("这周三", &["date 这周三 2026-11-25"]),
    ("上上周日", &["date 上上周日 2026-11-15"]),
    ("上个星期四", &["date 上个星期四 2026-11-19"]),
    ("上个月15号", &["date 上个月15号 2026-10-15"]),
    ("三年前借的", &["date 三年前 2023-11-24"]),
    ("10天以前", &["date 10天以前 2026-11-13"]),
    ("两个月之前", &["date 两个月之前 2026-09-24"]),
    ("大前天", &["date 大前天 2026-11-20"]),
    ("明天就开庭", &["date 明天 2026-11-24"]),
    ("2019年买的房", &["date 2019年 2019-01-01"]),
    ("2024年2月30日", &["date 2024年2月30日"]),
    ("三月工资", &["date 三月 2026-03-01"]),
    // spans of time
    ("干了两年半", &["span 两年半 912"]),
    ("拖了三个多月", &["span 三个多月 90"]),
    ("都半年了", &["span 半年 182"]),
    ("住院45天", &["span 45天 45"]),
    ("干了24年", &["span 24年 8760"]),
    ("一年零三个月", &["span 一年零三个月 455"]),
    ("三个半月", &["span 三个半月 105"]),
    ("半个月", &["span 半个月 15"]),
    ("两周", &["span 两周 14"]),
    ("十来天", &["span 十来天 10"]),
    ("15日内", &["span 15日 15"]),
    ("大半年", &["span 大半年 182"]),
    ("孩子三年级", &[]),
    ("第二天", &[]),
    ("好几年了", &[]),
    ("满3周岁", &[]),
    // people and things counted
    ("我们十七个人", &["number 十七个人 17"]),
    ("12名工人讨薪", &["number 12名工人 12"]),
    ("有两个孩子", &["number 两个孩子 2"]),
    ("一个人打三个人", &["number 三个人 3"]),
    ("5个股东", &["number 5个股东 5"]),
    ("一个女儿", &["number 一个女儿 1"]),
    ("第三人", &[]),
    ("几个人", &[]),
    // places
    ("我在广东打工", &["place 广东"]),
    ("人在深圳市", &["place 深圳市"]),
    ("广东省深圳市宝安区", &["place 广东省深圳市宝安区"]),
    ("安徽阜阳的", &["place 安徽阜阳"]),
    ("超市摔倒", &[]),
    ("小区物业", &[]),
    ("我们村征地", &[]),
    ("在香港结婚", &["place 香港"]),
    // roles
    ("我是老板", &["role 老板"]),
    ("我是女方想离婚", &["role 女方"]),
    ("我是小店老板", &["role 老板"]),
    ("我是一名被告", &["role 被告"]),
    ("本人系房东", &["role 房东"]),
    ("我作为租客", &["role 租客"]),
    ("我是老板的儿子", &["role 儿子"]),
    ("我是说老板跑了", &[]),
    ("我是被骗的", &[]),
    ("老板打我", &[]),
    // several at once
    (
        "我是员工，去年三月在杭州入职，干了一年半，欠我3万，电话13900139000",
        &[
            "role 员工",
            "date 去年三月 2025-03-01",
            "place 杭州",
            "span 一年半 547",
            "amount 3万 30000.00",
        ],
    ),
];

#[test]
fn facts_told_in_passing() {
    let normaliser = Normaliser::new("", "").unwrap();
    let wrong: Vec<String> = CASES
        .iter()
        .filter_map(|(raw, expected)| {
            let told = told(&normaliser, raw);
            (told != *expected).then(|| format!("{raw}: {told:?}, not {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(CASES.len() >= 80);
}

/// Without a year, what lies more than two months ahead was last year.
#[test]
fn months_without_a_year() {
    let normaliser = Normaliser::new("", "").unwrap();
    let today = date(2026, 3, 1);
    for (raw, day) in [
        ("5月1日", date(2025, 5, 1)),
        ("4月1日", date(2026, 4, 1)),
        ("二月底", date(2026, 2, 28)),
        ("十二月", date(2025, 12, 1)),
        ("今年10月", date(2026, 10, 1)),
    ] {
        let facts = facts(&normaliser.read(raw), today);
        assert_eq!(facts[0].value, Some(epoch_days(day)), "{raw}");
    }
}
