//! What laws are called: full titles, titles without 中华人民共和国, abbreviations and what people say.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

use super::abbreviations::{ABBREVIATIONS, COMMON_TITLES};
use super::article::fold;

/// What full titles of national laws begin with.
const STATE: &str = "中华人民共和国";
/// Shorter keys than this are never derived from a title, in characters: they could be everyday words.
const DERIVED_KEY_CHARS_MIN: usize = 6;
/// Makers of interpretations and regulations, left out when people name these.
const ISSUERS: [&str; 7] = [
    "最高人民法院、最高人民检察院",
    "最高人民法院最高人民检察院",
    "最高人民法院",
    "最高人民检察院",
    "全国人民代表大会常务委员会",
    "全国人民代表大会",
    "国务院",
];

/// Every known way to name a law. A name stands for one title or is not known at all: what could mean two laws
/// is left out.
#[derive(Debug, Clone, Default)]
pub struct LawNames {
    /// Titles without 中华人民共和国.
    titles: Vec<Arc<str>>,
    /// Squashed name to title; `None` for a name derived from two titles.
    by_key: HashMap<String, Option<usize>>,
    /// Finds the keys in squashed text, the longest of those that begin first; patterns as in `found`.
    finder: Option<AhoCorasick>,
    found: Vec<usize>,
}

impl LawNames {
    /// The names everybody uses, without any statutes loaded.
    pub fn builtin() -> Self {
        LawNames::with_titles(std::iter::empty(), std::iter::empty())
    }

    /// The names everybody uses and those of the given titles (full or without 中华人民共和国). `said` are further
    /// names with the titles they stand for; what is a name already, or is said of two titles, is left out.
    pub fn with_titles<'a>(
        titles: impl IntoIterator<Item = &'a str>,
        said: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let mut names = LawNames::default();
        let mut own: HashMap<String, usize> = HashMap::new();
        for title in titles.into_iter().chain(COMMON_TITLES.iter().copied()) {
            let short = short_title(title);
            let key = squash(short);
            if let Entry::Vacant(free) = own.entry(key.clone()) {
                let at = names.titles.len();
                names.titles.push(Arc::from(short));
                free.insert(at);
                names.by_key.insert(format!("{STATE}{key}"), Some(at));
                names.by_key.insert(key, Some(at));
            }
        }
        for (said, title) in ABBREVIATIONS {
            if let Some(&at) = own.get(&squash(title)) {
                names.by_key.entry(squash(said)).or_insert(Some(at));
            }
        }
        let known = names.by_key.clone();
        for (name, title) in said {
            let (key, at) = (squash(name), own.get(&squash(short_title(title))));
            if let Some(&at) = at.filter(|_| !known.contains_key(&key)) {
                let kept = names.by_key.entry(key).or_insert(Some(at));
                if *kept != Some(at) {
                    *kept = None;
                }
            }
        }
        let fixed = names.by_key.clone();
        for at in 0..names.titles.len() {
            for key in derived(&squash(&names.titles[at])) {
                if fixed.contains_key(&key) {
                    continue;
                }
                let kept = names.by_key.entry(key).or_insert(Some(at));
                if *kept != Some(at) {
                    *kept = None;
                }
            }
        }
        names.index()
    }

    fn index(mut self) -> Self {
        let mut keys: Vec<(&String, usize)> = self
            .by_key
            .iter()
            .filter_map(|(key, at)| at.map(|at| (key, at)))
            .collect();
        keys.sort_unstable();
        self.found = keys.iter().map(|(_, at)| *at).collect();
        // It fails only beyond 2^31 states, that is gigabytes of names; then no name is found in running text.
        self.finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(keys.iter().map(|(key, _)| key.as_bytes()))
            .ok();
        self
    }

    /// The title (without 中华人民共和国) that `name` stands for: abbreviation, short or full title, with or
    /// without 《》.
    pub fn resolve(&self, name: &str) -> Option<&str> {
        let at = (*self.by_key.get(&squash(name))?)?;
        Some(&self.titles[at])
    }

    /// Names in squashed text as (byte range, title), left to right, none inside another.
    pub(super) fn mentions<'n, 't>(
        &'n self,
        squashed: &'t str,
    ) -> impl Iterator<Item = (std::ops::Range<usize>, &'n str)> + use<'n, 't> {
        self.finder
            .iter()
            .flat_map(move |finder| finder.find_iter(squashed))
            .map(|m| (m.range(), &*self.titles[self.found[m.pattern().as_usize()]]))
    }
}

/// The title without a leading 中华人民共和国; 中华人民共和国 within a title stays.
pub(super) fn short_title(title: &str) -> &str {
    match title.strip_prefix(STATE) {
        Some(rest) if !rest.is_empty() => rest,
        _ => title,
    }
}

/// The form in which names are compared: no white space, no quotation marks, digits and brackets folded.
pub(super) fn squash(name: &str) -> String {
    name.chars()
        .filter(|c| !c.is_whitespace() && !is_quote(*c))
        .map(fold)
        .collect()
}

/// Marks put around titles or words that are no part of a name.
pub(super) fn is_quote(c: char) -> bool {
    matches!(
        c,
        '《' | '》'
            | '〈'
            | '〉'
            | '<'
            | '>'
            | '「'
            | '」'
            | '『'
            | '』'
            | '“'
            | '”'
            | '"'
            | '*'
            | '`'
            | '_'
    )
}

/// Shorter ways to write a long title: without 中华人民共和国 inside, without the issuer, without 关于.
fn derived(key: &str) -> Vec<String> {
    let plain = key.replace(STATE, "");
    let mut out = vec![plain.clone()];
    if let Some(rest) = ISSUERS.iter().find_map(|i| plain.strip_prefix(i)) {
        out.push(rest.to_owned());
        if let Some(rest) = rest.strip_prefix("关于") {
            out.push(rest.to_owned());
        }
        out.push(format!("最高法{rest}"));
    }
    out.retain(|k| k != key && k.chars().count() >= DERIVED_KEY_CHARS_MIN);
    out
}
