use super::*;
use crate::reading::text::Normaliser;

fn normaliser() -> Normaliser {
    Normaliser::new("", "- from: [纸鸢]\n  to: [风筝]\n").unwrap()
}

fn index() -> Index {
    let normaliser = normaliser();
    let entry = |questions: &[&str], body: &str| Indexed {
        questions: questions.iter().map(|q| normaliser.read(q)).collect(),
        body: normaliser.read(body),
        area: body.chars().take(1).collect(),
        articles: vec![None, questions[0].starts_with("陀螺").then_some(0)],
    };
    let asked = normaliser.read("夜里鞭子声吵");
    let entries = [
        entry(
            &["风筝伤人谁赔", "被风筝线割伤了脖子"],
            "放风筝的人承担医疗费。",
        ),
        entry(
            &["陀螺扰民", "半夜抽陀螺睡不着觉"],
            "先找物业，再打 12345。",
        ),
        entry(
            &["毽子踢坏玻璃", "孩子踢毽子打碎邻居窗户"],
            "监护人赔偿玻璃。",
        ),
    ];
    Index::new(&entries, &[vec![&asked]])
}

fn found(index: &Index, text: &str) -> Found {
    index.search(&normaliser().read(text))
}

fn order(found: &Found) -> Vec<usize> {
    found.matches.iter().map(|m| m.entry).collect()
}

#[test]
fn words_pairs_synonyms_and_answers_find_their_entry() {
    let index = index();
    assert_eq!(index.len(), 3);
    for (text, entry) in [
        ("脖子被风筝线割伤", 0),
        ("纸鸢把人划伤", 0),
        ("医疗费找谁要", 0),
        ("有人半夜抽陀螺", 1),
        ("12345", 1),
        ("踢毽子", 2),
    ] {
        assert_eq!(order(&found(&index, text)).first(), Some(&entry), "{text}");
    }
}

#[test]
fn an_indexed_question_matches_wholly() {
    let found = found(&index(), "被风筝线割伤了脖子");
    let best = &found.matches[0];
    assert_eq!(found.unknown, 0.0);
    for share in [best.words, best.reverse] {
        assert!((share - 1.0).abs() < 1e-4, "{best:?}");
    }
    assert!(best.second < 1.0);
}

#[test]
fn what_nobody_holds_is_unknown_and_finds_nothing() {
    let index = index();
    let nothing = found(&index, "咖啡葡萄");
    assert!(nothing.matches.is_empty());
    assert!((nothing.unknown - 1.0).abs() < 1e-6);
    for empty in ["", "？！"] {
        let found = found(&index, empty);
        assert!(found.matches.is_empty() && found.unknown == 0.0 && found.mass == 0.0);
    }
    let half = found(&index, "陀螺咖啡葡萄").unknown;
    assert!(half > 0.0 && half < 1.0, "{half}");
}

#[test]
fn a_search_leaves_nothing_behind() {
    let index = index();
    let before = found(&index, "风筝伤人").matches;
    let _ = found(&index, "陀螺毽子玻璃医疗费");
    let _ = found(&Index::new(&[], &[]), "风筝");
    assert_eq!(found(&index, "风筝伤人").matches, before);
}

#[test]
fn everyday_questions_of_a_cited_article_speak_for_the_entry() {
    assert_eq!(order(&found(&index(), "鞭子吵"))[0], 1);
}
