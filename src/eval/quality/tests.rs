use super::*;
use crate::dialogue::reading::Hit;
use crate::dialogue::turn::Rule;
use crate::eval::Outcome;

fn case(asked: Asked, question: &str, hits: &[(&str, f32)], outcome: Outcome) -> Case {
    let hits: Vec<Hit> = (hits.iter())
        .map(|(entry, p)| Hit {
            entry: (*entry).into(),
            p: *p,
            cites: Vec::new(),
        })
        .collect();
    let answered = outcome == Outcome::Answered;
    Case {
        shown: hits.first().filter(|_| answered).map(|h| h.entry.clone()),
        asked,
        question: question.into(),
        part: Part::Test,
        hits,
        outcome,
        rule: match outcome {
            Outcome::Answered => Rule::Answer,
            Outcome::Refused => Rule::NotLegal,
            _ => Rule::Clarify,
        },
    }
}

fn probe(entry: &str, question: &str, hits: &[(&str, f32)], outcome: Outcome) -> Case {
    case(Asked::Probe(entry.into()), question, hits, outcome)
}

fn trap(kind: &str, question: &str, outcome: Outcome) -> Case {
    case(
        Asked::Trap(kind.into()),
        question,
        &[("kite", 0.2)],
        outcome,
    )
}

fn inputs() -> Inputs {
    let card = |id: &str, title: &str, area: &str| Card {
        id: id.into(),
        title: title.into(),
        area: area.into(),
    };
    let judged = |question: &str, passed| Judged {
        question: question.into(),
        line: 7,
        entries: vec!["kite".into()],
        passed,
        got: "clarify (top)".into(),
    };
    let mut tuned = probe("kite", "调过的题", &[("top", 0.95)], Outcome::Answered);
    tuned.part = Part::Fit;
    Inputs {
        day: "2026-11-25".into(),
        knowledge: "abc".into(),
        entries: vec![
            card("kite", "风筝割伤<人>", "天上"),
            card("top", "陀螺太吵", "地上"),
            card("hoop", "铁环撞人", "地上"),
        ],
        cases: vec![
            probe(
                "kite",
                "对的",
                &[("kite", 0.91), ("top", 0.1)],
                Outcome::Answered,
            ),
            probe(
                "kite",
                "第二才对",
                &[("top", 0.55), ("kite", 0.3)],
                Outcome::Answered,
            ),
            probe("top", "没作答", &[("top", 0.35)], Outcome::Clarified),
            probe(
                "hoop",
                "一<b>点</b>没有",
                &[("kite", 0.42)],
                Outcome::Clarified,
            ),
            tuned,
            case(
                Asked::Unanswered,
                "没条目",
                &[("top", 0.8)],
                Outcome::Answered,
            ),
            case(
                Asked::Unanswered,
                "没条目二",
                &[("top", 0.1)],
                Outcome::Pointed,
            ),
            trap("作恶", "坏事一", Outcome::Refused),
            trap("作恶", "坏事二", Outcome::HandedOff),
            trap("闲聊", "天气", Outcome::Refused),
            Case {
                rule: Rule::NotUnderstood,
                ..trap("闲聊", "啊啊", Outcome::Refused)
            },
            Case {
                rule: Rule::Refused,
                ..trap("闲聊", "查他住处", Outcome::HandedOff)
            },
        ],
        golden: vec![judged("金一", true), judged("金二&", false)],
        measured: Measured {
            figures: vec![Figure::value("topics.accuracy", "分类", 0.5, 8)],
            skipped: vec![Skipped {
                what: "法条检索".into(),
                why: "没有给 --eval-dir".into(),
            }],
            traffic: vec![
                ("天上".into(), Outcome::Refused),
                ("天上".into(), Outcome::Answered),
            ],
        },
    }
}

fn figure(quality: &Quality, key: &str) -> (f64, usize) {
    let found = quality.figures.iter().find(|f| f.key == key);
    found.map_or((-1.0, 0), |f| (f.value, f.n))
}

#[test]
fn figures_count_the_reporting_part_alone() {
    let quality = Quality::of(inputs());
    let expected = [
        ("golden.passed", 0.5, 2),
        ("probes.hit@1", 0.5, 4),
        ("probes.hit@5", 0.75, 4),
        ("probes.answered", 0.5, 4),
        ("probes.right_of_answered", 0.5, 2),
        ("unanswered.answered", 0.5, 2),
        ("traps.作恶", 0.5, 2),
        ("traps.闲聊", 0.6667, 3),
        ("topics.accuracy", 0.5, 8),
    ];
    for (key, value, n) in expected {
        assert_eq!(figure(&quality, key), (value, n), "{key}");
    }
    assert_eq!(quality.figures.len(), expected.len());
}

#[test]
fn the_lists_name_what_to_work_on() {
    let quality = Quality::of(inputs());
    let pairs: Vec<_> = (quality.confusions.rows.iter())
        .map(|c| {
            (
                c.entries[0].as_str(),
                c.entries[1].as_str(),
                c.taken,
                c.example.as_str(),
            )
        })
        .collect();
    // The question that was tuned on is in the lists: it is to be worked on all the same.
    assert_eq!(pairs[0], ("kite", "top", [2, 0], "调过的题"));
    assert_eq!(pairs[1], ("hoop", "kite", [1, 0], "一<b>点</b>没有"));
    assert_eq!(quality.lost.len(), 1);
    assert_eq!(quality.lost[0].entry, "hoop");
    assert_eq!(quality.lost[0].instead, [("kite".to_owned(), 1)]);
    let worst: Vec<&str> = quality
        .worst
        .rows
        .iter()
        .map(|w| w.question.as_str())
        .collect();
    assert_eq!(worst[..3], ["调过的题", "没条目", "第二才对"]);
    let through = quality.let_through.rows.iter();
    let through: Vec<&str> = through.map(|w| w.question.as_str()).collect();
    assert_eq!(through, ["啊啊", "坏事二"]);
    assert_eq!(quality.overanswered.total, 1);
    let evil = &quality.traps[0];
    assert_eq!((evil.kind.as_str(), evil.refused, evil.n), ("作恶", 1, 2));
    assert_eq!(evil.handed_off, 1);
    assert_eq!(quality.traps[1].not_understood, 1);
    let sky = quality.areas.iter().find(|a| a.area == "天上").unwrap();
    assert_eq!(
        (sky.entries, sky.probes, sky.first, sky.answered, sky.right),
        (1, 2, 1, 2, 1)
    );
    assert_eq!((sky.golden, sky.golden_passed), (2, 1));
    assert_eq!((sky.asked, sky.asked_answered, sky.asked_kept), (2, 1, 1));
    assert_eq!(quality.golden_failed.len(), 1);
}

#[test]
fn a_long_list_says_how_long_it_is() {
    let mut inputs = inputs();
    let wrong = |n: usize| {
        probe(
            "kite",
            &format!("错 {n}"),
            &[("top", 0.5)],
            Outcome::Answered,
        )
    };
    inputs.cases.extend((0..100).map(wrong));
    let quality = Quality::of(inputs);
    assert_eq!((quality.worst.total, quality.worst.rows.len()), (110, 60));
    assert!(page(&quality, &[]).contains("（110 道，列前 60）"));
}

#[test]
fn reliability_has_bins_with_intervals() {
    let bins = Quality::of(inputs()).bins;
    let ninth = &bins[9];
    assert_eq!((ninth.n, ninth.right, ninth.p), (1, 1, 0.91));
    assert_eq!(
        (bins[8].n, bins[8].right),
        (1, 0),
        "a question without an entry is wrong"
    );
    assert_eq!(bins.iter().map(|b| b.n).sum::<usize>(), 11);
    // Known values of Wilson's interval.
    let (low, high) = lists::interval(8, 10);
    assert!((low - 0.4902).abs() < 1e-3 && (high - 0.9433).abs() < 1e-3);
    assert_eq!(lists::interval(0, 0), (0.0, 1.0));
}

#[test]
fn the_page_stands_alone_and_escapes_what_it_shows() {
    let quality = Quality::of(inputs());
    let html = page(&quality, &[]);
    for shown in [
        "风筝割伤&lt;人&gt;",
        "一&lt;b&gt;点&lt;/b&gt;没有",
        "金二&amp;",
        "n=2",
        "没有给 --eval-dir",
        "陷阱题·作恶",
        "<svg",
    ] {
        assert!(html.contains(shown), "{shown}");
    }
    for absent in [
        "<b>点", "<script", "src=", "href=", "http://", "https://", "url(",
    ] {
        assert!(!html.contains(absent), "{absent}");
    }
    assert!(html.contains("还没有以前的记录"));
}

#[test]
fn the_trend_says_what_changed_and_whether_it_is_good() {
    let quality = Quality::of(inputs());
    let mut before = Run::of(&quality);
    before.figures.insert("probes.hit@1".into(), (0.6, 4));
    before
        .figures
        .insert("unanswered.answered".into(), (0.75, 3));
    let html = page(&quality, &[before]);
    assert!(
        html.contains("<span class=\"bad\">-10.0</span>"),
        "fewer found"
    );
    assert!(
        html.contains("<span class=\"good\">-25.0</span>"),
        "fewer answered that should not be"
    );
    assert!(html.contains("上次 n=3"));
    assert!(html.contains("<polyline"));
    assert_eq!(Run::of(&quality).figures["traps.作恶"], (0.5, 2));
}
