//! The small language of the rule files, and its matcher.
//!
//! A pattern is a row of atoms; what stands between two atoms says how far apart they may be:
//!
//! | written | meaning |
//! |---|---|
//! | `打\|揍\|@beat` | one of these words, or of the words of the list `beat`; `_` stands for a blank |
//! | `#`, `#13-17`, `#10-` | a number in that range |
//! | `%1-7` | a duration of that many days |
//! | `&ago:2-30`, `&in:0-7` | a day that far from today |
//! | `A B` | B follows A directly |
//! | `A ~ B`, `A ~~ B`, `A ~~~ B` | at most 3, 8, 20 characters between, in the same clause |
//! | `A // B` | at most 30 characters between, clauses do not matter |
//! | `~!`, `~~!`, … | the same, and nobody else is named between and no 被 |
//! | `^ A`, `A $` | at the beginning, the end of a clause |
//! | `^^ A`, `A $$` | at the beginning, the end of the message |

use super::number::Measure;
use super::scan::{Bits, Scan, Span, Symbol};
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::{BTreeMap, HashMap};

const GAP_NEAR: u32 = 3;
const GAP_CLAUSE: u32 = 8;
const GAP_LONG: u32 = 20;
const GAP_ACROSS: u32 = 30;

/// Word lists whose words may not stand inside a gap marked `!`.
const CLEAN_LISTS: [&str; 3] = ["person", "passive", "aside"];

/// Why a rule file was refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum PatternError {
    #[error("pattern {pattern:?}: no word list {list:?}")]
    UnknownList { pattern: String, list: String },
    #[error("pattern {pattern:?}: {reason}")]
    Syntax {
        pattern: String,
        reason: &'static str,
    },
    #[error("too many words or lists")]
    TooMany,
    #[error("automaton: {0}")]
    Automaton(#[from] aho_corasick::BuildError),
}

#[derive(Debug, Clone, Copy, Default)]
struct Gap {
    max: u32,
    across: bool,
    clean: bool,
}

#[derive(Debug)]
enum Atom {
    Words(Vec<Symbol>),
    Quantity {
        measure: Measure,
        min: i64,
        max: i64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    None,
    Clause,
    Message,
}

/// Patterns of one purpose, numbered one after the other from `first`: which of them can match at all is read off
/// a bit set of the message ([`Scan::possible`]), so that the hundreds that cannot cost nothing.
#[derive(Debug)]
pub(super) struct Patterns {
    first: u32,
    patterns: Vec<Pattern>,
}

impl Patterns {
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Those whose first atom occurs in the message.
    fn possible<'a>(&'a self, scan: &'a Scan) -> impl Iterator<Item = &'a Pattern> {
        let end = self.first + self.patterns.len() as u32;
        let numbers = scan.possible.ones(self.first, end);
        numbers.filter_map(|n| self.patterns.get((n - self.first) as usize))
    }
}

/// A compiled pattern.
#[derive(Debug)]
struct Pattern {
    /// Each with the gap before it; the first one's is unused.
    steps: Vec<(Gap, Atom)>,
    start: Anchor,
    end: Anchor,
}

/// From this many alternatives on an atom gets a symbol of its own, so that looking for it costs one step.
const ALTERNATIVES_MANY: usize = 6;

/// Collects words while patterns are compiled, and becomes a [`Vocabulary`].
pub(super) struct Builder<'l> {
    lists: &'l BTreeMap<String, String>,
    symbols: HashMap<String, Symbol>,
    /// Word → symbols it is a hit of.
    words: BTreeMap<String, Vec<Symbol>>,
    next: Symbol,
    /// First atoms of all patterns, by number of the pattern; `None` for a quantity.
    starts: Vec<Option<Vec<Symbol>>>,
}

impl<'l> Builder<'l> {
    /// `lists`: name → words separated by blanks; `@other` takes in another list.
    pub fn new(lists: &'l BTreeMap<String, String>) -> Result<Builder<'l>, PatternError> {
        let mut builder = Builder {
            lists,
            symbols: HashMap::new(),
            words: BTreeMap::new(),
            next: 0,
            starts: Vec::new(),
        };
        for name in lists.keys() {
            let symbol = builder.symbol(&format!("@{name}"))?;
            let mut words = Vec::new();
            expand(lists, name, &mut words, 0)?;
            for word in words {
                builder.words.entry(word).or_default().push(symbol);
            }
        }
        Ok(builder)
    }

    fn symbol(&mut self, key: &str) -> Result<Symbol, PatternError> {
        if let Some(&symbol) = self.symbols.get(key) {
            return Ok(symbol);
        }
        let symbol = self.next;
        self.next = self.next.checked_add(1).ok_or(PatternError::TooMany)?;
        self.symbols.insert(key.to_owned(), symbol);
        Ok(symbol)
    }

    /// The symbol of a word list.
    pub fn list(&self, name: &str) -> Result<Symbol, PatternError> {
        let found = self.symbols.get(&format!("@{name}")).copied();
        found.ok_or_else(|| PatternError::UnknownList {
            pattern: String::new(),
            list: name.to_owned(),
        })
    }

    fn word(&mut self, word: &str) -> Result<Symbol, PatternError> {
        let word = word.replace('_', " ");
        let symbol = self.symbol(&word)?;
        let symbols = self.words.entry(word).or_default();
        if !symbols.contains(&symbol) {
            symbols.push(symbol);
        }
        Ok(symbol)
    }

    /// Compiles one pattern.
    fn pattern(&mut self, source: &str) -> Result<Pattern, PatternError> {
        let syntax = |reason| PatternError::Syntax {
            pattern: source.to_owned(),
            reason,
        };
        let mut pattern = Pattern {
            steps: Vec::new(),
            start: Anchor::None,
            end: Anchor::None,
        };
        let mut gap = Gap::default();
        for token in source.split_whitespace() {
            if pattern.end != Anchor::None {
                return Err(syntax("nothing may follow $"));
            }
            match token {
                "^" => pattern.start = Anchor::Clause,
                "^^" => pattern.start = Anchor::Message,
                "$" => pattern.end = Anchor::Clause,
                "$$" => pattern.end = Anchor::Message,
                _ => {
                    if let Some(between) = parse_gap(token) {
                        gap = between;
                    } else {
                        let atom = self.atom(source, token)?;
                        pattern.steps.push((std::mem::take(&mut gap), atom));
                    }
                }
            }
        }
        if pattern.steps.is_empty() {
            return Err(syntax("no atoms"));
        }
        Ok(pattern)
    }

    /// Compiles the patterns of one purpose.
    pub fn patterns(&mut self, sources: &[String]) -> Result<Patterns, PatternError> {
        let first = u32::try_from(self.starts.len()).map_err(|_| PatternError::TooMany)?;
        let mut patterns = Vec::with_capacity(sources.len());
        for source in sources {
            let pattern = self.pattern(source)?;
            self.starts.push(match &pattern.steps[0].1 {
                Atom::Words(symbols) => Some(symbols.clone()),
                Atom::Quantity { .. } => None,
            });
            patterns.push(pattern);
        }
        Ok(Patterns { first, patterns })
    }

    fn atom(&mut self, source: &str, token: &str) -> Result<Atom, PatternError> {
        let range = |text: &str| {
            parse_range(text).ok_or_else(|| PatternError::Syntax {
                pattern: source.to_owned(),
                reason: "a range is LOW-HIGH, LOW- or nothing",
            })
        };
        let (measure, (min, max)) = if let Some(rest) = token.strip_prefix("&ago:") {
            let (low, high) = range(rest)?;
            (Measure::Day, (-high, -low))
        } else if let Some(rest) = token.strip_prefix("&in:") {
            (Measure::Day, range(rest)?)
        } else if let Some(rest) = token.strip_prefix('#') {
            (Measure::Number, range(rest)?)
        } else if let Some(rest) = token.strip_prefix('%') {
            (Measure::Duration, range(rest)?)
        } else {
            return self.words(source, token);
        };
        Ok(Atom::Quantity { measure, min, max })
    }

    /// An atom of alternatives: `打|揍|@beat`.
    fn words(&mut self, source: &str, token: &str) -> Result<Atom, PatternError> {
        let unknown = |list: &str| PatternError::UnknownList {
            pattern: source.to_owned(),
            list: list.to_owned(),
        };
        let parts: Vec<&str> = token.split('|').collect();
        if parts.contains(&"") {
            return Err(PatternError::Syntax {
                pattern: source.to_owned(),
                reason: "an empty alternative",
            });
        }
        let mut symbols = Vec::new();
        if parts.len() < ALTERNATIVES_MANY {
            for part in parts {
                symbols.push(match part.strip_prefix('@') {
                    Some(list) => self.list(list).map_err(|_| unknown(list))?,
                    None => self.word(part)?,
                });
            }
            return Ok(Atom::Words(symbols));
        }
        let mut words = Vec::new();
        for part in parts {
            match part.strip_prefix('@') {
                Some(list) => expand(self.lists, list, &mut words, 0).map_err(|_| unknown(list))?,
                None => words.push(part.replace('_', " ")),
            }
        }
        let symbol = self.symbol(token)?;
        for word in words {
            let of_word = self.words.entry(word).or_default();
            if !of_word.contains(&symbol) {
                of_word.push(symbol);
            }
        }
        Ok(Atom::Words(vec![symbol]))
    }

    /// Ends the collecting.
    pub fn finish(self) -> Result<Vocabulary, PatternError> {
        let (words, symbols): (Vec<String>, Vec<Vec<Symbol>>) = self.words.into_iter().unzip();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&words)?;
        let mut clean = Vec::new();
        for name in CLEAN_LISTS {
            clean.extend(self.symbols.get(&format!("@{name}")));
        }
        let mut starting = vec![Vec::new(); usize::from(self.next)];
        let mut measured = Vec::new();
        for (number, start) in (0..).zip(&self.starts) {
            match start {
                Some(symbols) => symbols
                    .iter()
                    .for_each(|s| starting[usize::from(*s)].push(number)),
                None => measured.push(number),
            }
        }
        Ok(Vocabulary {
            automaton,
            symbols,
            clean,
            starting,
            measured,
            pattern_count: self.starts.len(),
        })
    }
}

/// Deepest chain of lists that take in other lists.
const LIST_DEPTH_MAX: usize = 8;

fn expand(
    lists: &BTreeMap<String, String>,
    name: &str,
    into: &mut Vec<String>,
    depth: usize,
) -> Result<(), PatternError> {
    let unknown = || PatternError::UnknownList {
        pattern: String::new(),
        list: name.to_owned(),
    };
    let words = lists.get(name).filter(|_| depth < LIST_DEPTH_MAX);
    for word in words.ok_or_else(unknown)?.split_whitespace() {
        match word.strip_prefix('@') {
            Some(other) => expand(lists, other, into, depth + 1)?,
            None => into.push(word.replace('_', " ")),
        }
    }
    into.sort();
    into.dedup();
    Ok(())
}

fn parse_gap(token: &str) -> Option<Gap> {
    let (between, clean) = match token.strip_suffix('!') {
        Some(rest) => (rest, true),
        None => (token, false),
    };
    let max = match between {
        "~" => GAP_NEAR,
        "~~" => GAP_CLAUSE,
        "~~~" => GAP_LONG,
        "//" => GAP_ACROSS,
        _ => return None,
    };
    Some(Gap {
        max,
        across: between == "//",
        clean,
    })
}

fn parse_range(text: &str) -> Option<(i64, i64)> {
    if text.is_empty() {
        return Some((0, i64::MAX));
    }
    let (low, high) = text.split_once('-')?;
    let low = low.parse().ok()?;
    let high = if high.is_empty() {
        i64::MAX
    } else {
        high.parse().ok()?
    };
    Some((low, high))
}

/// All words of all rules in one automaton.
pub(super) struct Vocabulary {
    automaton: AhoCorasick,
    /// By word of the automaton.
    symbols: Vec<Vec<Symbol>>,
    /// Symbols that may not stand inside a clean gap.
    clean: Vec<Symbol>,
    /// By symbol: numbers of the patterns that begin with it.
    starting: Vec<Vec<u32>>,
    /// Numbers of the patterns that begin with a quantity.
    measured: Vec<u32>,
    pattern_count: usize,
}

impl Vocabulary {
    /// Fills the hits of `scan` from `text`, which is its characters joined.
    pub fn find(&self, text: &str, scan: &mut Scan) {
        let mut position = vec![0_u32; text.len() + 1];
        let mut count = 0;
        for (byte, c) in text.char_indices() {
            position[byte] = count;
            count += 1;
            position[byte + c.len_utf8()] = count;
        }
        for found in self.automaton.find_overlapping_iter(text) {
            let span = Span {
                start: position[found.start()],
                end: position[found.end()],
            };
            if cuts_latin_word(&scan.chars, span) {
                continue;
            }
            for &symbol in &self.symbols[found.pattern().as_usize()] {
                scan.hits.push(super::scan::Hit { symbol, span });
            }
        }
        scan.hits.sort_unstable();
        scan.index(self.starting.len());
        self.note_possible(scan);
    }

    fn note_possible(&self, scan: &mut Scan) {
        let mut possible = Bits::new(self.pattern_count);
        let mut last = None;
        for hit in scan
            .hits
            .iter()
            .filter(|h| last.replace(h.symbol) != Some(h.symbol))
        {
            let starting = &self.starting[usize::from(hit.symbol)];
            starting.iter().for_each(|n| possible.set(*n));
        }
        if !scan.quantities.is_empty() {
            self.measured.iter().for_each(|n| possible.set(*n));
        }
        scan.possible = possible;
    }

    /// Adds all places where the pattern matches, at most one for each start.
    fn matches(&self, pattern: &Pattern, scan: &Scan, found: &mut Vec<Span>) {
        let end = scan.chars.len() as u32;
        find_atom(&pattern.steps[0].1, scan, 0, end, |first| {
            if anchored(pattern.start, scan, first.start)
                && let Some(end) = self.rest(pattern, scan, 1, first.end)
            {
                let start = first.start;
                found.push(Span { start, end });
            }
            None::<()>
        });
    }

    /// Any of the patterns matches somewhere.
    pub fn any(&self, patterns: &Patterns, scan: &Scan) -> bool {
        let mut found = Vec::new();
        patterns.possible(scan).any(|p| {
            self.matches(p, scan, &mut found);
            !found.is_empty()
        })
    }

    /// All places where any of the patterns matches.
    pub fn all(&self, patterns: &Patterns, scan: &Scan) -> Vec<Span> {
        let mut found = Vec::new();
        for pattern in patterns.possible(scan) {
            self.matches(pattern, scan, &mut found);
        }
        found
    }

    /// Where the match ends when the steps from `step` on follow position `at`.
    fn rest(&self, pattern: &Pattern, scan: &Scan, step: usize, at: u32) -> Option<u32> {
        let Some((gap, atom)) = pattern.steps.get(step) else {
            return end_anchored(pattern.end, scan, at).then_some(at);
        };
        find_atom(atom, scan, at, at + gap.max, |next| {
            if self.gap_holds(*gap, scan, at, next.start) {
                self.rest(pattern, scan, step + 1, next.end)
            } else {
                None
            }
        })
    }

    fn gap_holds(&self, gap: Gap, scan: &Scan, from: u32, to: u32) -> bool {
        if !gap.across && scan.breaks_between(from, to) > 0 {
            return false;
        }
        !gap.clean
            || !self
                .clean
                .iter()
                .any(|&s| scan.of_from(s, from, to).any(|h| h.span.end <= to))
    }
}

/// A Latin word only counts as a whole: `da` is not in `dad`.
fn cuts_latin_word(chars: &[char], span: Span) -> bool {
    let (start, end) = (span.start as usize, span.end as usize);
    let latin = |i: usize| chars.get(i).is_some_and(char::is_ascii_alphabetic);
    (start > 0 && latin(start) && latin(start - 1)) || (end > 0 && latin(end - 1) && latin(end))
}

/// The first answer of `test` over the places of an atom that start in `from..=to`.
fn find_atom<R>(
    atom: &Atom,
    scan: &Scan,
    from: u32,
    to: u32,
    mut test: impl FnMut(Span) -> Option<R>,
) -> Option<R> {
    match atom {
        Atom::Words(symbols) => symbols
            .iter()
            .flat_map(|&s| scan.of_from(s, from, to))
            .find_map(|hit| test(hit.span)),
        Atom::Quantity { measure, min, max } => scan
            .quantities
            .iter()
            .filter(|q| q.measure == *measure && (*min..=*max).contains(&q.value))
            .filter(|q| (from..=to).contains(&q.span.start))
            .find_map(|q| test(q.span)),
    }
}

fn anchored(anchor: Anchor, scan: &Scan, start: u32) -> bool {
    match anchor {
        Anchor::None => true,
        Anchor::Clause => start == 0 || scan.breaks_between(start - 1, start) > 0,
        Anchor::Message => start == 0,
    }
}

fn end_anchored(anchor: Anchor, scan: &Scan, end: u32) -> bool {
    let len = scan.chars.len() as u32;
    match anchor {
        Anchor::None => true,
        Anchor::Clause => end == len || scan.breaks_between(end, end + 1) > 0,
        Anchor::Message => scan.chars[end as usize..]
            .iter()
            .all(|c| !c.is_alphanumeric()),
    }
}
