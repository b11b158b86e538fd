//! Bounds of what the state and a reading may keep, in bytes of JSON, so that a turn's size is known beforehand.

/// Longest id of an entry, a form or an intent, in bytes of JSON. Longer ones are never offered.
pub const ID_BYTES_MAX: usize = 48;
/// Longest sign-in name of a member of staff, in bytes of JSON. Longer ones may not act.
pub const STAFF_BYTES_MAX: usize = 64;
/// Longest name a member of staff shows, in bytes of JSON (32 Chinese characters).
pub const NAME_BYTES_MAX: usize = 96;
/// Longest text of a fact, in characters and in bytes of JSON.
pub const FACT_CHARS_MAX: usize = 24;
pub const FACT_BYTES_MAX: usize = 72;

/// Bytes a character takes inside a JSON string.
fn json_bytes(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        c if c < ' ' => 6,
        c => c.len_utf8(),
    }
}

/// Bytes a text takes inside a JSON string, the quotes not counted.
pub fn json_len(text: &str) -> usize {
    text.chars().map(json_bytes).sum()
}

/// The longest beginning of `text` that takes at most `bytes_max` bytes of JSON, in whole characters.
pub fn clip(text: &str, bytes_max: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += json_bytes(c);
        if used > bytes_max {
            return &text[..at];
        }
    }
    text
}

/// Whether `text` takes at most `bytes_max` bytes of JSON.
pub fn fits(text: &str, bytes_max: usize) -> bool {
    clip(text, bytes_max).len() == text.len()
}

/// A fact's text within its bounds.
pub fn clip_fact(text: &str) -> &str {
    let end = text.char_indices().nth(FACT_CHARS_MAX);
    clip(
        &text[..end.map_or(text.len(), |(at, _)| at)],
        FACT_BYTES_MAX,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipping_counts_what_json_takes() {
        for text in [
            "",
            "工资",
            "a\"b\\c\n\t\r",
            "\u{1}\u{8}\u{c}\u{1f}\u{7f}",
            "😀é工a\u{2028}",
        ] {
            let json = serde_json::to_string(text).unwrap();
            assert_eq!(json_len(text), json.len() - 2, "{json}");
            for max in 0..json.len() {
                let cut = clip(text, max);
                assert!(json_len(cut) <= max && text.starts_with(cut));
                let next = text[cut.len()..].chars().next();
                assert!(next.is_none_or(|c| json_len(cut) + json_bytes(c) > max));
                assert_eq!(fits(text, max), json_len(text) <= max);
            }
        }
    }

    #[test]
    fn a_fact_is_cut_by_characters_and_by_bytes() {
        assert_eq!(clip_fact(&"工".repeat(30)), "工".repeat(24));
        assert_eq!(clip_fact(&"a".repeat(30)).len(), 24);
        assert_eq!(clip_fact(&"😀".repeat(30)).len(), 72);
    }
}
