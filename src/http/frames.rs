//! From raw text frames to checked ones: every bad frame gets a documented error.

use crate::dialogue::nouns::{CLIENT_ID_BYTES_MAX, NOTE_CHARS_MAX, TEXT_CHARS_MAX, What};
use crate::wire::{ErrorCode, ErrorFrame};
use serde::de::DeserializeOwned;

/// Longest reason of a rating or a close, in characters.
pub const REASON_CHARS_MAX: usize = 500;

/// Parses a frame; a bad one is explained, with the client's id where it had one.
pub fn parse<T: DeserializeOwned>(text: &str, types: &[&str]) -> Result<T, Box<ErrorFrame>> {
    serde_json::from_str(text).map_err(|_| Box::new(diagnose(text, types)))
}

/// Why a frame does not parse. Only asked for bad ones, so it may read them a second time.
fn diagnose(text: &str, types: &[&str]) -> ErrorFrame {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else {
        return ErrorFrame::new(ErrorCode::BadJson, None);
    };
    let id = value.get("id").and_then(|id| id.as_str());
    let id = id.filter(|id| check_id(id).is_ok()).map(str::to_owned);
    let code = match value.get("type").and_then(|t| t.as_str()) {
        Some(kind) if types.contains(&kind) => ErrorCode::BadField,
        _ => ErrorCode::UnknownType,
    };
    ErrorFrame::new(code, id)
}

/// A client id: 1 to [`CLIENT_ID_BYTES_MAX`] bytes without control characters.
pub fn check_id(id: &str) -> Result<(), ErrorCode> {
    let fits = (1..=CLIENT_ID_BYTES_MAX).contains(&id.len());
    if fits && !id.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(ErrorCode::BadField)
    }
}

/// A text: not blank, at most [`TEXT_CHARS_MAX`] characters, no control characters but line breaks and tabs.
pub fn check_text(text: &str) -> Result<(), ErrorCode> {
    if text.trim().is_empty() {
        return Err(ErrorCode::TextEmpty);
    }
    if text.len() > TEXT_CHARS_MAX && text.chars().count() > TEXT_CHARS_MAX {
        return Err(ErrorCode::TextTooLong);
    }
    let bad = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(bad) {
        return Err(ErrorCode::TextInvalid);
    }
    Ok(())
}

/// A reason may be empty, but follows the same rules otherwise.
pub fn check_reason(reason: &str) -> Result<(), ErrorCode> {
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(ErrorCode::TextTooLong);
    }
    match check_text(reason) {
        Ok(()) | Err(ErrorCode::TextEmpty) => Ok(()),
        Err(code) => Err(code),
    }
}

/// What a desk wants done: its id and its texts.
pub fn check_event(id: &str, what: &What) -> Result<(), ErrorCode> {
    check_id(id)?;
    match what {
        What::Reply { text } => check_text(text),
        What::Transfer { note, .. } if note.chars().count() > NOTE_CHARS_MAX => {
            Err(ErrorCode::TextTooLong)
        }
        What::Transfer { note, .. } => check_reason(note),
        What::Close { reason, topic } => {
            check_reason(reason)?;
            check_reason(topic)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ClientFrame;

    #[test]
    fn every_kind_of_bad_frame_has_its_code() {
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        let cases = [
            ("", ErrorCode::BadJson, None),
            ("{", ErrorCode::BadJson, None),
            (deep.as_str(), ErrorCode::BadJson, None),
            ("[]", ErrorCode::UnknownType, None),
            ("{}", ErrorCode::UnknownType, None),
            (
                r#"{"type":"nosuch","id":"a"}"#,
                ErrorCode::UnknownType,
                Some("a"),
            ),
            (r#"{"type":7}"#, ErrorCode::UnknownType, None),
            (r#"{"type":"say","id":"a"}"#, ErrorCode::BadField, Some("a")),
            (
                r#"{"type":"say","id":1,"text":"x"}"#,
                ErrorCode::BadField,
                None,
            ),
            (
                r#"{"type":"choose","id":"a","of":-1,"option":1}"#,
                ErrorCode::BadField,
                Some("a"),
            ),
        ];
        for (text, code, id) in cases {
            let error = parse::<ClientFrame>(text, super::super::socket::CLIENT_TYPES).unwrap_err();
            assert_eq!(
                (error.code, error.id.as_deref()),
                (code, id),
                "{:.60}",
                text
            );
        }
    }

    #[test]
    fn texts_are_measured_in_characters() {
        assert_eq!(check_text(&"法".repeat(TEXT_CHARS_MAX)), Ok(()));
        let long = "法".repeat(TEXT_CHARS_MAX + 1);
        assert_eq!(check_text(&long), Err(ErrorCode::TextTooLong));
        assert_eq!(check_text(" \n"), Err(ErrorCode::TextEmpty));
        assert_eq!(check_text("a\u{0}b"), Err(ErrorCode::TextInvalid));
        assert_eq!(check_text("第一行\n第二行"), Ok(()));
    }
}
