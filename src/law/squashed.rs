//! A text without white space and quotation marks, that still knows where each character came from.

use std::ops::Range;

use super::article::fold;
use super::names::{LawNames, is_quote};

/// `text` prepared for reading citations: folded characters, no quotation marks, line breaks kept. White space
/// stays (as one blank) only where it keeps two numbers apart.
pub(super) struct Squashed<'a> {
    text: &'a str,
    pub chars: Vec<char>,
    /// Bytes of each character in `text`.
    at: Vec<Range<usize>>,
    /// What stood in outermost 《》, as ranges of `chars`, in order.
    marks: Vec<Range<usize>>,
}

impl<'a> Squashed<'a> {
    pub fn new(text: &'a str) -> Self {
        let mut s = Squashed {
            text,
            chars: Vec::with_capacity(text.len() / 2),
            at: Vec::with_capacity(text.len() / 2),
            marks: Vec::new(),
        };
        let (mut depth, mut open, mut blank) = (0usize, 0, None);
        for (byte, c) in text.char_indices() {
            match c {
                '《' => {
                    if depth == 0 {
                        open = s.chars.len();
                    }
                    depth += 1;
                }
                '》' if depth > 0 => {
                    depth -= 1;
                    if depth == 0 && open < s.chars.len() {
                        s.marks.push(open..s.chars.len());
                    }
                }
                // An unclosed 《 ends with its line.
                '\n' => {
                    depth = 0;
                    blank = None;
                    s.push(c, byte..byte + c.len_utf8());
                }
                c if c.is_whitespace() => blank = Some(byte),
                c if is_quote(c) => {}
                c => {
                    if let Some(blank_at) = blank.take()
                        && fold(c).is_ascii_alphanumeric()
                        && s.chars.last().is_some_and(char::is_ascii_alphanumeric)
                    {
                        s.push(' ', blank_at..byte);
                    }
                    s.push(c, byte..byte + c.len_utf8());
                }
            }
        }
        s
    }

    fn push(&mut self, c: char, bytes: Range<usize>) {
        self.chars.push(fold(c));
        self.at.push(bytes);
    }

    /// Known names as ranges of `chars` with their titles.
    pub fn mentions<'n>(&self, names: &'n LawNames) -> Vec<(usize, usize, &'n str)> {
        let joined: String = self.chars.iter().collect();
        let starts: Vec<usize> = joined.char_indices().map(|(at, _)| at).collect();
        let char_at = |byte: usize| starts.partition_point(|s| *s < byte);
        names
            .mentions(&joined)
            .map(|(range, title)| (char_at(range.start), char_at(range.end), title))
            .collect()
    }

    /// End of the 《》 that begins before character `at`.
    pub fn marked_from(&self, at: usize) -> Option<usize> {
        let i = self.marks.binary_search_by_key(&at, |m| m.start).ok()?;
        Some(self.marks[i].end)
    }

    /// Character `at` follows a 《 directly.
    pub fn marked(&self, at: usize) -> bool {
        self.marked_from(at).is_some()
    }

    /// Bytes of the original text, on character boundaries.
    pub fn span(&self, chars: Range<usize>) -> Range<usize> {
        match (
            self.at.get(chars.start),
            self.at.get(chars.end.wrapping_sub(1)),
        ) {
            (Some(first), Some(last)) => first.start..last.end.max(first.start),
            _ => 0..0,
        }
    }

    /// The text as it was written.
    pub fn original(&self, chars: Range<usize>) -> String {
        self.text[self.span(chars)].trim().to_owned()
    }
}
