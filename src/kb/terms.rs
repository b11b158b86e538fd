//! What is searched for: the words of a text and its pairs of neighbouring characters.

use crate::reading::text::Text;

/// Two characters that stand beside each other, packed.
pub type Bigram = u64;

/// Bits of a Unicode scalar value.
const CHAR_BITS: u32 = 21;

/// Pairs of neighbouring letters, digits and ideographs, in the order of the text, with repeats.
pub fn bigrams(normal: &str) -> impl Iterator<Item = Bigram> + '_ {
    let mut last: Option<char> = None;
    normal.chars().filter_map(move |c| {
        let c = c.is_alphanumeric().then_some(c);
        let pair = last.zip(c).map(|(a, b)| pack(a, b));
        last = c;
        pair
    })
}

/// Single characters as terms and pairs of neighbouring ones, mixed, with repeats. Digits are all the same one: the
/// amounts of a question belong to whoever asks.
pub fn singles_and_pairs(normal: &str) -> impl Iterator<Item = Bigram> + '_ {
    let mut last: Option<char> = None;
    normal.chars().flat_map(move |c| {
        let c = if c.is_ascii_digit() { '0' } else { c };
        let c = c.is_alphanumeric().then_some(c);
        let pair = last.zip(c).map(|(a, b)| pack(a, b));
        last = c;
        let single = c.map(|c| Bigram::from(u32::from(c)));
        single.into_iter().chain(pair)
    })
}

/// Whether a term of [`singles_and_pairs`] is a pair.
pub fn is_pair(term: Bigram) -> bool {
    term >> CHAR_BITS != 0
}

/// The pair as one number.
pub fn pack(a: char, b: char) -> Bigram {
    Bigram::from(u32::from(a)) << CHAR_BITS | Bigram::from(u32::from(b))
}

/// The words of a text, with its synonyms last.
pub fn words(text: &Text) -> impl Iterator<Item = &str> {
    text.terms.iter().map(|term| term.text.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpack(pair: Bigram) -> String {
        let chars = [pair >> CHAR_BITS, pair & ((1 << CHAR_BITS) - 1)];
        let char = |c: u64| char::from_u32(c as u32).unwrap();
        chars.map(char).into_iter().collect()
    }

    #[test]
    fn pairs_do_not_reach_over_punctuation() {
        let found: Vec<String> = bigrams("欠钱,不还a1 b").map(unpack).collect();
        assert_eq!(found, ["欠钱", "不还", "还a", "a1"]);
        assert_eq!(bigrams("钱").count() + bigrams("").count(), 0);
    }
}
