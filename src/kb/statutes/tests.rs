use super::*;
use crate::kb::source::SourceFile;
use crate::reading::text::Normaliser;
use jiff::civil::date;
use std::io::Write;

const TODAY: Date = date(2026, 11, 23);

/// Made-up statutes: law, article, status, kind, superseded on, text.
fn row(law: &str, no: &str, num: u32, status: &str, superseded: &str, text: &str) -> String {
    let superseded = match superseded {
        "" => "null".to_owned(),
        day => format!("\"{day}\""),
    };
    let effective = if status == "尚未施行" {
        "2027-01-01"
    } else {
        "2020-01-01"
    };
    format!(
        r#"{{"law":"{law}","law_short":"{law}","article_no":"{no}","article_num":{num},"kind":"法律","status":"{status}","effective_date":"{effective}","version_date":"2020-01-01","text":"{text}","source":"test","superseded_on":{superseded}}}"#
    )
}

fn statutes() -> String {
    [
        row(
            "风筝法",
            "第一条",
            1,
            "现行有效",
            "",
            "放风筝应当离开高压电线三百米。",
        ),
        row(
            "风筝法",
            "第二条",
            2,
            "现行有效",
            "",
            "风筝线割伤他人的，放风筝的人应当赔偿医疗费。",
        ),
        row(
            "风筝法",
            "第二条之一",
            2,
            "现行有效",
            "",
            "风筝落入他人院落的，可以取回。",
        ),
        row(
            "风筝法",
            "第三条",
            3,
            "历史版本",
            "2021-01-01",
            "风筝线割伤他人的，不予赔偿医疗费。",
        ),
        row(
            "陀螺条例",
            "第一条",
            1,
            "尚未施行",
            "",
            "陀螺割伤他人的，应当赔偿医疗费。",
        ),
        row(
            "陀螺条例",
            "第二条",
            2,
            "未核（2025-04 版本）",
            "",
            "陀螺不得在夜间抽打。",
        ),
    ]
    .join("\n")
}

fn file(dir: &Path, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

fn read(text: &str) -> Text {
    Normaliser::new("", "").unwrap().read(text)
}

fn search(index: &LawIndex, text: &str, limit: usize) -> Vec<(usize, StatuteHit)> {
    let asking = Asking {
        text: &read(text),
        today: TODAY,
        lay: &index.lay(Vec::new(), &[]),
        evidence: Evidence::default(),
        ranker: &ArticleRanker::default(),
    };
    let scored = index.scored(&asking).into_iter().take(limit);
    scored
        .map(|(row, score)| (row, index.hit(row, score)))
        .collect()
}

fn found(index: &LawIndex, text: &str) -> Vec<String> {
    let hits = search(index, text, 5);
    hits.iter()
        .map(|(_, h)| format!("{}{}", h.law_short, h.article_no))
        .collect()
}

#[test]
fn only_what_is_in_force_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(dir.path(), "s.jsonl", statutes().as_bytes());
    let index = LawIndex::in_memory(&file, &Sources::default()).unwrap();
    let hits = found(&index, "被风筝线割伤了，医疗费谁出");
    assert_eq!(hits[0], "风筝法第二条");
    assert!(
        !hits
            .iter()
            .any(|h| h == "风筝法第三条" || h == "陀螺条例第一条"),
        "{hits:?}"
    );
    assert_eq!(
        found(&index, "风筝掉进别人院落能取回吗")[0],
        "风筝法第二条之一"
    );
    assert_eq!(found(&index, "qwerty"), Vec::<String>::new());
    assert_eq!(found(&index, ""), Vec::<String>::new());
    let (row, _) = search(&index, "夜间能不能抽打陀螺", 1)[0];
    let citation = index.citation(row, TODAY, 5).unwrap();
    assert_eq!(
        (citation.law.as_str(), citation.verdict),
        ("陀螺条例", Verdict::Unreviewed)
    );
    assert_eq!(citation.text.as_deref(), Some("陀螺不得…"));
}

#[test]
fn an_import_is_opened_again_and_replaced_whole() {
    let dir = tempfile::tempdir().unwrap();
    let laws = dir.path().join("laws");
    assert!(LawIndex::open(&laws).unwrap().is_none());
    let packed = file(dir.path(), "s.jsonl.gz", &gzip(&statutes()));
    let sources = Sources::default();
    let first = import(std::slice::from_ref(&packed), false, &laws, &sources).unwrap();
    assert_eq!(
        (first.report.articles, first.report.laws, first.unchanged),
        (6, 2, false)
    );
    assert!(
        import(std::slice::from_ref(&packed), false, &laws, &sources)
            .unwrap()
            .unchanged
    );
    let index = LawIndex::open(&laws).unwrap().unwrap();
    assert_eq!(found(&index, "风筝线割伤他人")[0], "风筝法第二条");
    assert_eq!(index.version(), first.version);

    let bad = file(dir.path(), "bad.jsonl", b"{}\n");
    let error = import(&[bad], false, &laws, &sources)
        .unwrap_err()
        .to_string();
    assert!(error.contains("bad.jsonl, line 1"), "{error}");
    assert_eq!(
        LawIndex::open(&laws).unwrap().unwrap().version(),
        first.version
    );

    // What an interrupted import leaves is not opened and is no obstacle.
    let corrected = Sources(vec![SourceFile {
        path: "kb/law-overrides.yml".into(),
        text: "- law: 风筝法\n  verdict: repealed\n  since: 2025-01-01\n  source: 测试\n".into(),
    }]);
    let expected = super::files::read(std::slice::from_ref(&packed), None, &corrected)
        .unwrap()
        .version;
    std::fs::create_dir_all(laws.join(format!("v-{expected}/index"))).unwrap();
    let second = import(std::slice::from_ref(&packed), false, &laws, &corrected).unwrap();
    assert_eq!(
        (second.corrected, second.version.as_str()),
        (1, expected.as_str())
    );
    let reopened = LawIndex::open(&laws).unwrap().unwrap();
    assert!(!found(&reopened, "风筝线割伤他人").contains(&"风筝法第二条".to_owned()));
    // The one opened before still answers although its files are gone.
    assert_eq!(found(&index, "风筝线割伤他人")[0], "风筝法第二条");
    assert_eq!(std::fs::read_dir(&laws).unwrap().count(), 2);
}

#[test]
fn an_index_of_other_articles_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let laws = dir.path().join("laws");
    let plain = file(dir.path(), "s.jsonl", statutes().as_bytes());
    let imported = import(&[plain], false, &laws, &Sources::default()).unwrap();
    let version = laws.join(format!("v-{}", imported.version));
    std::fs::write(
        version.join("statutes.jsonl"),
        statutes().lines().next().unwrap(),
    )
    .unwrap();
    let error = LawIndex::open(&laws).unwrap_err().to_string();
    assert!(error.contains("import the statutes again"), "{error}");
    std::fs::write(laws.join("current"), "../..").unwrap();
    assert!(matches!(
        LawIndex::open(&laws),
        Err(LawsError::Current { .. })
    ));
}

#[test]
fn everyday_questions_find_what_shares_no_word_with_them() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(dir.path(), "s.jsonl", statutes().as_bytes());
    let index = LawIndex::in_memory(&file, &Sources::default()).unwrap();
    let article = ArticleNo { num: 2, sub: 1 };
    let row = index.laws().row_in_force("风筝法", article, TODAY).unwrap() as u32;
    assert_eq!(
        index
            .laws()
            .row_in_force("风筝法", ArticleNo::new(3), TODAY),
        None
    );
    let lay = index.lay(vec![(row, read("纸鸢挂到隔壁屋顶了"))], &[]);
    let asking = Asking {
        text: &read("纸鸢挂树上"),
        today: TODAY,
        lay: &lay,
        evidence: Evidence::default(),
        ranker: &ArticleRanker::default(),
    };
    assert_eq!(index.scored(&asking)[0].0, row as usize);
}

const KITE_RULES: &str = "---\nlaw: 风筝管理条例\nshort: [筝条]\nkind: 地方性法规\nissued: 2024-03-28\neffective: 2024-07-01\nstatus: 现行有效\nsource: 测试\n---\n第一条　风筝线不得横穿道路。\n";

#[test]
fn markdown_is_added_to_what_is_there_or_replaces_it() {
    let dir = tempfile::tempdir().unwrap();
    let laws = dir.path().join("laws");
    let sources = Sources::default();
    let plain = file(dir.path(), "s.jsonl", statutes().as_bytes());
    let by_hand = dir.path().join("by-hand/city");
    std::fs::create_dir_all(&by_hand).unwrap();
    file(&by_hand, "kites.md", KITE_RULES.as_bytes());
    file(&by_hand, "README.md", b"what this is");
    let by_hand = [dir.path().join("by-hand")];
    import(std::slice::from_ref(&plain), false, &laws, &sources).unwrap();
    let added = import(&by_hand, true, &laws, &sources).unwrap();
    assert_eq!((added.report.articles, added.report.laws), (7, 3));
    assert!(import(&by_hand, true, &laws, &sources).unwrap().unchanged);
    let index = LawIndex::open(&laws).unwrap().unwrap();
    assert_eq!(found(&index, "风筝线横穿道路")[0], "风筝管理条例第一条");
    let rows = |name: &str| {
        let index = LawIndex::open(&laws).unwrap().unwrap();
        let texts: Vec<String> = (index.laws().rows_of(name).iter())
            .map(|r| r.text.to_string())
            .collect();
        texts
    };
    assert_eq!(rows("筝条"), ["风筝线不得横穿道路。"]);

    // The same version of the law again: only its text is another.
    let better = KITE_RULES.replace("横穿", "横跨");
    let better = file(dir.path(), "better.md", better.as_bytes());
    import(&[better], true, &laws, &sources).unwrap();
    assert_eq!(rows("筝条"), ["风筝线不得横跨道路。"]);
    assert_eq!(rows("风筝法").len(), 4);

    // Together with a file of lines; then alone.
    let both = [plain, by_hand[0].clone()];
    assert_eq!(
        import(&both, false, &laws, &sources).unwrap().report.laws,
        3
    );
    assert_eq!(
        import(&by_hand, false, &laws, &sources)
            .unwrap()
            .report
            .laws,
        1
    );
}

#[test]
fn a_broken_file_is_named_with_its_line_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let laws = dir.path().join("laws");
    let sources = Sources::default();
    let good = file(dir.path(), "s.jsonl", statutes().as_bytes());
    let version = import(std::slice::from_ref(&good), false, &laws, &sources)
        .unwrap()
        .version;
    let broken = KITE_RULES.replace("第一条　", "");
    let empty = dir.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    for (path, said) in [
        (
            file(dir.path(), "a.md", broken.as_bytes()),
            "a.md, line 10: text before",
        ),
        (
            file(dir.path(), "b.md", b"---\n\xff"),
            "b.md, line 2: not UTF-8",
        ),
        (file(dir.path(), "c.jsonl", b"\n{}\n"), "c.jsonl, line 2: "),
        (empty, "empty: no .md file"),
        (dir.path().join("nosuch.md"), "nosuch.md: "),
    ] {
        let error = import(&[good.clone(), path], false, &laws, &sources).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        assert_eq!(LawIndex::open(&laws).unwrap().unwrap().version(), version);
    }
}
