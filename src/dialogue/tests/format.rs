//! Every released record format keeps fixture files that must still load. They are never written anew.

use super::support::*;
use crate::dialogue::nouns::*;
use crate::dialogue::turn::{FORMAT, Turn, TurnError};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The name of an event's content in the record; a new kind needs a fixture, and does not compile without a name.
fn what_kind(what: &What) -> &'static str {
    match what {
        What::Say { .. } => "say",
        What::Choose { .. } => "choose",
        What::Rate { .. } => "rate",
        What::Human => "human",
        What::Attach { .. } => "attach",
        What::End => "end",
        What::Take => "take",
        What::Reply { .. } => "reply",
        What::HandBack => "hand_back",
        What::Close { .. } => "close",
        What::Ticket { .. } => "ticket",
        What::Timer { .. } => "timer",
        What::OwnerLost { .. } => "owner_lost",
        What::Decline { .. } => "decline",
        What::Transfer { .. } => "transfer",
        What::Invite { .. } => "invite",
        What::Lapse { .. } => "lapse",
    }
}

fn body_kind(body: &Body) -> &'static str {
    match body {
        Body::Text { .. } => "text",
        Body::Choice { .. } => "choice",
        Body::Request { .. } => "request",
        Body::Rating { .. } => "rating",
        Body::End => "end",
        Body::Attachment { .. } => "attachment",
        Body::Answer { .. } => "answer",
        Body::Clarify { .. } => "clarify",
        Body::Form { .. } => "form",
        Body::Pointer { .. } => "pointer",
        Body::Notice { .. } => "notice",
        Body::Handoff { .. } => "handoff",
    }
}

const WHATS: usize = 16;
const BODIES: usize = 11;

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/turn-v1");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    files.sort();
    let read = |f: PathBuf| (f.display().to_string(), std::fs::read(&f).unwrap());
    files.into_iter().map(read).collect()
}

#[test]
fn records_of_format_1_still_load() {
    let mut whats = BTreeSet::new();
    let mut bodies = BTreeSet::new();
    let mut last_seq = 0;
    for (number, (name, bytes)) in (1..).zip(fixtures()) {
        let turn = Turn::from_bytes(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(turn.turn, number, "{name}");
        if let Some((first, last)) = turn.seqs() {
            assert_eq!(first, last_seq + 1, "{name}");
            last_seq = last;
        }
        assert_eq!(turn.state.last_seq, last_seq, "{name}");
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(
            value["event"]["what"]["kind"],
            what_kind(&turn.event.what),
            "{name}"
        );
        for (at, message) in turn.messages.iter().enumerate() {
            assert_eq!(
                value["messages"][at]["body"]["kind"],
                body_kind(&message.body),
                "{name}"
            );
            bodies.insert(body_kind(&message.body));
        }
        if FORMAT == 1 {
            let again: serde_json::Value = serde_json::from_slice(&turn.to_bytes()).unwrap();
            assert_eq!(again, value, "{name} loses something");
        }
        whats.insert(what_kind(&turn.event.what));
    }
    assert_eq!(
        (whats.len(), bodies.len()),
        (WHATS, BODIES),
        "{whats:?} {bodies:?}"
    );
}

#[test]
fn a_newer_or_damaged_record_is_told_apart() {
    let mut chat = Chat::new();
    chat.say("你好");
    let turn = &chat.turns[0];
    let newer = Turn {
        format: FORMAT + 1,
        ..turn.clone()
    };
    let read = Turn::from_bytes(&newer.to_bytes());
    assert!(matches!(read, Err(TurnError::Newer { found }) if found == FORMAT + 1));
    let bytes = turn.to_bytes();
    for end in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        let read = Turn::from_bytes(&bytes[..end]);
        assert!(matches!(read, Err(TurnError::Damaged(_))), "{end}");
    }
}
