use super::*;
use crate::kb::source::SourceFile;
use jiff::civil::date;
use std::path::Path;

const TODAY: Date = date(2026, 11, 23);

/// The repository's own texts and forms, with made-up intents' examples left as they are and made-up entries.
fn with_entries(entries: &[(&str, &str)]) -> Sources {
    let mut sources = Sources::embedded();
    sources.0.retain(|f| !f.path.ends_with(".md"));
    for (path, text) in entries {
        sources.0.push(SourceFile {
            path: (*path).into(),
            text: (*text).into(),
        });
    }
    sources
}

const KITE: &str = "\
---
id: kite-injury
title: 风筝线割伤了人谁赔
area: 消费与网络交易
intent: consumer.goods
human: offered
ask:
  - 被风筝线割伤脖子谁来赔
  - 公园放风筝割到路人
  - 风筝线太细伤人要负责吗
  - 风筝把人家玻璃砸了
  - 放风筝伤了人怎么办
probe:
  - 天上掉下来的线把我划了
  - 玩纸鸢弄伤别人
  - 细绳勒破皮肤索赔
laws: [风筝法 2]
reviewed: 2026-11-23
next: [top-noise]
---
**放风筝的人赔。**

留好医院单据。
";

const TOP: &str = "\
---
id: top-noise
title: 半夜抽陀螺太吵
area: 房屋买卖、租赁、物业
intent: housing.neighbour
human: offered
ask:
  - 半夜抽陀螺太吵找谁管
  - 广场上抽陀螺啪啪响睡不着
  - 陀螺鞭子声音大能报警吗
  - 邻居大爷天天抽陀螺
  - 抽陀螺扰民罚款吗
probe:
  - 鞭子声吵得没法睡
  - 老头甩响鞭影响休息
  - 夜里噼啪作响
basis: service
reviewed: 2026-11-23
next: [kite-injury]
---
**先找物业。**
";

fn laws() -> Laws {
    let row = |no: &str, num: u32, status: &str| {
        let effective = if status == "尚未施行" {
            "2027-01-01"
        } else {
            "2020-01-01"
        };
        format!(
            r#"{{"law":"风筝法","law_short":"风筝法","article_no":"{no}","article_num":{num},"kind":"法律","status":"{status}","effective_date":"{effective}","version_date":"2020-01-01","text":"文","source":"test","superseded_on":null}}"#
        )
    };
    let rows = [
        row("第二条", 2, "现行有效"),
        row("第三条", 3, "已废止"),
        row("第四条", 4, "尚未施行"),
        row("第五条", 5, "未核（2025-04 版本）"),
    ];
    Laws::from_jsonl(rows.join("\n").as_bytes()).unwrap().0
}

/// What is found in the two entries, as `file:line: severity: message`.
fn found(kite: &str, laws: Option<&Laws>) -> Vec<String> {
    found_in(kite, TOP, laws)
}

fn found_in(kite: &str, top: &str, laws: Option<&Laws>) -> Vec<String> {
    let sources = with_entries(&[("kb/x/kite-injury.md", kite), ("kb/x/top-noise.md", top)]);
    check(&sources, laws, TODAY, None)
        .iter()
        .filter(|f| f.file.ends_with(".md"))
        .map(ToString::to_string)
        .collect()
}

#[test]
fn sound_entries_pass() {
    assert_eq!(found(KITE, Some(&laws())), Vec::<String>::new());
}

#[test]
fn each_fault_is_named_with_its_line() {
    // Replaced, by what, line, part of the message.
    let cases = [
        (
            "id: kite-injury",
            "id: kite-injuries",
            2,
            "the id is kite-injuries",
        ),
        (
            "area: 消费与网络交易",
            "area: 放风筝",
            4,
            "there is no area 放风筝",
        ),
        (
            "area: 消费与网络交易",
            "area: 劳动与工资",
            4,
            "belongs to 消费与网络交易",
        ),
        (
            "intent: consumer.goods",
            "intent: consumer.kites",
            5,
            "no intent consumer.kites",
        ),
        ("[top-noise]", "[top-nose]", 19, "leads nowhere: top-nose"),
        (
            "[top-noise]",
            "[kite-injury]",
            19,
            "leads nowhere: kite-injury",
        ),
        ("[风筝法 2]", "[风筝法 3]", 17, "已废止"),
        ("[风筝法 2]", "[风筝法 4]", 17, "尚未施行"),
        ("[风筝法 2]", "[风筝法 9]", 17, "查无此条"),
        (
            "[风筝法 2]",
            "[风筝法 5]",
            17,
            "warning: 风筝法 5: 按2025-04版本有效",
        ),
        ("[风筝法 2]", "[风筝法]", 17, "风筝法"),
        ("laws: [风筝法 2]\n", "", 1, "neither `laws` nor `basis`"),
        ("reviewed: 2026-11-23\n", "", 1, "`reviewed` is missing"),
        ("reviewed: 2026-11-23", "reviewed: 去年", 18, "no date like"),
        ("laws: [风筝法 2]", "basis: local", 17, "needs `expiry`"),
        (
            "玩纸鸢弄伤别人",
            "公园放风筝割到路人!",
            15,
            "the probe is indexed",
        ),
        ("  - 细绳勒破皮肤索赔\n", "", 1, "only 2 `probe`"),
        ("  - 公园放风筝割到路人\n", "", 1, "only 4 `ask`"),
        ("human: offered", "human: offered\ncolour: red", 7, "colour"),
    ];
    let laws = laws();
    for (from, to, line, part) in cases {
        assert!(KITE.contains(from), "{from}");
        let said = found(&KITE.replacen(from, to, 1), Some(&laws));
        let place = format!("kite-injury.md:{line}: ");
        let named = said.iter().any(|s| s.contains(&place) && s.contains(part));
        assert!(
            named,
            "{from} -> {to}: wanted line {line}, {part}; got {said:#?}"
        );
    }
}

#[test]
fn local_answers_expire() {
    let local = "basis: local\nsource: 通知\ndate: 2025-01-01\nowner: 张\nexpiry: 2026-11-22";
    let said = found(&KITE.replacen("laws: [风筝法 2]", local, 1), None);
    assert_eq!(
        said,
        ["kb/x/kite-injury.md:21: error: expired on 2026-11-22"]
    );
    let valid = local.replace("11-22", "11-23");
    assert_eq!(
        found(&KITE.replacen("laws: [风筝法 2]", &valid, 1), None),
        Vec::<String>::new()
    );
}

#[test]
fn a_question_stands_in_one_entry_only() {
    let twice = KITE.replacen("放风筝伤了人怎么办", "半夜抽陀螺太吵,找谁管", 1);
    let said = found(&twice, None);
    let wanted = "kb/x/top-noise.md:8: error: the same question stands in kb/x/kite-injury.md:12";
    assert!(said.iter().any(|s| s.starts_with(wanted)), "{said:#?}");
}

#[test]
fn questions_of_articles_name_what_is_in_force_and_stand_once() {
    const FILE: &str = "kb/articles/风筝法.txt";
    let text = "第二条\t线割了人谁赔\n第三条\t旧的那条还算数吗\n第二条\t线割了人，谁赔？\n第九条\t没有这条\n";
    let sources = with_entries(&[
        ("kb/x/kite-injury.md", KITE),
        ("kb/x/top-noise.md", TOP),
        (FILE, text),
    ]);
    let said: Vec<String> = check(&sources, Some(&laws()), TODAY, None)
        .iter()
        .filter(|f| f.file == FILE)
        .map(ToString::to_string)
        .collect();
    let wanted = [
        "2: warning: 风筝法 第三条: 已废止",
        "3: error: the same question stands in line 1",
        "4: warning: 风筝法 第九条: 查无此条",
    ];
    assert_eq!(said.len(), wanted.len(), "{said:#?}");
    for (said, wanted) in said.iter().zip(wanted) {
        let wanted = format!("{FILE}:{wanted}");
        assert!(said.starts_with(&wanted), "{said}, not {wanted}");
    }
}

#[test]
fn nobody_is_left_alone_with_a_grave_matter() {
    let alone = TOP.replacen("human: offered", "human: none", 1);
    assert_eq!(found_in(KITE, &alone, None), Vec::<String>::new());
    for (from, to) in [
        ("area: 房屋买卖、租赁、物业", "area: 刑事与治安"),
        ("intent: housing.neighbour", "intent: court.enforcement"),
        ("邻居大爷天天抽陀螺", "我想自杀"),
    ] {
        let said = found_in(KITE, &alone.replacen(from, to, 1), None);
        assert!(
            said.iter().any(|s| s.contains("error: `human: none`")),
            "{to}: {said:#?}"
        );
    }
}

#[test]
fn missing_texts_and_forms_are_named() {
    let mut sources = Sources::embedded();
    let file = |sources: &mut Sources, path: &str, from: &str, to: &str| {
        let file = sources.0.iter_mut().find(|f| f.path == path).unwrap();
        assert!(file.text.contains(from), "{from}");
        file.text = file.text.replace(from, to);
    };
    file(
        &mut sources,
        TEXTS_FILE,
        "  pointer.lead:",
        "  pointer.led:",
    );
    file(&mut sources, TEXTS_FILE, "{retention}", "一年");
    file(&mut sources, FORMS_FILE, "  wage_claim:", "  wage_claims:");
    let said: Vec<String> = check(&sources, None, TODAY, None)
        .iter()
        .filter(|f| f.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    for part in [
        "the text `pointer.lead` is missing",
        "`notice` does not hold {retention}",
        "the text `form.wage_claims.intro` is missing",
        "leads to the form wage_claim, which is not there",
    ] {
        assert!(said.iter().any(|s| s.contains(part)), "{part}: {said:#?}");
    }
}

fn errors(laws: Option<&Laws>) -> Vec<String> {
    check(&Sources::embedded(), laws, TODAY, None)
        .iter()
        .filter(|f| f.severity == Severity::Error)
        .map(ToString::to_string)
        .collect()
}

#[test]
fn the_repository_s_own_files_pass() {
    assert_eq!(errors(None), Vec::<String>::new());
}

#[test]
fn the_repository_s_own_citations_hold() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/laws/statutes.jsonl.gz");
    if !file.exists() {
        eprintln!("skipped: there are no statutes beside the checkout");
        return;
    }
    let laws = crate::kb::statutes::read_laws(&file).unwrap();
    assert_eq!(errors(Some(&laws)), Vec::<String>::new());
}

#[test]
fn entries_whose_law_changed_since_their_review_are_named() {
    let row = |no: &str, num: u32, effective: &str, passed: &str, end: &str, text: &str| {
        format!(
            r#"{{"law":"风筝法","law_short":"风筝法","article_no":"{no}","article_num":{num},"kind":"法律","status":"现行有效","effective_date":"{effective}","version_date":"{passed}","text":"{text}","source":"test","superseded_on":{end}}}"#
        )
    };
    let end = r#""2027-01-01""#;
    let rows = [
        row("第一条", 1, "2020-01-01", "2019-05-01", end, "甲"),
        row("第一条", 1, "2027-01-01", "2026-08-28", "null", "甲"),
        row("第二条", 2, "2020-01-01", "2019-05-01", end, "乙"),
        row("第二条", 2, "2027-01-01", "2026-08-28", "null", "乙改"),
        row("第三条", 3, "2020-01-01", "2019-05-01", end, "丙"),
    ];
    let laws = Laws::from_jsonl(rows.join("\n").as_bytes()).unwrap().0;
    let kite = KITE.replace("[风筝法 2]", "\n  - 风筝法 1\n  - 风筝法 2\n  - 风筝法 3");
    let on = |day: Date, kite: &str| {
        let sources = with_entries(&[("kb/x/kite-injury.md", kite), ("kb/x/top-noise.md", TOP)]);
        let findings = check(&sources, Some(&laws), TODAY, Some(day));
        let about = findings.iter().filter(|f| f.message.contains("风筝法"));
        about.map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(on(date(2026, 12, 31), &kite), Vec::<String>::new());
    let now = "passed 2026-08-28, in force from 2027-01-01";
    let before = "passed 2019-05-01, in force from 2020-01-01 until 2027-01-01";
    let changed = on(date(2027, 1, 1), &kite);
    let place = "kb/x/kite-injury.md";
    assert_eq!(
        changed,
        [
            format!(
                "{place}:18: warning: 风筝法 1, reviewed 2026-11-23: the law has a new version; before: {before}; now: {now}"
            ),
            format!(
                "{place}:19: warning: 风筝法 2, reviewed 2026-11-23: the text of the article has changed; before: {before}; now: {now}"
            ),
            format!("{place}:20: error: 风筝法 3: 已废止或已修改"),
            format!(
                "{place}:20: warning: 风筝法 3, reviewed 2026-11-23: the article is no longer in force; before: {before}; now: {now}"
            ),
        ]
    );
    let again = kite.replace("reviewed: 2026-11-23", "reviewed: 2027-01-01");
    let left = on(date(2027, 1, 1), &again);
    assert_eq!(
        left,
        [format!("{place}:20: error: 风筝法 3: 已废止或已修改")]
    );
}

#[test]
fn wordings_without_their_entry_are_named() {
    let mut sources = with_entries(&[("kb/x/kite-injury.md", KITE), ("kb/x/top-noise.md", TOP)]);
    sources
        .0
        .retain(|f| !f.path.ends_with(".txt") || !f.path[3..].contains('/'));
    for path in [
        "kb/x/kite-injury.txt",
        "kb/x/kite-injured.txt",
        "kb/articles/风筝法.txt",
    ] {
        sources.0.push(SourceFile {
            path: path.into(),
            text: String::new(),
        });
    }
    let findings = check(&sources, None, TODAY, None);
    let named: Vec<String> = (findings.iter())
        .filter(|f| f.file.ends_with(".txt"))
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        named,
        [
            "kb/x/kite-injured.txt:0: error: there is no kb/x/kite-injured.md: nobody reads these wordings; name the file as its entry, or remove it"
        ]
    );
}

#[test]
fn articles_of_a_law_that_was_not_imported_are_one_warning() {
    let mut sources = with_entries(&[("kb/x/kite-injury.md", KITE), ("kb/x/top-noise.md", TOP)]);
    sources.0.retain(|f| !f.path.ends_with(".txt"));
    for (law, questions) in [
        ("风筝法", "第二条\t线割了脖子\n第九条\t线缠了树\n"),
        ("陀螺条例", "第一条\t鞭子响\n第二条\t半夜抽\n"),
    ] {
        sources.0.push(SourceFile {
            path: format!("kb/articles/{law}.txt"),
            text: questions.into(),
        });
    }
    let findings = check(&sources, Some(&laws()), TODAY, None);
    let named: Vec<String> = (findings.iter())
        .filter(|f| f.file.starts_with("kb/articles/"))
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        named,
        [
            "kb/articles/陀螺条例.txt:0: warning: 《陀螺条例》 was not imported: its articles could not be judged",
            "kb/articles/风筝法.txt:2: warning: 风筝法 第九条: 查无此条",
        ]
    );
}
