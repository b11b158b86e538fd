//! How likely an article makes a query: read again, character by character, for the candidates alone.
//!
//! Query likelihood with Dirichlet smoothing (Zhai and Lafferty 2004) over characters and pairs of characters of the
//! article together with what citizens ask about it. Lists of single characters would be too long to add up for all
//! articles; for the candidates their texts are read, which takes two nanoseconds a character.

use super::index::ArticleIndex;
use crate::kb::terms;
use crate::law::version::Laws;

/// Strength of the smoothing, in mentions.
const SMOOTHING: f32 = 300.0;
/// What pairs of characters count beside single ones.
const PAIR_SHARE: f32 = 0.7;
/// Characters looked at: those of the basic plane, which all but the rarest names are written with.
const PLANE: usize = 1 << 16;
/// Most different characters of a query, and one slot for "not in the query".
const SLOTS: usize = 64;
/// Most characters of a query.
const QUERY_CHARS_MAX: usize = 96;
/// Longest part of an article read, in characters.
const READ_CHARS_MAX: usize = 400;
/// Times of a mention whose logarithms are kept.
const GAINS: usize = 5;

/// How often characters occur in all articles.
#[derive(Debug)]
pub struct Background {
    /// By code point: share of all mentions.
    shares: Vec<f32>,
}

/// A query's characters and pairs; kept by a thread.
#[derive(Debug)]
pub struct Likely {
    /// By code point: the slot of the query's character, 0 for none.
    slots: Vec<u8>,
    /// By two slots: the number of the query's pair, 0 for none.
    pairs_at: Vec<u8>,
    used: Vec<char>,
    chars: Vec<Wanted>,
    pairs: Vec<Wanted>,
    lengths: [f32; 2],
}

/// A character or pair of the query.
#[derive(Debug, Clone, Copy, Default)]
struct Wanted {
    /// Times in the query.
    often: f32,
    /// What one mention counts: 1 / (smoothing · share of all mentions).
    mention: f32,
    /// ln(1 + times · mention), for few times.
    gains: [f32; GAINS],
    /// Times in the text being read.
    seen: u32,
}

impl Wanted {
    fn new(share: Option<f32>) -> Wanted {
        let mention = share.map_or(0.0, |share| 1.0 / (SMOOTHING * share));
        Wanted {
            often: 0.0,
            mention,
            gains: std::array::from_fn(|times| (times as f32 * mention).ln_1p()),
            seen: 0,
        }
    }

    /// What the text's mentions count; they are forgotten.
    fn take(&mut self) -> f32 {
        let seen = std::mem::take(&mut self.seen);
        let gain = match self.gains.get(seen as usize) {
            Some(gain) => *gain,
            None => (seen as f32 * self.mention).ln_1p(),
        };
        self.often * gain
    }
}

impl Background {
    pub fn of(laws: &Laws) -> Background {
        let mut counts = vec![0u32; PLANE];
        let mut all = 0u32;
        for article in laws.iter() {
            for c in article.text.chars().filter(|c| is_letter(*c)) {
                counts[c as usize] += 1;
                all += 1;
            }
        }
        let share = |count: u32| count.max(1) as f32 / all.max(1) as f32;
        Background {
            shares: counts.into_iter().map(share).collect(),
        }
    }
}

impl Default for Likely {
    fn default() -> Likely {
        Likely {
            slots: vec![0; PLANE],
            pairs_at: vec![0; SLOTS * SLOTS],
            used: Vec::new(),
            chars: Vec::new(),
            pairs: Vec::new(),
            lengths: [0.0; 2],
        }
    }
}

impl Likely {
    /// Takes a query in place of the last.
    pub fn ask(&mut self, normal: &str, background: &Background, index: &ArticleIndex) {
        for c in self.used.drain(..) {
            self.slots[c as usize] = 0;
        }
        self.pairs_at.fill(0);
        self.chars.clear();
        self.chars.push(Wanted::default());
        self.pairs.clear();
        self.pairs.push(Wanted::default());
        self.lengths = [0.0; 2];
        let mut last: Option<char> = None;
        for c in normal.chars().take(QUERY_CHARS_MAX) {
            let known = is_letter(c) && self.slot(c, background);
            if known {
                self.lengths[0] += 1.0;
                self.chars[usize::from(self.slots[c as usize])].often += 1.0;
            }
            if let Some(before) = last.filter(|_| known) {
                self.pair(before, c, index);
            }
            last = known.then_some(c);
        }
    }

    /// Gives a character a slot; false when there are none left.
    fn slot(&mut self, c: char, background: &Background) -> bool {
        if self.slots[c as usize] > 0 {
            return true;
        }
        if self.chars.len() == SLOTS {
            return false;
        }
        self.slots[c as usize] = self.chars.len() as u8;
        self.used.push(c);
        self.chars
            .push(Wanted::new(Some(background.shares[c as usize])));
        true
    }

    fn pair(&mut self, a: char, b: char, index: &ArticleIndex) {
        self.lengths[1] += 1.0;
        let at = usize::from(self.slots[a as usize]) * SLOTS + usize::from(self.slots[b as usize]);
        if self.pairs_at[at] == 0 {
            // A query of 96 characters has fewer pairs than a byte can number.
            self.pairs_at[at] = self.pairs.len() as u8;
            let share = index.pair_share(terms::pack(a, b));
            self.pairs.push(Wanted::new(share));
        }
        self.pairs[usize::from(self.pairs_at[at])].often += 1.0;
    }

    /// Logarithm of the likelihood beside that of all articles together.
    pub fn of(&mut self, text: &str, asked: &str) -> f32 {
        let mut lengths = [0.0; 2];
        for text in [text, asked] {
            self.read(text, &mut lengths);
        }
        let score = |wanted: &mut [Wanted], length: f32, query: f32| {
            let held: f32 = wanted.iter_mut().map(Wanted::take).sum();
            held - query * (length / SMOOTHING).ln_1p()
        };
        score(&mut self.chars, lengths[0], self.lengths[0])
            + PAIR_SHARE * score(&mut self.pairs, lengths[1], self.lengths[1])
    }

    fn read(&mut self, text: &str, lengths: &mut [f32; 2]) {
        let (mut letters, mut neighbours) = (0u32, 0u32);
        // Slot 0 stands for every character that is not asked for: what it collects is not looked at.
        let (mut before, mut after_letter) = (0usize, false);
        for c in text.chars().take(READ_CHARS_MAX) {
            if !is_letter(c) {
                (before, after_letter) = (0, false);
                continue;
            }
            letters += 1;
            neighbours += u32::from(after_letter);
            after_letter = true;
            let slot = usize::from(self.slots[c as usize]);
            if slot > 0 {
                self.chars[slot].seen += 1;
                if before > 0 {
                    let pair = usize::from(self.pairs_at[before * SLOTS + slot]);
                    // Number 0 collects what is no pair of the query: it weighs nothing.
                    self.pairs[pair].seen += 1;
                }
            }
            before = slot;
        }
        lengths[0] += letters as f32;
        lengths[1] += neighbours as f32;
    }
}

/// Ideographs and ASCII letters and digits: quick, and enough for laws and questions.
fn is_letter(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}') || c.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::text::Normaliser;

    fn likely(laws: &[&str], query: &str) -> Vec<f32> {
        let row = |(no, text): (usize, &&str)| {
            format!(
                r#"{{"law":"风筝法","law_short":"风筝法","article_no":"第{no}条","article_num":{no},"kind":"法律","status":"现行有效","effective_date":"2020-01-01","version_date":"2020-01-01","text":"{text}","source":"test","superseded_on":null}}"#
            )
        };
        let rows: Vec<String> = (1..).zip(laws).map(row).collect();
        let (laws, _) = Laws::from_jsonl(rows.join("\n").as_bytes()).unwrap();
        let index = ArticleIndex::in_memory(&laws, &Normaliser::new("", "").unwrap());
        let mut likely = Likely::default();
        likely.ask("被", &Background::of(&laws), &index);
        likely.ask(query, &Background::of(&laws), &index);
        laws.iter().map(|a| likely.of(&a.text, "")).collect()
    }

    #[test]
    fn what_says_more_of_the_query_is_likelier() {
        let scores = likely(&["风筝线割伤他人", "线割筝风人伤他", "陀螺"], "风筝割伤");
        assert!(
            scores[0] > scores[1],
            "the same characters, but pairs too: {scores:?}"
        );
        assert!(scores[1] > scores[2], "{scores:?}");
    }

    #[test]
    fn a_query_of_any_characters_is_taken() {
        let story: String = (0..300u32)
            .filter_map(|i| char::from_u32(0x4E00 + i))
            .collect();
        assert!(likely(&["一丁丂七"], &story)[0].is_finite());
        assert!(likely(&["一丁丂七"], "𠀀😭 ok")[0].is_finite());
        assert_eq!(likely(&["一丁"], "")[0], 0.0);
    }
}
