//! Entries: complete, rightly cited, cautious enough, found by their own questions.

use super::Findings;
use crate::dialogue::nouns::Verdict;
use crate::dialogue::script::{HumanLevel, RiskClass};
use crate::kb::entry::{At, Basis, Entry};
use crate::kb::wordings;
use crate::knowledge::{Knowledge, Parsed, script};
use crate::law::cite;
use crate::law::version::Laws;
use jiff::civil::Date;
use std::collections::{HashMap, HashSet};

/// Areas of life, as the desk and the documentation name them.
const AREAS: [&str; 18] = [
    "婚姻与同居",
    "子女、赡养、监护",
    "继承与家庭房产",
    "人身安全",
    "劳动与工资",
    "工伤与社保",
    "借贷、担保、催收",
    "诈骗、赌博、投资受骗",
    "消费与网络交易",
    "合同、合伙、公司、税",
    "房屋买卖、租赁、物业",
    "农村土地与征收",
    "交通事故",
    "人身损害与医疗",
    "名誉、隐私、个人信息、知识产权",
    "刑事与治安",
    "行政、户籍、投诉、复议、诉讼",
    "打官司与办手续",
];
/// Fewer questions than these leave an entry hard to find, or unmeasured.
const ASKS_MIN: usize = 5;
const PROBES_MIN: usize = 3;

/// Each entry by itself, and entries against each other.
pub(super) fn check(parsed: &Parsed, laws: Option<&Laws>, day: Date, findings: &mut Findings) {
    let ids: HashSet<&str> = parsed.entries.iter().map(|e| e.id.value.as_str()).collect();
    let areas: HashMap<&str, Option<&str>> = parsed
        .intents
        .iter()
        .map(|i| (i.intent.as_str(), i.area.as_deref()))
        .collect();
    for intent in &parsed.intents {
        if let Some(area) = intent.area.as_deref().filter(|a| !AREAS.contains(a)) {
            findings.error(
                "intents",
                0,
                format!("{}: there is no area {area}", intent.intent),
            );
        }
    }
    if laws.is_none() && !parsed.entries.is_empty() {
        findings.warning(
            "kb",
            0,
            "no statutes are loaded: citations could not be judged",
        );
    }
    for entry in &parsed.entries {
        identity(entry, &areas, findings);
        links(entry, &ids, findings);
        basis(entry, day, findings);
        if let Some(laws) = laws {
            citations(entry, laws, day, findings);
            changes(entry, laws, day, findings);
        }
        counts(entry, findings);
        if entry.human.value == HumanLevel::None && script::risk(entry) == RiskClass::High {
            let message = "`human: none` is not for criminal matters, deadlines, violence, minors, injury, enforcement";
            findings.error(&entry.file, entry.human.line, message);
        }
    }
    questions(parsed, findings);
}

fn identity(entry: &Entry, areas: &HashMap<&str, Option<&str>>, findings: &mut Findings) {
    let name = entry.file.rsplit('/').next().unwrap_or_default();
    if name.strip_suffix(".md") != Some(entry.id.value.as_str()) {
        let message = format!("the id is {}, the file {name}", entry.id.value);
        findings.error(&entry.file, entry.id.line, message);
    }
    let area = entry.area.value.as_str();
    if !AREAS.contains(&area) {
        findings.error(
            &entry.file,
            entry.area.line,
            format!("there is no area {area}"),
        );
    }
    if let Some(Some(of_intent)) = areas.get(entry.intent.value.as_str())
        && *of_intent != area
    {
        let message = format!("the intent {} belongs to {of_intent}", entry.intent.value);
        findings.warning(&entry.file, entry.area.line, message);
    }
    match &entry.reviewed {
        None => findings.error(&entry.file, 1, "`reviewed` is missing"),
        Some(at) => {
            date(entry, "reviewed", at, findings);
        }
    }
}

fn date(entry: &Entry, key: &str, at: &At<String>, findings: &mut Findings) -> Option<Date> {
    let parsed = at.value.parse().ok();
    if parsed.is_none() {
        let message = format!("`{key}` is no date like 2026-11-23: {}", at.value);
        findings.error(&entry.file, at.line, message);
    }
    parsed
}

fn links(entry: &Entry, ids: &HashSet<&str>, findings: &mut Findings) {
    for next in &entry.next {
        let id = next.value.as_str();
        if !ids.contains(id) || id == entry.id.value {
            findings.error(
                &entry.file,
                next.line,
                format!("`next` leads nowhere: {id}"),
            );
        }
    }
}

fn basis(entry: &Entry, day: Date, findings: &mut Findings) {
    let Some(basis) = &entry.basis else {
        if entry.laws.is_empty() {
            findings.error(
                &entry.file,
                1,
                "neither `laws` nor `basis`: what does the answer rest on?",
            );
        }
        return;
    };
    if basis.value == Basis::Law && entry.laws.is_empty() {
        findings.error(&entry.file, basis.line, "`basis: law` without `laws`");
    }
    if basis.value != Basis::Local {
        return;
    }
    let missing = [
        ("source", entry.source.is_none()),
        ("date", entry.date.is_none()),
        ("owner", entry.owner.is_none()),
        ("expiry", entry.expiry.is_none()),
    ];
    for (key, _) in missing.iter().filter(|(_, missing)| *missing) {
        findings.error(
            &entry.file,
            basis.line,
            format!("`basis: local` needs `{key}`"),
        );
    }
    if let Some(at) = &entry.expiry
        && date(entry, "expiry", at, findings).is_some_and(|expiry| expiry < day)
    {
        findings.error(&entry.file, at.line, format!("expired on {}", at.value));
    }
}

fn citations(entry: &Entry, laws: &Laws, day: Date, findings: &mut Findings) {
    for written in &entry.laws {
        // A citation that cannot be read is reported where the script is built.
        let Ok((law, article)) = cite::parse_one(&written.value) else {
            continue;
        };
        let verdict = laws.verdict(&law, article, day);
        let message = format!("{}: {}", written.value, verdict.label());
        match verdict {
            Verdict::InForce => {}
            Verdict::Unreviewed | Verdict::Unverified => {
                findings.warning(&entry.file, written.line, message);
            }
            Verdict::Repealed | Verdict::NotYetInForce | Verdict::Absent => {
                findings.error(&entry.file, written.line, message);
            }
        }
    }
}

/// What became of the cited articles since the entry was reviewed.
fn changes(entry: &Entry, laws: &Laws, day: Date, findings: &mut Findings) {
    let Some(reviewed) = &entry.reviewed else {
        return;
    };
    // What is no date is reported with the others.
    let Ok(since) = reviewed.value.parse() else {
        return;
    };
    for written in &entry.laws {
        let Ok((law, article)) = cite::parse_one(&written.value) else {
            continue;
        };
        if let Some(change) = laws.change(&law, article, since, day) {
            let message = format!("{}, reviewed {since}: {change}", written.value);
            findings.warning(&entry.file, written.line, message);
        }
    }
}

fn counts(entry: &Entry, findings: &mut Findings) {
    let (asks, probes) = (entry.ask.len(), entry.probe.len());
    if asks == 0 {
        findings.error(
            &entry.file,
            1,
            "nobody can reach this entry: it has no `ask`",
        );
    } else if asks < ASKS_MIN {
        findings.warning(
            &entry.file,
            1,
            format!("only {asks} `ask`, {ASKS_MIN} or more are wanted"),
        );
    }
    if probes < PROBES_MIN {
        let message = format!("only {probes} `probe`, {PROBES_MIN} or more are wanted");
        findings.warning(&entry.file, 1, message);
    }
}

/// No question in two places, no probe that is indexed or trained on.
fn questions(parsed: &Parsed, findings: &mut Findings) {
    let mut asked: HashMap<String, String> = HashMap::new();
    for entry in &parsed.entries {
        let beside = wordings::beside(&entry.file);
        let asks = entry.ask.iter().map(|ask| (&entry.file, ask));
        let wordings = entry.wordings.iter().map(|wording| (&beside, wording));
        for (file, ask) in asks.chain(wordings) {
            let place = format!("{file}:{}", ask.line);
            if let Some(other) = asked.insert(letters(&ask.value), place) {
                let message = format!("the same question stands in {other}: {}", ask.value);
                findings.error(file, ask.line, message);
            }
        }
    }
    let examples = parsed.intents.iter().flat_map(|i| &i.examples);
    let examples: HashSet<String> = examples.map(|e| letters(e)).collect();
    let mut probed: HashMap<String, String> = HashMap::new();
    for entry in &parsed.entries {
        for probe in &entry.probe {
            let letters = letters(&probe.value);
            if let Some(place) = asked.get(&letters) {
                let message = format!("the probe is indexed, see {place}: {}", probe.value);
                findings.error(&entry.file, probe.line, message);
            }
            if examples.contains(&letters) {
                let message = format!("the probe is an example of an intent: {}", probe.value);
                findings.error(&entry.file, probe.line, message);
            }
            let place = format!("{}:{}", entry.file, probe.line);
            if let Some(other) = probed.insert(letters, place) {
                let message = format!("the same probe stands in {other}: {}", probe.value);
                findings.error(&entry.file, probe.line, message);
            }
        }
    }
}

/// Letters and digits alone: what makes a question the same.
pub(super) fn letters(question: &str) -> String {
    question.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// What only reading tells: whether questions find their entry, and whether their words call for a person.
pub(super) fn check_reading(knowledge: &Knowledge, day: Date, findings: &mut Findings) {
    for entry in &knowledge.entries {
        let mut lost = Vec::new();
        for ask in std::iter::once(&entry.title).chain(&entry.ask) {
            let (text, mut reading) = knowledge.first(&ask.value, day);
            if entry.human.value == HumanLevel::None
                && !(reading.dangers.is_empty() && reading.concerns.is_empty())
            {
                let message = format!(
                    "`human: none`, but these words call for a person: {}",
                    ask.value
                );
                findings.error(&entry.file, ask.line, message);
            }
            knowledge.bot(&text, &mut reading);
            if !reading.hits.iter().any(|h| h.entry == entry.id.value) {
                lost.push(ask);
            }
        }
        if lost.len() > entry.ask.len() {
            findings.error(
                &entry.file,
                entry.id.line,
                "nobody can reach this entry: no question finds it",
            );
            continue;
        }
        for ask in lost {
            let message = format!("this question does not find its entry: {}", ask.value);
            findings.warning(&entry.file, ask.line, message);
        }
    }
}
