use super::*;
use jiff::civil::date;
use proptest::prelude::*;
use std::sync::LazyLock;

const TODAY: Date = date(2026, 11, 23);

const INTENTS: &str = "\
version: \"3.1\"
nlu:
- intent: labour.unpaid_wages
  metadata:
    topic: 劳动纠纷
    follows: answer
  examples: |
    - 老板不发工资
    - 公司拖欠工资怎么办
    - 干活不给工钱
    - 工资拖了三个月
    - 欠我工资不给
- intent: labour.dismissal
  metadata:
    topic: 劳动纠纷
    follows: answer
  examples: |
    - 公司把我辞退了
    - 无故辞退怎么赔偿
    - 被开除了有补偿吗
    - 单位解雇我
    - 裁员给多少补偿
- intent: marriage.divorce
  metadata:
    topic: 婚姻家庭
    follows: answer
  examples: |
    - 我想离婚
    - 老公不同意离婚怎么办
    - 起诉离婚要多久
    - 离婚财产怎么分
    - 协议离婚去哪办
- intent: chat.greeting
  metadata:
    follows: text
  examples: |
    - 你好
    - 您好在吗
    - hello
    - 哈哈哈
    - 早上好
- intent: oos.task
  metadata:
    follows: text
  examples: |
    - 今天天气怎么样
    - 放一首歌
    - 帮我订机票
    - 讲个笑话
    - 明天天气好吗
";

fn reader() -> Reader {
    let normaliser = Normaliser::new("", "- from: [工钱]\n  to: [工资]\n").unwrap();
    let intents = nlu::parse("test.yml", INTENTS).unwrap();
    let extra = [
        ("marriage.divorce".to_owned(), "对方不肯离婚".to_owned()),
        ("no.such_intent".to_owned(), "没有这样的意图".to_owned()),
    ];
    Reader::new(normaliser, &intents, &extra)
}

static READER: LazyLock<Reader> = LazyLock::new(reader);

fn read(raw: &str) -> Reading {
    let text = READER.text(raw);
    let mut reading = READER.first(&text, TODAY);
    READER.classify(&text, &mut reading);
    reading
}

#[test]
fn intents_are_told_apart() {
    assert_eq!(READER.intents().len(), 5);
    for (raw, intent) in [
        ("工资一直拖着不发", "labour.unpaid_wages"),
        ("離婚財產怎麼辦", "marriage.divorce"),
        ("被公司辞退", "labour.dismissal"),
        ("你好呀", "chat.greeting"),
        ("明天天气", "oos.task"),
    ] {
        let reading = read(raw);
        assert_eq!(reading.intents[0].intent, intent, "{raw}");
        assert!(reading.intents.windows(2).all(|w| w[0].p >= w[1].p));
        assert!(reading.intents.len() <= TOP_MAX);
        let legal = !is_other(intent);
        assert_eq!(reading.legal >= 0.5, legal, "{raw} {}", reading.legal);
    }
}

#[test]
fn probabilities_sum_to_one_and_legal_is_what_is_not_other() {
    let text = READER.text("公司拖欠工资想离婚");
    let p = READER.probabilities(&text);
    assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-4, "{p:?}");
    let mut reading = Reading::default();
    READER.classify(&text, &mut reading);
    assert!((reading.legal - p[..3].iter().sum::<f32>()).abs() < 1e-4);
}

#[test]
fn topics_sum_their_intents() {
    let text = READER.text("被辞退了工资也不给");
    let scores = READER.topic_scores(&text);
    assert_eq!(scores.len(), 2, "intents without a topic are left out");
    assert_eq!(scores[0].0, "劳动纠纷");
    let p = READER.probabilities(&text);
    assert!((scores[0].1 - p[0] - p[1]).abs() < 1e-5);
}

#[test]
fn training_is_deterministic() {
    let again = reader();
    for raw in ["工资", "离婚 辞退", "asdf", "", "今天老板说没钱"] {
        let text = READER.text(raw);
        assert_eq!(
            READER.probabilities(&text),
            again.probabilities(&text),
            "{raw}"
        );
    }
}

#[test]
fn unintelligible_texts() {
    for raw in [
        "asdf",
        "。。。",
        "???",
        "qwertyuiop",
        "123456789",
        "😭😭",
        "",
        "!@#$%",
        "ㅋㅋㅋ",
    ] {
        assert!(read(raw).unintelligible, "{raw}");
    }
    for raw in [
        "哈哈哈",
        "hello",
        "离婚",
        "你好",
        "工资???",
        "1",
        "转人工",
        "asdf 我要离婚",
        "没有",
    ] {
        assert!(!read(raw).unintelligible, "{raw}");
    }
}

#[test]
fn digests_look_at_words_alone() {
    let of = |raw: &str| READER.first(&READER.text(raw), TODAY).digest;
    assert_eq!(of("工资不发,怎么办?"), of("工资不发 怎么办！！"));
    assert_eq!(of("離婚"), of("离婚。"));
    assert_ne!(of("离婚"), of("结婚"));
    // Kept in turns: this value must never change.
    assert_eq!(of("离婚"), digest("离婚"));
    assert_eq!(digest("a1"), 0x089c_1307_b545_4527);
}

#[test]
fn questions() {
    for raw in [
        "能离婚吗",
        "怎么办",
        "赔多少",
        "老板不发工资?",
        "可不可以告他",
        "请问流程",
    ] {
        assert!(read(raw).question, "{raw}");
    }
    for raw in ["老板不发工资", "我要离婚", "你好"] {
        assert!(!read(raw).question, "{raw}");
    }
}

#[test]
fn facts_and_commands_are_read() {
    let reading = read("我是员工，欠我3万");
    assert_eq!(reading.facts.len(), 2);
    assert_eq!(
        read("转人工").command,
        Some(crate::dialogue::reading::Command::Human)
    );
    let many = "3万元,".repeat(30);
    assert_eq!(read(&many).facts.len(), FACTS_MAX);
}

/// The committed intents, synonyms and dictionary load and are good enough to be used.
#[test]
fn the_real_intents_are_learnt() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(files) = std::fs::read_dir(root.join("intents")) else {
        eprintln!("skipped: there is no intents folder");
        return;
    };
    let mut intents = Vec::new();
    for file in files.map(|f| f.unwrap().path()) {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".yml") && name != "texts.yml" && name != "forms.yml" {
            let yaml = std::fs::read_to_string(&file).unwrap();
            intents.extend(nlu::parse(&name, &yaml).unwrap());
        }
    }
    intents.sort_by(|a, b| a.intent.cmp(&b.intent));
    let lexicon = |name: &str| std::fs::read_to_string(root.join("kb").join(name)).unwrap();
    let normaliser = Normaliser::new(&lexicon("userdict.txt"), &lexicon("synonyms.yml")).unwrap();
    // Every fifth example is held out.
    let mut held = Vec::new();
    for spec in &mut intents {
        let mut count = 0;
        spec.examples.retain(|example| {
            count += 1;
            if count % 5 == 0 {
                held.push((spec.intent.clone(), example.clone()));
            }
            count % 5 != 0
        });
    }
    let reader = Reader::new(normaliser, &intents, &[]);
    let (mut right, mut legal, mut sure) = (0, 0, 0.0);
    for (intent, example) in &held {
        let mut reading = Reading::default();
        reader.classify(&reader.text(example), &mut reading);
        right += usize::from(reading.intents[0].intent == *intent);
        sure += reading.intents[0].p;
        legal += usize::from((reading.legal >= 0.5) != is_other(intent));
    }
    let share = |n: usize| n as f32 / held.len() as f32;
    assert!(share(right) > 0.50, "right intent: {}", share(right));
    let gap = sure / held.len() as f32 - share(right);
    assert!(gap.abs() < 0.06, "as sure as right: {gap}");
    assert!(share(legal) > 0.90, "legal or not: {}", share(legal));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn anything_is_read(raw in "(\\PC|[一二三十百千万亿几半个年月日天前周星期上去今元块多第我是转人工0-9,.¥ -]){0,50}") {
        let reading = read(&raw);
        prop_assert!((0.0..=1.0).contains(&reading.legal));
        prop_assert!(reading.facts.iter().all(|f| f.text.chars().count() <= 24));
    }
}
