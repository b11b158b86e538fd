use std::io::{BufReader, Cursor};

use super::*;

const TODAY: Date = date(2026, 11, 23);

/// One line of statutes; every text is made up.
fn row(law: &str, no: &str, num: u32, status: &str, dates: [Option<&str>; 3]) -> String {
    let [effective, version, superseded] = dates;
    serde_json::json!({
        "law": law, "law_short": short_title(law), "article_no": no, "article_num": num, "kind": "法律",
        "status": status, "effective_date": effective, "version_date": version, "superseded_on": superseded,
        "repealed_by": null, "text": format!("{law}{no}的文字。"), "source": "test",
    })
    .to_string()
}

fn laws(lines: &[String]) -> Laws {
    let (laws, report) = Laws::from_jsonl(Cursor::new(lines.join("\n"))).expect("statutes");
    assert_eq!(report.articles, lines.len());
    laws
}

fn tested() -> Laws {
    let old = "未核（2025-04 版本）";
    let mut laws = laws(&[
        row(
            "中华人民共和国甲法",
            "第一条",
            1,
            "现行有效",
            [Some("2021-01-01"), Some("2020-05-28"), None],
        ),
        row(
            "中华人民共和国乙法",
            "第一条",
            1,
            "现行有效",
            [Some("1995-01-01"), Some("2012-12-28"), None],
        ),
        row(
            "中华人民共和国丙法",
            "第一条",
            1,
            "现行有效",
            [Some("1983-03-01"), Some("2019-04-23"), Some("2027-01-01")],
        ),
        row(
            "中华人民共和国丙法",
            "第一条",
            1,
            "尚未施行",
            [Some("2027-01-01"), Some("2026-06-26"), None],
        ),
        row(
            "中华人民共和国丙法",
            "第二条",
            2,
            "尚未施行",
            [Some("2027-01-01"), Some("2026-06-26"), None],
        ),
        row(
            "中华人民共和国丁法",
            "第一百三十三条",
            133,
            "现行有效",
            [Some("1997-10-01"), Some("2020-12-26"), None],
        ),
        row(
            "中华人民共和国丁法",
            "第一百三十三条之一",
            133,
            "现行有效",
            [Some("2024-03-01"), Some("2023-12-29"), None],
        ),
        row(
            "中华人民共和国丁法",
            "第一百三十三条之一",
            133,
            "历史版本",
            [Some("1997-10-01"), Some("2020-12-26"), Some("2024-03-01")],
        ),
        row("戊条例", "第一条", 1, old, [None, Some("2004-11-01"), None]),
        row("戊条例", "第二条", 2, old, [None, None, None]),
        row(
            "己条例",
            "第一条",
            1,
            "已废止",
            [Some("2003-09-01"), Some("2003-07-21"), None],
        ),
        row(
            "庚条例",
            "第一条",
            1,
            "已废止",
            [None, Some("1999-07-21"), None],
        ),
        row(
            "辛法",
            "第一条",
            1,
            "存疑（来源标已废止，未见废止依据）",
            [Some("2003-03-01"), Some("2018-12-29"), None],
        ),
        row(
            "壬解释",
            "第一条",
            1,
            "疑已废止（所解释的法律已被民法典取代）",
            [Some("2001-12-27"), Some("2001-12-25"), None],
        ),
        row(
            "癸法",
            "第一条",
            1,
            "历史版本",
            [Some("1995-09-01"), Some("2017-09-01"), None],
        ),
        row(
            "癸法",
            "第一条",
            1,
            "现行有效",
            [Some("2026-03-01"), Some("2025-09-12"), None],
        ),
        row(
            "癸法",
            "第九条",
            9,
            "历史版本",
            [Some("1995-09-01"), Some("2017-09-01"), None],
        ),
        row(
            "子法",
            "第一条",
            1,
            "历史版本",
            [Some("1994-01-01"), Some("2014-08-31"), None],
        ),
        row(
            "子法",
            "第一条",
            1,
            "现行有效",
            [Some("1994-01-01"), Some("2026-06-26"), None],
        ),
    ]);
    let repealed = "{\"name\":\"己条例\",\"repealed_on\":\"2022-01-01\",\"by\":\"某法第九条\"}\n\
        {\"name\":\"中华人民共和国没有了的法\",\"repealed_on\":\"2001-01-01\",\"by\":\"某法第九条\"}\n\
        {\"name\":\"中华人民共和国婚姻法\",\"repealed_on\":\"2021-01-01\",\"by\":\"某法第九条\"}\n\
        {\"name\":\"中华人民共和国甲法\",\"repealed_on\":\"2022-01-01\",\"by\":\"同名旧法\"}\n";
    assert_eq!(laws.repealed_names(repealed.as_bytes()), Ok(4));
    laws
}

#[test]
fn verdicts_on_a_day() {
    use Verdict::*;
    let laws = tested();
    for (law, article, on, want) in [
        // first version: both dates known
        ("甲法", "1", "2026-11-23", InForce),
        ("甲法", "1", "2021-01-01", InForce),
        ("甲法", "1", "2020-12-31", NotYetInForce),
        ("甲法", "1", "2020-05-27", Unverified),
        ("甲法", "2", "2026-11-23", Absent),
        // amended, its first day unknown: 1995 belongs to an earlier text
        ("乙法", "1", "2026-11-23", InForce),
        ("乙法", "1", "2016-01-01", InForce),
        ("乙法", "1", "2013-01-01", Unverified),
        ("乙法", "1", "2000-01-01", Unverified),
        // two versions with a known change
        ("丙法", "1", "2026-12-31", InForce),
        ("丙法", "1", "2027-01-01", InForce),
        ("丙法", "2", "2026-12-31", NotYetInForce),
        ("丙法", "2", "2027-01-01", InForce),
        ("丁法", "133", "2026-11-23", InForce),
        ("丁法", "133之一", "2024-02-29", InForce),
        ("丁法", "133之一", "2024-03-01", InForce),
        ("丁法", "133之二", "2024-03-01", Absent),
        // not checked since April 2025
        ("戊条例", "1", "2026-11-23", Unreviewed),
        ("戊条例", "1", "2025-04-01", Unreviewed),
        ("戊条例", "1", "2005-01-01", Unverified),
        ("戊条例", "2", "2026-11-23", Unreviewed),
        ("戊条例", "2", "2025-03-31", Unverified),
        // repealed, on a known day or not
        ("己条例", "1", "2022-01-01", Repealed),
        ("己条例", "1", "2021-12-31", InForce),
        ("己条例", "1", "2003-08-01", Unverified),
        ("庚条例", "1", "2026-11-23", Repealed),
        ("庚条例", "1", "2010-01-01", Unverified),
        ("辛法", "1", "2026-11-23", Unreviewed),
        ("辛法", "1", "2019-01-01", Unverified),
        ("壬解释", "1", "2026-11-23", Repealed),
        ("壬解释", "1", "2010-01-01", Unverified),
        // wholly revised: the old text is not claimed for days on which another may have stood
        ("癸法", "1", "2026-11-23", InForce),
        ("癸法", "1", "2026-03-01", InForce),
        ("癸法", "1", "2026-02-28", Unverified),
        ("癸法", "9", "2026-11-23", Repealed),
        // passed lately, first day unknown: from the day of the label on
        ("子法", "1", "2026-11-23", InForce),
        ("子法", "1", "2026-11-22", Unverified),
        // not in the statutes
        ("婚姻法", "1", "2026-11-23", Repealed),
        ("《中华人民共和国婚姻法》", "1", "2021-01-01", Repealed),
        ("婚姻法", "1", "2020-12-31", Unverified),
        ("没有的法", "1", "2026-11-23", Absent),
        // No regulation is loaded: nobody can say that there is none of this name.
        ("没有的条例", "1", "2026-11-23", Unverified),
        ("没有了的法", "1", "2026-11-23", Repealed),
    ] {
        let on: Date = on.parse().expect("date");
        let article = ArticleNo::parse(article).expect("article");
        assert_eq!(
            laws.verdict(law, article, on),
            want,
            "{law} {article} on {on}"
        );
        let holds = matches!(want, InForce | Unreviewed);
        assert_eq!(
            laws.in_force(law, article, on).is_some(),
            holds,
            "{law} {article} on {on}"
        );
    }
    assert_eq!(
        Laws::empty().verdict("婚姻法", ArticleNo::new(1), TODAY),
        Unverified
    );
}

#[test]
fn the_version_of_a_day_is_the_right_one() {
    let laws = tested();
    let version = |law, article, on: &str| {
        let article = ArticleNo::parse(article).expect("article");
        let found = laws.in_force(law, article, on.parse().expect("date"));
        found.and_then(|a| a.version_date).map(|d| d.to_string())
    };
    let is = |date: &str| Some(date.to_owned());
    assert_eq!(version("丁法", "133之一", "2024-02-29"), is("2020-12-26"));
    assert_eq!(version("丁法", "133之一", "2024-03-01"), is("2023-12-29"));
    assert_eq!(version("丙法", "1", "2026-12-31"), is("2019-04-23"));
    assert_eq!(version("丙法", "1", "2027-01-01"), is("2026-06-26"));
    assert_eq!(laws.versions("《丙法》", ArticleNo::new(1)).len(), 2);
    assert_eq!(laws.versions("丁法", ArticleNo::new(133)).len(), 1);
    assert_eq!(laws.resolve("《丁法》"), Some("中华人民共和国丁法"));
    assert_eq!(laws.resolve("婚姻法"), None);
    assert_eq!(laws.names().resolve("没有了的法"), Some("没有了的法"));
    assert!(laws.law_titles().is_sorted());
}

#[test]
fn bad_lines_are_named() {
    let good = row("甲法", "第一条", 1, "现行有效", [None, None, None]);
    let with = |from: &str, to: &str| good.replace(from, to);
    for (bad, word) in [
        ("{".to_owned(), "EOF"),
        (with("\"kind\"", "\"kinds\""), "kinds"),
        (with("现行有效", "大概有效"), "大概有效"),
        (with("现行有效", "未核（去年）"), "month"),
        (with("第一条", "第某条"), "第某条"),
        (
            with("\"article_num\":1", "\"article_num\":2"),
            "article_num",
        ),
        (
            with("\"version_date\":null", "\"version_date\":\"2020-13-01\""),
            "version_date",
        ),
        (
            with("\"version_date\":null", "\"version_date\":\"20200101\""),
            "version_date",
        ),
        (with("\"text\":", "\"text\":7,\"x\":"), "string"),
    ] {
        let lines = format!("{good}\n\n{bad}\n{good}");
        let error = Laws::from_jsonl(Cursor::new(lines)).expect_err(word);
        assert_eq!(error.line, 3, "{error}");
        assert!(error.message.contains(word), "{word}: {error}");
    }
    let bytes = [good.as_bytes(), b"\n\xff\xfe\n"].concat();
    assert_eq!(
        Laws::from_jsonl(Cursor::new(bytes))
            .expect_err("UTF-8")
            .line,
        2
    );
    let wide = with(
        "\"version_date\":null",
        "\"version_date\":\"２０１３-01-01\"",
    );
    assert_eq!(
        laws(&[wide]).iter().next().and_then(|a| a.version_date),
        Some(date(2013, 1, 1))
    );
    assert!(tested().repealed_names(&b"{\"name\":\"x\"}"[..]).is_err());
}

#[test]
fn overrides_correct_what_is_older() {
    let mut laws = tested();
    let yaml = "- law: 戊条例\n  article: 第一条\n  verdict: repealed\n  since: 2024-01-01\n  source: 新条例第九条\n\
        - law: 甲法\n  verdict: repealed\n  since: 2019-01-01\n  source: 早于本版\n\
        - law: 没有的法\n  verdict: repealed\n  since: 2019-01-01\n  source: 某处\n";
    let report = laws.apply_overrides(yaml).expect("overrides");
    assert_eq!(
        (report.applied, report.unmatched),
        (2, vec!["没有的法".to_owned()])
    );
    let first = ArticleNo::new(1);
    assert_eq!(laws.verdict("戊条例", first, TODAY), Verdict::Repealed);
    assert!(laws.in_force("戊条例", first, TODAY).is_none());
    assert_eq!(
        laws.verdict("戊条例", first, date(2023, 12, 31)),
        Verdict::Unreviewed
    );
    assert_eq!(
        laws.verdict("戊条例", ArticleNo::new(2), TODAY),
        Verdict::Unreviewed
    );
    assert_eq!(
        laws.verdict("甲法", first, TODAY),
        Verdict::InForce,
        "newer than the override"
    );
    for bad in [
        "- law: 甲法\n  verdict: repealed\n  since: 2019-01-01\n",
        "- law: 甲法\n  verdict: gone\n  since: 2019-01-01\n  source: x\n",
        "- law: 甲法\n  verdict: absent\n  since: 2019-01-01\n  source: x\n",
        "- law: 甲法\n  verdict: repealed\n  since: soon\n  source: x\n",
        "- law: 甲法\n  article: 某\n  verdict: repealed\n  since: 2019-01-01\n  source: x\n",
        "- law: 甲法\n  verdict: repealed\n  since: 2019-01-01\n  source: x\n  why: y\n",
    ] {
        assert!(laws.apply_overrides(bad).is_err(), "{bad}");
    }
    assert_eq!(
        laws.verdict("戊条例", first, TODAY),
        Verdict::Repealed,
        "a refused file changes nothing"
    );
}

/// The file of overrides in the repository.
const OVERRIDES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/kb/law-overrides.yml"));

/// The statutes beside the checkout (or in `FAXUN_SHARED`), if they are there.
fn shared_laws() -> Option<Laws> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared");
    let dir = std::env::var("FAXUN_SHARED").unwrap_or_else(|_| beside.to_owned());
    let Ok(file) = std::fs::File::open(format!("{dir}/laws/statutes.jsonl.gz")) else {
        eprintln!("SKIPPED: no statutes in {dir}/laws");
        return None;
    };
    let lines = BufReader::new(flate2::read::GzDecoder::new(BufReader::new(file)));
    let (mut laws, _) = Laws::from_jsonl(lines).expect("statutes");
    let repealed =
        std::fs::read(format!("{dir}/laws/repealed-names.jsonl")).expect("repealed names");
    laws.repealed_names(&repealed[..]).expect("repealed names");
    Some(laws)
}

#[test]
fn all_statutes_have_the_verdicts_their_source_gives() {
    let Some(laws) = shared_laws() else {
        return;
    };
    let mut counts = [0usize; 4];
    let mut wrong = Vec::new();
    for row in laws.iter() {
        let (place, want) = match row.status {
            Status::InForce => (0, Verdict::InForce),
            Status::Unreviewed { .. } | Status::Doubtful => (1, Verdict::Unreviewed),
            Status::NotYetInForce => (2, Verdict::NotYetInForce),
            _ => (3, Verdict::Repealed),
        };
        let got = laws.verdict_of(row, TODAY);
        counts[place] += usize::from(got == want);
        if got != want {
            wrong.push(format!("{}{} {got:?}", row.law, row.article_no));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong: {:?}",
        wrong.len(),
        &wrong[..wrong.len().min(20)]
    );
    assert_eq!(counts, [23_563, 35_155 + 70, 330, 3_542]);
    for (law, article, on, want) in [
        ("商标法", "57", "2026-12-31", Verdict::InForce),
        ("商标法", "87", "2026-12-31", Verdict::NotYetInForce),
        ("商标法", "87", "2027-01-01", Verdict::InForce),
        ("农业法", "1", "2027-01-01", Verdict::InForce),
        ("医疗保障法", "1", "2026-11-23", Verdict::NotYetInForce),
        ("刑法", "276之一", "2026-11-23", Verdict::InForce),
        ("刑法", "165", "2024-02-29", Verdict::InForce),
        ("土地承包法", "1", "2026-11-23", Verdict::Unreviewed),
        ("婚姻法", "32", "2026-11-23", Verdict::Repealed),
        ("合同法", "52", "2019-01-01", Verdict::Unverified),
        ("民法典", "1261", "2026-11-23", Verdict::Absent),
        ("劳合法", "47", "2026-11-23", Verdict::InForce),
    ] {
        let article = ArticleNo::parse(article).expect("article");
        assert_eq!(
            laws.verdict(law, article, on.parse().expect("date")),
            want,
            "{law} {article} {on}"
        );
    }
}

#[test]
fn every_override_and_abbreviation_meets_the_statutes() {
    let Some(mut laws) = shared_laws() else {
        return;
    };
    let before = |laws: &Laws| {
        laws.iter()
            .filter(|r| laws.verdict_of(r, TODAY) == Verdict::Repealed)
            .count()
    };
    let repealed = before(&laws);
    let report = laws.apply_overrides(OVERRIDES).expect("overrides");
    assert_eq!(report.unmatched, Vec::<String>::new());
    assert_eq!(report.applied, 16);
    assert!(before(&laws) > repealed);
    let unknown: Vec<_> = crate::law::abbreviations::ABBREVIATIONS
        .iter()
        .filter(|(said, _)| laws.names().resolve(said).is_none() || laws.resolve(said).is_none())
        .collect();
    // Its regulation is missing from the statutes.
    assert_eq!(unknown, [&("消法实施条例", "消费者权益保护法实施条例")]);
}

#[test]
fn other_names_stand_for_one_law_or_for_none() {
    let named = |law: &str, names: [&str; 2]| {
        let plain = row(
            law,
            "第一条",
            1,
            "现行有效",
            [Some("2021-01-01"), Some("2020-05-28"), None],
        );
        let mut value: serde_json::Value = serde_json::from_str(&plain).expect("JSON");
        value["names"] = names.into_iter().collect();
        value.to_string()
    };
    let mut laws = laws(&[
        named("风筝安全管理条例", ["筝条", "两说条例"]),
        named("陀螺安全管理条例", ["陀条", "两说条例"]),
        named("毽子安全管理条例", ["民法典", "毽条"]),
    ]);
    let check = |laws: &Laws| {
        assert_eq!(laws.resolve("筝条"), Some("风筝安全管理条例"));
        assert_eq!(laws.resolve("《陀条》"), Some("陀螺安全管理条例"));
        assert_eq!(laws.resolve("两说条例"), None);
        assert_eq!(laws.resolve("民法典"), None);
    };
    check(&laws);
    let repealed =
        r#"{"name":"老风筝办法","repealed_on":"2021-01-01","by":"风筝安全管理条例第一条"}"#;
    laws.repealed_names(repealed.as_bytes()).expect("titles");
    check(&laws);
}

#[test]
fn committed_overrides_can_be_read() {
    let report = tested().apply_overrides(OVERRIDES).expect("overrides");
    assert_eq!(report.applied, 0);
    assert!(report.unmatched.len() >= 16);
}
