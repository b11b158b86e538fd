//! The dialogue's script out of fixed texts, forms, intents and entries.

use super::{FORMS_FILE, Parsed, Problem, Sources, TEXTS_FILE, holidays};
use crate::dialogue::calendar::{Calendar, Hours};
use crate::dialogue::nouns::{Citation, Verdict};
use crate::dialogue::script::{
    EntryCard, FormSpec, HumanLevel, IntentCard, RiskClass, Script, SlotKind, SlotSpec,
    ThresholdSettings, Thresholds,
};
use crate::kb::entry::Entry;
use crate::kb::source::short_hash;
use crate::law::cite;
use crate::law::version::Laws;
use jiff::civil::Date;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Areas whose answers belong to the high risk class: criminal, violence, minors, injury.
const HIGH_RISK_AREAS: [&str; 5] = [
    "人身安全",
    "工伤与社保",
    "交通事故",
    "人身损害与医疗",
    "刑事与治安",
];
/// Intents of other areas that are about deadlines or enforcement.
const HIGH_RISK_INTENTS: [&str; 4] = [
    "admin.reconsideration",
    "court.enforcement",
    "court.trial",
    "labour.arbitration",
];

/// What the snapshot needs of the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    pub thresholds: ThresholdSettings,
    /// Who runs the service, how to reach them, how long data are kept: for the notice.
    pub operator: String,
    pub contact: String,
    pub retention: String,
    /// Seconds until nobody accepting an urgent conversation is said to the citizen.
    pub urgent_accept_s: i64,
    /// When the desk is open.
    pub hours: Hours,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            thresholds: ThresholdSettings::default(),
            operator: String::new(),
            contact: String::new(),
            retention: String::new(),
            urgent_accept_s: 20,
            hours: Hours::default(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextsDocument {
    #[serde(rename = "version")]
    _version: String,
    responses: BTreeMap<String, Vec<TextItem>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextItem {
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormsDocument {
    #[serde(rename = "version")]
    _version: String,
    forms: BTreeMap<String, FormItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormItem {
    title: String,
    #[serde(default)]
    offered_by: Vec<String>,
    slots: Vec<SlotItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotItem {
    name: String,
    #[serde(default)]
    title: String,
    ask: String,
    kind: SlotKind,
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    optional: bool,
}

/// Builds the script; all problems at once.
pub(super) fn build(
    sources: &Sources,
    parsed: &Parsed,
    laws: Option<&Laws>,
    settings: &Settings,
    today: Date,
) -> Result<Script, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut texts = texts(sources)
        .map_err(|p| problems.push(p))
        .unwrap_or_default();
    if let Some(notice) = texts.get_mut("notice") {
        for (place, value) in [
            ("{operator}", &settings.operator),
            ("{contact}", &settings.contact),
            ("{retention}", &settings.retention),
        ] {
            *notice = notice.replace(place, value);
        }
    }
    let (forms, offered) = forms(sources)
        .map_err(|p| problems.push(p))
        .unwrap_or_default();
    let entries = cards(parsed, &texts, &offered, laws, today, &mut problems);
    let intents = intents(parsed, &mut problems);
    let holidays = holidays::read(sources)
        .map_err(|p| problems.push(p))
        .unwrap_or_default();
    if !problems.is_empty() {
        return Err(problems);
    }
    let notice = texts.get("notice").map_or("", String::as_str);
    let notice_version = short_hash(Sha256::new_with_prefix(notice));
    Ok(Script {
        texts,
        forms,
        entries,
        intents,
        thresholds: settings.thresholds.over(Thresholds::default()),
        notice_version,
        urgent_accept_s: settings.urgent_accept_s,
        calendar: Calendar {
            hours: settings.hours.clone(),
            holidays,
        },
    })
}

fn texts(sources: &Sources) -> Result<HashMap<String, String>, Problem> {
    let document: TextsDocument = serde_saphyr::from_str(sources.text(TEXTS_FILE))
        .map_err(|e| Problem::yaml(TEXTS_FILE, 0, &e))?;
    let first = |(key, items): (String, Vec<TextItem>)| {
        let text = items.into_iter().next()?.text;
        Some((key, text.trim().to_owned()))
    };
    Ok(document.responses.into_iter().filter_map(first).collect())
}

/// Forms by id, and the form an intent's answers offer.
type Forms = (HashMap<String, FormSpec>, HashMap<String, String>);

fn forms(sources: &Sources) -> Result<Forms, Problem> {
    let document: FormsDocument = serde_saphyr::from_str(sources.text(FORMS_FILE))
        .map_err(|e| Problem::yaml(FORMS_FILE, 0, &e))?;
    let mut forms = HashMap::new();
    let mut offered = HashMap::new();
    for (id, item) in document.forms {
        for intent in item.offered_by {
            offered.insert(intent, id.clone());
        }
        let slots = item.slots.into_iter().map(|s| SlotSpec {
            name: s.name,
            title: s.title,
            ask: s.ask,
            kind: s.kind,
            options: s.options,
            optional: s.optional,
        });
        let spec = FormSpec {
            id: id.clone(),
            title: item.title,
            slots: slots.collect(),
        };
        forms.insert(id, spec);
    }
    Ok((forms, offered))
}

fn intents(parsed: &Parsed, problems: &mut Vec<Problem>) -> HashMap<String, IntentCard> {
    let mut cards = HashMap::new();
    for spec in &parsed.intents {
        let card = IntentCard {
            follows: spec.follows.clone(),
            area: spec.area.clone(),
        };
        if cards.insert(spec.intent.clone(), card).is_some() {
            let message = format!("the intent {} is there twice", spec.intent);
            problems.push(Problem::new("intents", 0, message));
        }
    }
    cards
}

fn cards(
    parsed: &Parsed,
    texts: &HashMap<String, String>,
    offered: &HashMap<String, String>,
    laws: Option<&Laws>,
    today: Date,
    problems: &mut Vec<Problem>,
) -> HashMap<String, EntryCard> {
    let ids: HashSet<&str> = parsed.entries.iter().map(|e| e.id.value.as_str()).collect();
    let known: HashSet<&str> = parsed.intents.iter().map(|i| i.intent.as_str()).collect();
    let aid_line = texts.get("aid_line").map_or("", String::as_str);
    let mut cards = HashMap::with_capacity(parsed.entries.len());
    for entry in &parsed.entries {
        if !known.contains(entry.intent.value.as_str()) {
            let message = format!("there is no intent {}", entry.intent.value);
            problems.push(Problem::new(&entry.file, entry.intent.line, message));
        }
        let citations = citations(entry, laws, today, problems);
        let aid = (entry.aid && !aid_line.is_empty()).then(|| aid_line.to_owned());
        let next = entry.next.iter().map(|n| n.value.clone());
        let card = EntryCard {
            id: entry.id.value.clone(),
            title: entry.title.value.clone(),
            markdown: entry.body.clone(),
            conclusion: entry.conclusion().to_owned(),
            intent: entry.intent.value.clone(),
            human: entry.human.value,
            risk: risk(entry),
            citations,
            next: next.filter(|n| ids.contains(n.as_str())).collect(),
            form: offered.get(&entry.intent.value).cloned(),
            safety: entry.safety.clone(),
            aid,
        };
        if cards.insert(card.id.clone(), card).is_some() {
            let message = format!("the entry {} is there twice", entry.id.value);
            problems.push(Problem::new(&entry.file, entry.id.line, message));
        }
    }
    cards
}

/// How careful an entry's answer has to be.
pub(crate) fn risk(entry: &Entry) -> RiskClass {
    let high = entry.human.value == HumanLevel::Required
        || HIGH_RISK_AREAS.contains(&entry.area.value.as_str())
        || HIGH_RISK_INTENTS.contains(&entry.intent.value.as_str());
    if high {
        RiskClass::High
    } else {
        RiskClass::Other
    }
}

fn citations(
    entry: &Entry,
    laws: Option<&Laws>,
    today: Date,
    problems: &mut Vec<Problem>,
) -> Vec<Citation> {
    let mut citations = Vec::with_capacity(entry.laws.len());
    for written in &entry.laws {
        match cite::parse_one(&written.value) {
            Ok((law, article)) => {
                let verdict = laws.map_or(Verdict::Unverified, |l| l.verdict(&law, article, today));
                citations.push(Citation {
                    law,
                    article: article.to_string(),
                    verdict,
                    text: None,
                });
            }
            Err(error) => {
                let message = format!("{}: {error}", written.value);
                problems.push(Problem::new(&entry.file, written.line, message));
            }
        }
    }
    citations
}
