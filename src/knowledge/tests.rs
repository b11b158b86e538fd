use super::*;

fn here() -> Sources {
    Sources::embedded()
}

fn today() -> Date {
    jiff::civil::date(2026, 11, 23)
}

fn built() -> Knowledge {
    match Knowledge::build(&here(), None, &Settings::default(), today()) {
        Ok(knowledge) => knowledge,
        Err(problems) => panic!("{problems}"),
    }
}

#[test]
fn the_repository_s_own_knowledge_builds_and_finds_its_questions() {
    let knowledge = built();
    let mut wrong = Vec::new();
    let mut number = 0;
    for entry in &knowledge.entries {
        for ask in entry.ask.iter().step_by(4) {
            number += 1;
            let (text, mut reading) = knowledge.first(&ask.value, today());
            knowledge.bot(&text, &mut reading);
            assert!(reading.hits.len() <= TOP_MAX);
            let sum: f32 = reading.hits.iter().map(|h| h.p).sum();
            assert!(sum <= 1.0 + 1e-3, "{sum}");
            if reading
                .hits
                .first()
                .is_none_or(|h| h.entry != entry.id.value)
            {
                wrong.push(&ask.value);
            }
        }
    }
    // A question that two entries list is neither's.
    assert!(
        wrong.len() * 200 <= number,
        "{} of {number}: {wrong:?}",
        wrong.len()
    );
}

#[test]
fn the_same_sources_read_the_same() {
    let (one, two) = (built(), built());
    assert_eq!(one.version(), two.version());
    for question in ["老板跑路了工资没发", "离婚孩子归谁", "今天天气不错"] {
        let read = |k: &Knowledge| {
            let (text, mut reading) = k.first(question, today());
            k.bot(&text, &mut reading);
            reading
        };
        assert_eq!(read(&one), read(&two));
    }
}

#[test]
fn every_problem_is_named_with_its_file_and_line() {
    let mut sources = here();
    let entry = sources
        .0
        .iter_mut()
        .find(|f| f.path.ends_with(".md"))
        .expect("an entry");
    entry.text = entry.text.replacen("area:", "aera:", 1);
    let path = entry.path.clone();
    let texts = sources
        .0
        .iter_mut()
        .find(|f| f.path == TEXTS_FILE)
        .expect("texts");
    texts.text.push_str("\n  : : :\n");
    let Err(problems) = Knowledge::build(&sources, None, &Settings::default(), today()) else {
        panic!("two broken files were accepted");
    };
    let said = problems.to_string();
    assert!(
        said.contains(&format!("{path}:")) && said.contains("aera"),
        "{said}"
    );
    assert!(said.contains(TEXTS_FILE), "{said}");
}
