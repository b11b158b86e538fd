//! One message laid out for the rules: characters, clause breaks, phrase hits, numbers, durations, dates.

use super::number::{self, Quantity};
use jiff::civil::Date;

/// Index into the table of symbols: a word list or a literal of a pattern.
pub(super) type Symbol = u16;

/// A stretch of characters, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// A phrase of one symbol found in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    pub symbol: Symbol,
    pub span: Span,
}

/// The message and everything that was found in it. Hits are sorted by symbol, then by start.
pub(super) struct Scan {
    pub chars: Vec<char>,
    /// `breaks[i]` clause breaks lie before character `i`; one element more than `chars`.
    breaks: Vec<u32>,
    pub hits: Vec<Hit>,
    /// By symbol the index of its first hit, with one element more at the end.
    first: Vec<u32>,
    pub quantities: Vec<Quantity>,
    /// Numbers of the patterns whose first atom occurs.
    pub possible: Bits,
}

/// A set of small numbers.
#[derive(Debug, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub fn new(count: usize) -> Bits {
        Bits(vec![0; count.div_ceil(64)])
    }

    pub fn set(&mut self, number: u32) {
        self.0[number as usize / 64] |= 1 << (number % 64);
    }

    /// The numbers from `start` to before `end` that are in the set, ascending.
    pub fn ones(&self, start: u32, end: u32) -> impl Iterator<Item = u32> {
        (start / 64..end.div_ceil(64)).flat_map(move |word| {
            let mut bits = self.0.get(word as usize).copied().unwrap_or(0);
            std::iter::from_fn(move || {
                (bits != 0).then(|| {
                    let number = word * 64 + bits.trailing_zeros();
                    bits &= bits - 1;
                    number
                })
            })
            .filter(move |n| (start..end).contains(n))
        })
    }
}

/// Above this share of blanks (one in …) the blanks stand between letters and not between clauses.
const BLANKS_SPACED_OUT: usize = 3;

impl Scan {
    /// The text the automaton must run on (`chars` joined), and the scan still without hits.
    pub fn new(normal: &str, today: Date) -> (String, Scan) {
        let mut chars: Vec<char> = normal.trim().chars().collect();
        let blanks = chars.iter().filter(|c| c.is_whitespace()).count();
        if blanks * BLANKS_SPACED_OUT > chars.len() && !chars.iter().any(char::is_ascii_alphabetic)
        {
            chars.retain(|c| !c.is_whitespace());
        }
        // The traditional 著 is left by converters where it is the particle 着.
        for i in 0..chars.len() {
            if chars[i] == '著' && !stays_zhu(&chars, i) {
                chars[i] = '着';
            }
        }
        let mut breaks = Vec::with_capacity(chars.len() + 1);
        let mut count = 0;
        for i in 0..chars.len() {
            breaks.push(count);
            count += u32::from(is_break(&chars, i));
        }
        breaks.push(count);
        let quantities = number::scan(&chars, today);
        let text = chars.iter().collect();
        (
            text,
            Scan {
                chars,
                breaks,
                hits: Vec::new(),
                first: Vec::new(),
                quantities,
                possible: Bits::default(),
            },
        )
    }

    /// Clause breaks between two positions, in whatever order.
    pub fn breaks_between(&self, a: u32, b: u32) -> u32 {
        let (a, b) = (a.min(b) as usize, a.max(b) as usize);
        self.breaks[b] - self.breaks[a]
    }

    /// Keeps the hits that `keep` wants.
    pub fn retain(&mut self, keep: impl Fn(&Hit) -> bool) {
        self.hits.retain(keep);
        self.index(self.first.len().saturating_sub(1));
    }

    /// Notes where the hits of each symbol begin; `hits` must be sorted.
    pub fn index(&mut self, symbols: usize) {
        self.first.clear();
        self.first.resize(symbols + 1, 0);
        for hit in &self.hits {
            self.first[usize::from(hit.symbol) + 1] += 1;
        }
        for i in 1..self.first.len() {
            self.first[i] += self.first[i - 1];
        }
    }

    /// All hits of a symbol, by start.
    pub fn of(&self, symbol: Symbol) -> &[Hit] {
        let i = usize::from(symbol);
        &self.hits[self.first[i] as usize..self.first[i + 1] as usize]
    }

    /// Hits of a symbol whose start lies in `from..=to`.
    pub fn of_from(&self, symbol: Symbol, from: u32, to: u32) -> impl Iterator<Item = &Hit> {
        let all = self.of(symbol);
        let first = all.partition_point(|h| h.span.start < from);
        all[first..].iter().take_while(move |h| h.span.start <= to)
    }
}

/// 著名, 著作, 显著 and the like keep their 著.
fn stays_zhu(chars: &[char], i: usize) -> bool {
    chars
        .get(i + 1)
        .is_some_and(|c| "名作称书述录".contains(*c))
        || (i > 0 && "显名专原编土卓合".contains(chars[i - 1]))
}

/// Punctuation always separates clauses, a blank only where it does not stand beside a letter or digit of ASCII.
fn is_break(chars: &[char], i: usize) -> bool {
    match chars[i] {
        '，' | '。' | '！' | '？' | '；' | ',' | '!' | '?' | ';' | '\n' | '…' | '~' => true,
        '.' => !neighbour_is(chars, i, |c| c.is_ascii_digit()),
        c if c.is_whitespace() => !neighbour_is(chars, i, |c| c.is_ascii_alphanumeric()),
        _ => false,
    }
}

fn neighbour_is(chars: &[char], i: usize, test: impl Fn(char) -> bool) -> bool {
    (i > 0 && test(chars[i - 1])) || chars.get(i + 1).is_some_and(|&c| test(c))
}
