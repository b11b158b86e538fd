//! Conversations as data: what the program, with its own knowledge, makes of short exchanges.
//!
//! `tests/transcripts/*.yaml` hold lists of conversations; each turn says what is typed, or which choice is pressed,
//! and what must come of it. A conversation begins with a question that an entry lists word for word, so that it
//! stands while wordings and weights change.

use faxun::clock;
use faxun::dialogue::nouns::{Author, Body, Choice, Event, From, Message, Owner, What};
use faxun::dialogue::script::Duty;
use faxun::dialogue::state::State;
use faxun::dialogue::step::{Admission, admit};
use faxun::dialogue::turn::Rule;
use faxun::eval;
use faxun::knowledge::{Knowledge, Settings, Sources};
use serde::Deserialize;

/// A Monday noon in China; nobody but the texts decides about days.
const NOW_MS: i64 = 1_795_406_400_000;
const ON_DUTY: Duty = Duty {
    open: true,
    seats_free: 5,
    waiting: 0,
};
/// Fewer conversations would mean that a file was not read.
const CONVERSATIONS_MIN: usize = 80;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Conversation {
    name: String,
    turns: Vec<Expected>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// What the citizen types.
    say: Option<String>,
    /// The label, or its beginning, of a choice that was offered in any message so far; the newest counts.
    press: Option<String>,
    /// Rows one of which must fire.
    #[serde(default)]
    rule: Vec<Rule>,
    /// Rows that must not fire.
    #[serde(default)]
    not_rule: Vec<Rule>,
    /// Entries shown, all of them, in this order.
    entry: Option<Vec<String>>,
    /// An entry that must not be the first shown.
    not_entry: Option<String>,
    /// Fragments of what is shown.
    #[serde(default)]
    shows: Vec<String>,
    /// Fragments that must not be shown.
    #[serde(default)]
    hides: Vec<String>,
    /// Labels of choices, or their beginnings, one for each given.
    #[serde(default)]
    offers: Vec<String>,
    /// Codes of notices shown.
    #[serde(default)]
    notices: Vec<String>,
    /// Codes of notices not shown.
    #[serde(default)]
    no_notices: Vec<String>,
    /// Who owns the conversation after it.
    owner: Option<OwnerKind>,
    /// Articles are cited with what is shown first.
    #[serde(default)]
    cites: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OwnerKind {
    Bot,
    Queue,
    Closed,
}

fn kind_of(owner: &Owner) -> Option<OwnerKind> {
    match owner {
        Owner::Bot => Some(OwnerKind::Bot),
        Owner::Queue { .. } => Some(OwnerKind::Queue),
        Owner::Closed { .. } => Some(OwnerKind::Closed),
        Owner::Consultant { .. } => None,
    }
}

fn choices(body: &Body) -> &[Choice] {
    match body {
        Body::Answer { next: options, .. }
        | Body::Clarify { options, .. }
        | Body::Form { options, .. }
        | Body::Notice { options, .. }
        | Body::Handoff { options, .. } => options,
        _ => &[],
    }
}

fn text_of(body: &Body) -> String {
    match body {
        Body::Answer {
            title,
            markdown,
            safety,
            ..
        } => {
            format!(
                "{}\n{title}\n{markdown}",
                safety.as_deref().unwrap_or_default()
            )
        }
        Body::Clarify { text, .. }
        | Body::Form { text, .. }
        | Body::Pointer { text, .. }
        | Body::Notice { text, .. }
        | Body::Handoff { text, .. } => text.clone(),
        _ => String::new(),
    }
}

/// The seq and option of the newest choice whose label begins like this.
fn offered(history: &[Message], label: &str) -> Option<(u64, u32)> {
    history.iter().rev().find_map(|message| {
        let mut options = choices(&message.body).iter();
        let option = options.find(|c| c.label.starts_with(label))?.option;
        Some((message.seq, option))
    })
}

/// What is wrong with a turn.
fn complaints(expected: &Expected, rule: Rule, shown: &[Message], owner: &Owner) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut demand = |holds: bool, what: String| {
        if !holds {
            wrong.push(what);
        }
    };
    demand(
        expected.rule.is_empty() || expected.rule.contains(&rule),
        format!("row {rule:?}, wanted {:?}", expected.rule),
    );
    demand(
        !expected.not_rule.contains(&rule),
        format!("row {rule:?} fired"),
    );
    let entries: Vec<&str> = shown
        .iter()
        .filter_map(|m| match &m.body {
            Body::Answer { entry, .. } => Some(entry.as_str()),
            _ => None,
        })
        .collect();
    if let Some(wanted) = &expected.entry {
        demand(
            entries.iter().eq(wanted.iter()),
            format!("entries {entries:?}, wanted {wanted:?}"),
        );
    }
    if let Some(unwanted) = &expected.not_entry {
        let first = entries.first().copied();
        demand(
            first != Some(unwanted.as_str()),
            format!("{unwanted} came first"),
        );
    }
    let text: String = shown
        .iter()
        .map(|m| text_of(&m.body))
        .collect::<Vec<_>>()
        .join("\n");
    for fragment in &expected.shows {
        demand(
            text.contains(fragment),
            format!("does not show 「{fragment}」 but:\n{text}"),
        );
    }
    for fragment in &expected.hides {
        demand(
            !text.contains(fragment),
            format!("shows 「{fragment}」:\n{text}"),
        );
    }
    let labels: Vec<&str> = shown
        .iter()
        .flat_map(|m| choices(&m.body))
        .map(|c| c.label.as_str())
        .collect();
    for label in &expected.offers {
        demand(
            labels.iter().any(|l| l.starts_with(label)),
            format!("offers {labels:?}, not {label}"),
        );
    }
    let codes: Vec<&str> = shown
        .iter()
        .filter_map(|m| match &m.body {
            Body::Notice { code, .. } => Some(code.as_str()),
            _ => None,
        })
        .collect();
    for code in &expected.notices {
        demand(
            codes.contains(&code.as_str()),
            format!("notices {codes:?}, not {code}"),
        );
    }
    for code in &expected.no_notices {
        demand(
            !codes.contains(&code.as_str()),
            format!("the notice {code} came"),
        );
    }
    if let Some(kind) = expected.owner {
        demand(
            kind_of(owner) == Some(kind),
            format!("owner {owner:?}, wanted {kind:?}"),
        );
    }
    if let Some(cites) = expected.cites {
        let cited = shown
            .iter()
            .any(|m| matches!(&m.body, Body::Answer { citations, .. } if !citations.is_empty()));
        demand(cited == cites, format!("articles cited: {cited}"));
    }
    wrong
}

/// Plays a conversation; what is wrong with it, if anything. The state goes through its record between the turns.
fn play(knowledge: &Knowledge, conversation: &Conversation) -> Option<String> {
    let mut state = State::default();
    let mut history: Vec<Message> = Vec::new();
    for (number, expected) in (1..).zip(&conversation.turns) {
        let at = format!(
            "{}, turn {number} ({:?}{:?})",
            conversation.name, expected.say, expected.press
        );
        let what = match (&expected.say, &expected.press) {
            (Some(text), None) => What::Say { text: text.clone() },
            (None, Some(label)) => match offered(&history, label) {
                Some((of, option)) => What::Choose { of, option },
                None => return Some(format!("{at}: no choice {label} was offered")),
            },
            _ => return Some(format!("{at}: one of say and press")),
        };
        let event = Event {
            id: number.to_string(),
            by: Author::Citizen,
            what,
        };
        if admit(&state, &event) != Admission::Go {
            return Some(format!("{at}: not admitted"));
        }
        let now_ms = NOW_MS + i64::from(number) * 1000;
        let (_, step) = eval::turn(knowledge, ON_DUTY, &state, &event, now_ms);
        let shown: Vec<Message> = (step.messages.iter())
            .filter(|m| m.from != From::Citizen)
            .cloned()
            .collect();
        let wrong = complaints(expected, step.rule, &shown, &step.state.owner);
        if !wrong.is_empty() {
            return Some(format!("{at}:\n  {}", wrong.join("\n  ")));
        }
        history.extend(shown);
        let record = serde_json::to_vec(&step.state).expect("a state serialises");
        state = serde_json::from_slice(&record).expect("a state can be read back");
    }
    None
}

#[test]
fn every_conversation_goes_as_written() {
    let day = clock::china_date(NOW_MS);
    let built = Knowledge::build(&Sources::embedded(), None, &Settings::default(), day);
    let knowledge = match built {
        Ok(knowledge) => knowledge,
        Err(problems) => panic!("{problems}"),
    };
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the transcripts")
        .map(|f| f.expect("a file").path())
        .collect();
    files.sort();
    let only = std::env::var("FAXUN_TRANSCRIPT").unwrap_or_default();
    let (mut played, mut wrong) = (0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a readable file");
        let conversations: Vec<Conversation> = match serde_saphyr::from_str(&text) {
            Ok(conversations) => conversations,
            Err(error) => panic!("{}: {error}", file.display()),
        };
        for conversation in conversations.iter().filter(|c| c.name.contains(&only)) {
            played += 1;
            wrong.extend(play(&knowledge, conversation));
        }
    }
    for complaint in &wrong {
        println!("{complaint}\n");
    }
    assert!(
        wrong.is_empty(),
        "{} of {played} conversations fail",
        wrong.len()
    );
    assert!(
        played >= CONVERSATIONS_MIN || !only.is_empty(),
        "only {played} conversations"
    );
}
