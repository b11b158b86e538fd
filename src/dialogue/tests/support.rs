//! A made-up script and a conversation driver that checks the invariants of every step.

use crate::dialogue::calendar::Calendar;
use crate::dialogue::nouns::*;
use crate::dialogue::reading::*;
use crate::dialogue::script::*;
use crate::dialogue::state::*;
use crate::dialogue::step::{Admission, Refusal, admit, step};
use crate::dialogue::turn::{FORMAT, Rule, Turn};
use std::collections::HashMap;
use std::sync::Arc;

/// Seconds an urgent conversation may wait in these tests.
pub const ACCEPT_S: i64 = 20;

fn entry(id: &str) -> EntryCard {
    EntryCard {
        id: id.to_owned(),
        title: format!("{id}?"),
        markdown: format!("{id}, all of it"),
        conclusion: format!("{id}, in short"),
        intent: "labour.wages".to_owned(),
        human: HumanLevel::Offered,
        risk: RiskClass::Other,
        citations: vec![citation("某法", "第一条")],
        next: Vec::new(),
        form: None,
        safety: None,
        aid: None,
    }
}

pub fn citation(law: &str, article: &str) -> Citation {
    Citation {
        law: law.to_owned(),
        article: article.to_owned(),
        verdict: Verdict::InForce,
        text: Some("条文".to_owned()),
    }
}

fn slot(name: &str, kind: SlotKind, options: &[&str], optional: bool) -> SlotSpec {
    SlotSpec {
        name: name.to_owned(),
        title: format!("<{name}>"),
        ask: format!("{name}?"),
        kind,
        options: options.iter().map(|o| (*o).to_owned()).collect(),
        optional,
    }
}

/// Eight entries, two forms, and a text for every key that the script must have: the key itself in «».
pub fn script() -> Script {
    let mut entries = vec![
        entry("wages"),
        entry("site"),
        entry("loan"),
        entry("divorce"),
        entry("crime"),
        entry("held"),
        entry("violence"),
        entry("bail"),
    ];
    entries[0].next = vec!["site".to_owned(), "gone".to_owned(), "loan".to_owned()];
    entries[0].form = Some("claim".to_owned());
    entries[4].risk = RiskClass::High;
    entries[5].human = HumanLevel::Required;
    entries[6].safety = Some("own safety line".to_owned());
    let forms = [
        FormSpec {
            id: "claim".to_owned(),
            title: "讨薪".to_owned(),
            slots: vec![
                slot(
                    "who",
                    SlotKind::Choice,
                    &["替我自己", "替孩子", "替家人"],
                    false,
                ),
                slot("story", SlotKind::Text, &[], false),
                slot("amount", SlotKind::Amount, &[], true),
                slot("proof", SlotKind::YesNo, &[], false),
            ],
        },
        FormSpec {
            id: "paper".to_owned(),
            title: "文书".to_owned(),
            slots: vec![slot("day", SlotKind::Date, &[], false)],
        },
    ];
    let intents = [
        ("labour.wages", Follows::Answer),
        ("service.claim", Follows::Form("claim".to_owned())),
        ("service.human", Follows::Human),
        ("service.progress", Follows::Text),
        ("chat.greeting", Follows::Text),
        ("oos.chitchat", Follows::Text),
    ];
    let mut script = Script {
        texts: HashMap::new(),
        forms: forms.into_iter().map(|f| (f.id.clone(), f)).collect(),
        entries: entries.into_iter().map(|e| (e.id.clone(), e)).collect(),
        intents: intents
            .into_iter()
            .map(|(id, follows)| {
                (
                    id.to_owned(),
                    IntentCard {
                        follows,
                        area: None,
                    },
                )
            })
            .collect(),
        thresholds: Thresholds {
            answer_high: 0.70,
            answer_other: 0.60,
            ..Thresholds::default()
        },
        notice_version: "1".to_owned(),
        urgent_accept_s: ACCEPT_S,
        calendar: Calendar::default(),
    };
    fill_texts(&mut script);
    script
}

/// Gives every key that the script must have the text «key», with the places that are filled in.
pub fn fill_texts(script: &mut Script) {
    for key in script.text_keys() {
        let places = match key.as_str() {
            "handoff.queued" | "handoff.waiting" => "{position}",
            "handoff.taken" => "{name}{role}",
            "handoff.closed" => "{opening}",
            _ => "",
        };
        let text = format!("«{key}»{places}");
        script.texts.insert(key, text);
    }
}

pub const ON_DUTY: Duty = Duty {
    open: true,
    seats_free: 3,
    waiting: 0,
};
pub const OFF_DUTY: Duty = Duty {
    open: false,
    seats_free: 0,
    waiting: 0,
};

/// A reading in the making.
pub fn read() -> Reading {
    Reading {
        legal: 0.9,
        ..Reading::default()
    }
}

impl Reading {
    pub fn hit(mut self, entry: &str, p: f32) -> Self {
        let entry = entry.to_owned();
        self.hits.push(Hit {
            entry,
            p,
            cites: Vec::new(),
        });
        self
    }
    pub fn intent(mut self, intent: &str, p: f32) -> Self {
        let intent = intent.to_owned();
        self.intents.push(IntentScore { intent, p });
        self
    }
    pub fn in_danger(mut self, kind: DangerKind, degree: Degree) -> Self {
        self.dangers.push(Danger { kind, degree });
        self
    }
    pub fn concern(mut self, concern: Concern) -> Self {
        self.concerns.push(concern);
        self
    }
    pub fn command(mut self, command: Command) -> Self {
        self.command = Some(command);
        self
    }
    pub fn fact(mut self, kind: FactKind, text: &str) -> Self {
        self.facts.push(Fact {
            kind,
            text: text.to_owned(),
            value: None,
        });
        self
    }
    pub fn statute(mut self, law: &str) -> Self {
        self.statutes.push(citation(law, "第二条"));
        self
    }
    pub fn digest(mut self, digest: u64) -> Self {
        self.digest = digest;
        self
    }
    pub fn asks(mut self) -> Self {
        self.question = true;
        self
    }
    pub fn not_legal(mut self) -> Self {
        self.legal = 0.1;
        self
    }
    pub fn garbled(mut self) -> Self {
        self.unintelligible = true;
        self.legal = 0.0;
        self
    }
}

/// The commands a real reading would find in a whole message.
fn commands(text: &str) -> Reading {
    let command = match text {
        "转人工" | "0" => Command::Human,
        "取消" => Command::Cancel,
        "跳过" => Command::Skip,
        "上一步" => Command::Back,
        "是" => Command::Yes,
        "不是" => Command::No,
        "不等了" => Command::Resume,
        "留言" => Command::Ticket,
        "删除记录" => Command::Erase,
        "导出记录" => Command::Export,
        "我的数据" => Command::Privacy,
        _ => match text.parse() {
            Ok(n) => Command::Digit(n),
            Err(_) => return read(),
        },
    };
    read().command(command)
}

pub fn lawyer(staff: &str) -> Author {
    Author::Consultant {
        staff: staff.to_owned(),
        name: format!("{staff}先生"),
        role: StaffRole::Lawyer,
    }
}

pub fn consultant(staff: &str) -> Author {
    Author::Consultant {
        staff: staff.to_owned(),
        name: format!("{staff}女士"),
        role: StaffRole::Consultant,
    }
}

/// A conversation that steps, checks and keeps its turns.
pub struct Chat {
    pub ctx: Context,
    pub state: State,
    pub now_ms: Millis,
    pub turns: Vec<Turn>,
    ids: u64,
}

impl Chat {
    pub fn new() -> Chat {
        Chat::with(script())
    }

    pub fn with(script: Script) -> Chat {
        Chat {
            ctx: Context {
                script: Arc::new(script),
                duty: ON_DUTY,
            },
            state: State::default(),
            now_ms: 1_764_000_000_000,
            turns: Vec::new(),
            ids: 0,
        }
    }

    pub fn off_duty() -> Chat {
        let mut chat = Chat::new();
        chat.ctx.duty = OFF_DUTY;
        chat
    }

    pub fn event(&mut self, by: Author, what: What) -> Event {
        self.ids += 1;
        let id = format!("e{}", self.ids);
        Event { id, by, what }
    }

    /// Says something a reading finds no more in than a command.
    pub fn say(&mut self, text: &str) -> String {
        self.tell(text, commands(text))
    }

    pub fn tell(&mut self, text: &str, reading: Reading) -> String {
        let text = text.to_owned();
        self.citizen(What::Say { text }, reading)
    }

    pub fn choose(&mut self, of: Seq, option: u32) -> String {
        self.citizen(What::Choose { of, option }, Reading::default())
    }

    /// Chooses from the last message that offers anything.
    pub fn press(&mut self, option: u32) -> String {
        let of = self.last_offer();
        self.choose(of, option)
    }

    pub fn human(&mut self) -> String {
        self.citizen(What::Human, Reading::default())
    }

    pub fn end(&mut self) -> String {
        self.citizen(What::End, Reading::default())
    }

    fn citizen(&mut self, what: What, reading: Reading) -> String {
        let event = self.event(Author::Citizen, what);
        self.go(event, reading)
    }

    pub fn act(&mut self, by: Author, what: What) -> String {
        let event = self.event(by, what);
        self.go(event, Reading::default())
    }

    pub fn take(&mut self, by: Author) -> String {
        self.act(by, What::Take)
    }

    pub fn reply(&mut self, by: Author, text: &str) -> String {
        let text = text.to_owned();
        self.act(by, What::Reply { text })
    }

    /// Lets time pass and fires a timer as the engine would: with the event of its due time.
    pub fn wait(&mut self, seconds: i64, timer: Timer) -> String {
        self.now_ms += seconds * 1000;
        self.act(Author::System, What::Timer { timer })
    }

    pub fn lost(&mut self, staff: &str) -> String {
        let staff = staff.to_owned();
        self.act(Author::System, What::OwnerLost { staff })
    }

    pub fn refusal(&mut self, by: Author, what: What) -> Option<Refusal> {
        let event = self.event(by, what);
        match admit(&self.state, &event) {
            Admission::Refuse(refusal) => Some(refusal),
            _ => None,
        }
    }

    pub fn last_offer(&self) -> Seq {
        let messages = self.turns.iter().flat_map(|t| &t.messages);
        let mut offers = messages.filter(|m| options(&m.body).is_some_and(|o| !o.is_empty()));
        offers.next_back().expect("something was offered").seq
    }

    /// Steps, checks, and tells what was shown: the rule, then each message that is not the author's own.
    pub fn go(&mut self, event: Event, reading: Reading) -> String {
        let before = self.state.clone();
        let admission = admit(&before, &event);
        let made = step(&self.ctx, &before, &event, &reading, self.now_ms);
        let turn = Turn {
            format: FORMAT,
            turn: self.turns.len() as u64 + 1,
            at_ms: self.now_ms,
            event,
            reading: reading.compact(),
            rule: made.rule,
            messages: made.messages,
            effects: made.effects,
            state: made.state,
            knowledge: "test".to_owned(),
        };
        if admission != Admission::Go {
            assert_eq!(turn.state, before, "a refused event changes nothing");
            assert!(turn.messages.is_empty() && turn.effects.is_empty());
            return format!("{admission:?}");
        }
        check(&self.ctx, &before, &turn, &reading);
        let shown = shown(&turn);
        self.state = turn.state.clone();
        self.turns.push(turn);
        shown
    }
}

fn options(body: &Body) -> Option<&[Choice]> {
    match body {
        Body::Answer { next: options, .. }
        | Body::Clarify { options, .. }
        | Body::Form { options, .. }
        | Body::Notice { options, .. }
        | Body::Handoff { options, .. } => Some(options),
        _ => None,
    }
}

/// `Rule: message; message`, without the author's own message.
fn shown(turn: &Turn) -> String {
    let own = |m: &&Message| !matches!(m.from, From::Citizen | From::Consultant { .. });
    let messages: Vec<String> = turn
        .messages
        .iter()
        .filter(own)
        .map(|m| describe(&m.body))
        .collect();
    format!("{:?}: {}", turn.rule, messages.join("; "))
}

fn describe(body: &Body) -> String {
    let labels: Vec<&str> = options(body)
        .unwrap_or_default()
        .iter()
        .map(|o| o.label.as_str())
        .collect();
    let labels = if labels.is_empty() {
        String::new()
    } else {
        format!("[{}]", labels.join("|"))
    };
    let what = match body {
        Body::Answer {
            entry,
            markdown,
            safety,
            ..
        } => {
            let short = if markdown.contains("in short") {
                " short"
            } else {
                ""
            };
            let safety = safety
                .as_ref()
                .map(|s| format!(" +{s}"))
                .unwrap_or_default();
            format!("answer {entry}{short}{safety}")
        }
        Body::Clarify { .. } => "clarify".to_owned(),
        Body::Form {
            slot, step, steps, ..
        } => format!("form {slot} {step}/{steps}"),
        Body::Pointer { citations, .. } => format!("pointer {}", citations.len()),
        Body::Notice { code, urgent, .. } => format!("{code}{}", if *urgent { "!" } else { "" }),
        Body::Handoff { state, text, .. } => format!("{state:?} {text}"),
        other => format!("{other:?}"),
    };
    format!("{what}{labels}")
}

/// Everything that must hold after any step.
pub fn check(ctx: &Context, before: &State, turn: &Turn, reading: &Reading) {
    let after = &turn.state;
    for (seq, message) in (before.last_seq + 1..).zip(&turn.messages) {
        assert_eq!(message.seq, seq, "seq without gaps");
    }
    assert_eq!(after.last_seq, before.last_seq + turn.messages.len() as u64);
    let state_bytes = serde_json::to_vec(after).unwrap().len();
    assert!(
        state_bytes <= STATE_BYTES_MAX,
        "state of {state_bytes} bytes"
    );
    let reading_bytes = serde_json::to_vec(&turn.reading).unwrap().len();
    assert!(
        reading_bytes <= READING_BYTES_MAX,
        "reading of {reading_bytes} bytes"
    );
    assert_eq!(
        Turn::from_bytes(&turn.to_bytes()).unwrap(),
        *turn,
        "round trip"
    );
    check_owner(before, turn);
    check_safety(before, turn, reading);
    check_texts(ctx, turn);
    let timers = |timer| after.timers.iter().filter(|t| t.timer == timer).count();
    let queued = matches!(after.owner, Owner::Queue { .. });
    let owned = matches!(after.owner, Owner::Consultant { .. });
    assert!(
        timers(Timer::UrgentUnaccepted) <= usize::from(queued),
        "{after:?}"
    );
    assert!(
        timers(Timer::UrgentUnanswered) <= usize::from(owned),
        "{after:?}"
    );
    assert!(
        after.form.is_none() || after.owner == Owner::Bot,
        "only the bot fills forms"
    );
}

/// Owners change only by the events that may change them.
fn check_owner(before: &State, turn: &Turn) {
    use Owner::*;
    let after = &turn.state.owner;
    let said = &turn.event.what;
    let allowed = match (&turn.event.by, said, &before.owner, after) {
        (Author::Citizen, What::End, _, Closed { .. }) => true,
        (Author::Citizen, _, Consultant { .. }, _) => *after == before.owner,
        (Author::Citizen, What::Rate { .. } | What::End, _, _) => *after == before.owner,
        (Author::Citizen, _, Bot | Closed { .. }, Bot | Queue { .. }) => true,
        (Author::Citizen, _, Queue { since_ms: a, .. }, Queue { since_ms: b, .. }) => a == b,
        (Author::Citizen, _, Queue { .. }, Bot) => {
            matches!(turn.rule, Rule::Resumed | Rule::Ticket)
        }
        (Author::Consultant { .. }, What::Ticket { .. }, Queue { urgent, .. }, Bot) => !urgent,
        (Author::Consultant { .. }, What::Ticket { .. }, _, _) => *after == before.owner,
        (
            Author::Consultant { staff, .. },
            What::Take,
            Queue { .. },
            Consultant { staff: owner, .. },
        ) => staff == owner,
        (Author::Consultant { staff, .. }, _, Consultant { staff: owner, .. }, _)
            if staff == owner =>
        {
            match said {
                What::Reply { .. } => *after == before.owner,
                What::HandBack => match after {
                    Queue { urgent, .. } => *urgent && before.peril().is_some(),
                    _ => *after == Bot,
                },
                What::Close { .. } => matches!(after, Closed { .. }),
                What::Transfer { .. } => matches!(after, Queue { .. }),
                _ => false,
            }
        }
        (
            Author::System,
            What::OwnerLost { staff },
            Consultant { staff: owner, .. },
            Queue { .. },
        ) => staff == owner,
        (Author::System, ..) | (_, What::Decline { .. }, ..) => *after == before.owner,
        _ => false,
    };
    assert!(allowed, "{:?} by {said:?} to {after:?}", before.owner);
}

fn check_safety(before: &State, turn: &Turn, reading: &Reading) {
    let after = &turn.state;
    if let Some(kind) = before.peril()
        && after.peril().is_none()
    {
        let answered = matches!(turn.event.what, What::Reply { .. } | What::Close { .. });
        let safe = turn.rule == Rule::SafetyQuestion;
        assert!(answered || safe, "{kind:?} was lost by {:?}", turn.event);
    }
    if let Owner::Queue { urgent, .. } = after.owner {
        let just_asked = after.danger.is_none() && after.safety.is_some_and(|q| q.asked == 1);
        assert!(
            urgent || after.peril().is_none() || just_asked,
            "a danger waits like any other"
        );
    }
    let mut lines = 0;
    for message in &turn.messages {
        lines += match &message.body {
            Body::Notice { code, .. } => usize::from(code.starts_with("danger_related.")),
            Body::Answer {
                safety: Some(text), ..
            } => usize::from(text.contains("danger_related.")),
            _ => 0,
        };
    }
    let What::Say { .. } = turn.event.what else {
        return assert!(lines <= 1, "{lines} safety lines");
    };
    let person = matches!(before.owner, Owner::Consultant { .. });
    let row_1 = matches!(turn.rule, Rule::Danger | Rule::SafetyQuestion);
    if !person && !row_1 && !reading.dangers.is_empty() {
        let resumed = turn.rule == Rule::Resumed && after.peril().is_some();
        assert_eq!(lines, 1 + usize::from(resumed), "{:?}", turn.messages);
    }
    if !person && before.owner == Owner::Bot {
        assert!(turn.messages.len() > 1, "the bot never keeps silent");
    }
}

/// Every fixed text is one the script must have, so that `faxun check` can demand it.
fn check_texts(ctx: &Context, turn: &Turn) {
    let keys = ctx.script.text_keys();
    for message in &turn.messages {
        let text = match &message.body {
            Body::Notice { code, text, .. } => {
                assert!(keys.contains(code), "{code}");
                text
            }
            Body::Handoff { text, .. }
            | Body::Clarify { text, .. }
            | Body::Pointer { text, .. } => text,
            Body::Answer {
                markdown, safety, ..
            } => {
                assert!(!markdown.contains("\n\n["), "{markdown}");
                safety.as_ref().unwrap_or(markdown)
            }
            _ => continue,
        };
        assert!(
            !text.starts_with('['),
            "a text the script need not have: {text}"
        );
    }
}
