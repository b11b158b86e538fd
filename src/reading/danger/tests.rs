use super::number::{Measure, scan as quantities};
use super::pattern::{Builder, PatternError};
use super::*;
use jiff::civil::date;
use std::collections::BTreeMap;

const TODAY: Date = date(2026, 11, 23);

fn measured(text: &str, measure: Measure) -> Vec<i64> {
    let chars: Vec<char> = text.chars().collect();
    quantities(&chars, TODAY)
        .into_iter()
        .filter(|q| q.measure == measure)
        .map(|q| q.value)
        .collect()
}

/// Whether `pattern` matches `text` with the word list `hit` = 打 揍 and nobody named but 他.
fn found(pattern: &str, text: &str) -> bool {
    let lists = BTreeMap::from([
        ("hit".to_owned(), "打 揍".to_owned()),
        ("person".to_owned(), "他".to_owned()),
    ]);
    let mut builder = Builder::new(&lists).unwrap();
    let pattern = builder.patterns(&[pattern.to_owned()]).unwrap();
    let vocabulary = builder.finish().unwrap();
    let (text, mut scan) = Scan::new(text, TODAY);
    vocabulary.find(&text, &mut scan);
    vocabulary.any(&pattern, &scan)
}

fn dangers(text: &str) -> Vec<(DangerKind, Degree)> {
    let (dangers, _) = flags_in(text, TODAY);
    dangers.into_iter().map(|d| (d.kind, d.degree)).collect()
}

#[test]
fn the_embedded_rules_are_valid() {
    if let Err(error) = Rules::load() {
        panic!("{error}");
    }
}

#[test]
fn numbers_are_read_in_both_scripts() {
    for (text, value) in [
        ("12个人", 12),
        ("一百二十个工人", 120),
        ("十几户", 10),
        ("几十户", 20),
        ("三十多号人", 30),
        ("七八个人", 7),
        ("二十几户", 20),
        ("五十来个", 50),
        ("两万三千元", 23_000),
    ] {
        assert_eq!(measured(text, Measure::Number), [value], "{text}");
    }
}

#[test]
fn durations_and_days_are_read_in_days() {
    for (text, days) in [
        ("12天了", 12),
        ("两周", 14),
        ("三个多月", 90),
        ("一年半", 547),
        ("半年", 182),
        ("几分钟", 0),
    ] {
        assert_eq!(measured(text, Measure::Duration), [days], "{text}");
    }
    for (text, days) in [
        ("后天", 2),
        ("这个礼拜五", 4),
        ("上周五", -3),
        ("11月10日", -13),
        ("11月30号", 7),
        ("二零一九年", -2555),
        ("3月份", -240),
    ] {
        assert_eq!(measured(text, Measure::Day), [days], "{text}");
    }
    assert_eq!(measured("2019年", Measure::Duration), [0_i64; 0]);
}

#[test]
fn gaps_end_at_clauses_and_at_their_length() {
    assert!(found("@hit ~ 我", "他打了我"));
    assert!(!found("@hit 我", "他打了我"));
    assert!(!found("@hit ~ 我", "他打人 我走了"));
    assert!(found("@hit // 我", "他打人 我走了"));
    assert!(!found("@hit ~ 我", "他打了别人家的孩子还骂我"));
}

#[test]
fn clean_gaps_admit_nobody_else() {
    assert!(found("我 ~~! @hit", "我昨天动手打了人"));
    assert!(!found("我 ~~! @hit", "我看见他打了人"));
}

#[test]
fn anchors_numbers_and_latin_words() {
    assert!(found("^ 救命", "快 救命"));
    assert!(!found("^ 救命", "快救命"));
    assert!(found("#10-17 岁", "我十三岁"));
    assert!(!found("#10-17 岁", "我三十岁"));
    assert!(found("da 我", "ta da我"));
    assert!(!found("da", "dad"));
}

#[test]
fn mistakes_in_patterns_are_named() {
    let lists = BTreeMap::new();
    let mut builder = Builder::new(&lists).unwrap();
    let error = |r: Result<_, PatternError>| r.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(error(builder.patterns(&["@nobody".to_owned()])).contains("nobody"));
    assert!(error(builder.patterns(&["打||揍".to_owned()])).contains("empty"));
    assert!(error(builder.patterns(&["#a-b".to_owned()])).contains("range"));
    assert!(error(builder.patterns(&["我 $ 你".to_owned()])).contains('$'));
}

#[test]
fn the_time_decides_the_degree() {
    use DangerKind::Violence;
    assert_eq!(dangers("他正在打我"), [(Violence, Degree::Immediate)]);
    assert_eq!(dangers("老公打我怎么办"), [(Violence, Degree::Ask)]);
    assert_eq!(dangers("三年前老公打过我"), [(Violence, Degree::Related)]);
    assert_eq!(dangers("他没打我"), []);
    assert_eq!(dangers("他打我电话"), []);
}

#[test]
fn blanks_between_letters_hide_nothing() {
    assert_eq!(dangers("他 正 在 打 我"), dangers("他正在打我"));
}

#[test]
fn any_text_is_read_without_panic() {
    for text in [
        "",
        " ",
        "，",
        "。。。",
        "的",
        "1",
        "几",
        "半",
        "著",
        "\u{1f52a}",
        "a.b",
        "上个",
        "万亿亿亿亿万万万九九九九九九九九九九九九九九九九九九九九",
    ] {
        flags_in(text, TODAY);
    }
    flags_in(&"我打".repeat(2_000), TODAY);
}
