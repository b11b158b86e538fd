use super::*;
use crate::reading::text::Normaliser;

fn lists(texts: &[&str], weighing: Weighing) -> (Lists, Normaliser) {
    let normaliser = Normaliser::new("", "- from: [工钱]\n  to: [工资]\n").unwrap();
    let mut builder = Builder::default();
    for text in texts {
        builder.add(&[&normaliser.read(text)]);
    }
    (builder.finish(weighing), normaliser)
}

const BM25: Weighing = Weighing::Bm25 { pair_share: 0.5 };
const COSINE: Weighing = Weighing::Cosine { pair_share: 0.5 };

fn scored(lists: &Lists, query: &Query) -> Vec<i16> {
    let mut all = Vec::new();
    let mut scores = Scores::default();
    for (block, docs) in lists.blocks() {
        lists.score(query, block, &mut scores);
        assert_eq!(scores.words.len(), docs.len());
        all.extend(scores.words.iter().zip(&scores.pairs).map(|(w, p)| w + p));
    }
    all
}

#[test]
fn what_is_shared_adds_up() {
    let (lists, normaliser) = lists(&["风筝线割伤他人", "风筝", "陀螺割伤他人", "工资"], BM25);
    let of = |text: &str| scored(&lists, &Query::of(&normaliser.read(text)));
    let scores = of("风筝割伤");
    assert!(scores[0] > scores[2] && scores[2] > 0, "{scores:?}");
    assert!(scores[1] > 0 && scores[3] == 0, "{scores:?}");
    let (said, meant) = (of("工资")[3], of("工钱")[3]);
    assert!(
        0 < meant && meant < said,
        "a synonym counts less: {said} {meant}"
    );
    assert_eq!(of("qwerty"), [0; 4]);
}

#[test]
fn the_same_question_has_cosine_one() {
    let (lists, normaliser) = lists(&["老板不发工资", "娃归谁养", "老板跑路"], COSINE);
    let query = Query::of(&normaliser.read("老板不发工资"));
    let norm = lists.mass(&query).norm * lists.steps();
    let cosines: Vec<f32> = scored(&lists, &query)
        .iter()
        .map(|s| f32::from(*s) / norm)
        .collect();
    assert!((cosines[0] - 1.0).abs() < 0.1, "{cosines:?}");
    assert!(
        cosines[1] == 0.0 && cosines[2] > 0.0 && cosines[2] < 0.6,
        "{cosines:?}"
    );
}

#[test]
fn lists_survive_their_bytes() {
    let (lists, _) = lists(&["风筝线割伤他人", "陀螺割伤他人", ""], BM25);
    let mut bytes = Vec::new();
    lists.write(&mut bytes);
    let mut rest = bytes.as_slice();
    assert_eq!(Lists::read(&mut rest).unwrap(), lists);
    assert!(rest.is_empty());
    for cut in [0, 7, 30, bytes.len() - 1] {
        assert!(Lists::read(&mut &bytes[..cut]).is_err());
    }
    // A document beyond the end would be out of bounds.
    let docs_at = bytes.len() - lists.blocks[0].added.len() - 2;
    bytes[docs_at] = 3;
    assert!(Lists::read(&mut bytes.as_slice()).is_err());
}

#[test]
fn documents_beyond_a_block_are_found() {
    let normaliser = Normaliser::new("", "").unwrap();
    let (common, rare) = (normaliser.read("甲乙"), normaliser.read("风筝"));
    let mut builder = Builder::default();
    for _ in 0..BLOCK_DOCS {
        builder.add(&[&common]);
    }
    builder.add(&[&rare]);
    let lists = builder.finish(BM25);
    let scores = scored(&lists, &Query::of(&rare));
    assert_eq!(scores.len(), BLOCK_DOCS + 1);
    assert!(scores[BLOCK_DOCS] > 0);
    assert!(scores[..BLOCK_DOCS].iter().all(|s| *s == 0));
    // What nearly all hold says nothing.
    assert!(scored(&lists, &Query::of(&common)).iter().all(|s| *s == 0));
}

#[test]
fn the_longest_query_does_not_overflow() {
    let normaliser = Normaliser::new("", "").unwrap();
    let story: String = (0..2000u32)
        .filter_map(|i| char::from_u32(0x4E00 + i))
        .collect();
    let text = normaliser.read(&story);
    let mut builder = Builder::default();
    builder.add(&[&text]);
    (0..5000).for_each(|_| builder.add(&[]));
    let query = Query::of(&text);
    assert!(query.terms.len() <= QUERY_TERMS_MAX);
    assert!(scored(&builder.finish(BM25), &query)[0] > 0);
}

#[test]
fn the_largest_are_those_of_a_full_sort() {
    let mut seed = 7u32;
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as i16 - 100
    };
    for count in [0, 1, 63, 64, 65, 5_000] {
        let totals: Vec<i16> = (0..count).map(|_| next()).collect();
        let mut all: Vec<(i16, u32)> = totals.iter().copied().zip(0..).collect();
        all.retain(|(total, _)| *total > 0);
        all.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        for limit in [1, 10, 60] {
            let want = &all[..limit.min(all.len())];
            assert_eq!(largest(&totals, limit), want, "{limit} of {count}");
        }
    }
}
