//! One normalisation and one cut into words per message; everything else reads the result.

use super::simplify::Simplifier;
use super::synonyms::Synonyms;
use jieba_rs::Jieba;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;

/// Longest run of one ideograph or letter that is kept (急急急急急 says no more than 急急急).
const RUN_CHARS_MAX: usize = 3;
/// Longest word of the user dictionary, in characters.
const WORD_CHARS_MAX: usize = 16;

/// Words inside a word are index terms too when they have so many characters.
const PART_CHARS_MIN: usize = 2;
const PART_CHARS_MAX: usize = 3;

/// A message made ready for reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    /// NFKC, simplified, lower-case ASCII, full-width characters made ASCII, repeated punctuation and emoji
    /// reduced, blanks collapsed. Chinese 。 、 “ ” stay; ， ？ ！ ： ； （ ） are ASCII.
    pub normal: String,
    /// Words of the one cut, as byte ranges in `normal`; punctuation and blanks included.
    pub words: Vec<Range<u32>>,
    /// Index terms in the order of the text, shorter words inside a word before it, the legal terms of its synonyms at
    /// the end.
    pub terms: Vec<Term>,
}

/// A word to search for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    pub text: String,
    /// Added as the legal term for something said in everyday words.
    pub synonym: bool,
}

/// What is wrong with the user dictionary or the synonyms; lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum LexiconError {
    #[error("user dictionary, line {line}: {message}")]
    UserDictionary { line: usize, message: String },
    #[error("synonyms, line {line}: {message}")]
    Synonyms { line: usize, message: String },
    #[error("table of traditional characters: {0}")]
    Simplifier(#[from] ferrous_opencc::error::OpenCCError),
}

/// Turns raw messages into [`Text`]: word dictionary, synonyms, tables of characters.
pub struct Normaliser {
    simplifier: Simplifier,
    jieba: Jieba,
    synonyms: Synonyms,
}

impl Text {
    /// The words of the cut, in order.
    pub fn words(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.words
            .iter()
            .map(|range| &self.normal[range.start as usize..range.end as usize])
    }
}

impl Normaliser {
    /// Loads the built-in dictionary, then `userdict` (lines `word [frequency [tag]]`, `#` comments) and `synonyms`
    /// (YAML, a list of `from`, `to`).
    pub fn new(userdict: &str, synonyms: &str) -> Result<Normaliser, LexiconError> {
        let simplifier = Simplifier::new()?;
        let mut jieba = Jieba::new();
        for (index, line) in userdict.lines().enumerate() {
            add_word(&mut jieba, line).map_err(|message| LexiconError::UserDictionary {
                line: index + 1,
                message,
            })?;
        }
        let synonyms = Synonyms::new(synonyms, |raw| {
            let normal = reduce(&simplifier, raw);
            let cut = jieba.cut(&normal, false);
            let words = cut.iter().map(|token| token.word);
            words.filter(|w| is_term(w)).map(str::to_owned).collect()
        })?;
        Ok(Normaliser {
            simplifier,
            jieba,
            synonyms,
        })
    }

    /// Normalises and cuts a raw message.
    pub fn read(&self, raw: &str) -> Text {
        let normal = self.normalise(raw);
        let tokens = self.jieba.cut(&normal, false);
        let mut words = Vec::with_capacity(tokens.len());
        let mut terms = Vec::with_capacity(tokens.len() + 4);
        for token in &tokens {
            words.push(token.byte_start as u32..token.byte_end as u32);
            self.parts(token.word, &mut terms);
            if is_term(token.word) {
                terms.push(said(token.word));
            }
        }
        self.synonyms.extend(&normal, &words, &mut terms);
        drop(tokens);
        Text {
            normal,
            words,
            terms,
        }
    }

    /// Dictionary words of two and three characters inside a longer word: who writes 拖欠工资 also means 工资.
    fn parts(&self, word: &str, terms: &mut Vec<Term>) {
        if word.len() <= PART_CHARS_MIN * 3 || !word.chars().all(is_ideograph) {
            return;
        }
        let starts: Vec<usize> = word
            .char_indices()
            .map(|(at, _)| at)
            .chain([word.len()])
            .collect();
        for length in PART_CHARS_MIN..=PART_CHARS_MAX.min(starts.len() - 2) {
            for window in starts.windows(length + 1) {
                let part = &word[window[0]..window[length]];
                if self.jieba.has_word(part) {
                    terms.push(said(part));
                }
            }
        }
    }

    /// The normal form alone, without a cut.
    pub fn normalise(&self, raw: &str) -> String {
        reduce(&self.simplifier, raw)
    }
}

/// Adds one line of a user dictionary.
fn add_word(jieba: &mut Jieba, line: &str) -> Result<(), String> {
    let line = line.split('#').next().unwrap_or_default();
    let mut fields = line.split_whitespace();
    let Some(word) = fields.next() else {
        return Ok(());
    };
    if word.chars().count() > WORD_CHARS_MAX {
        return Err(format!("{word} is longer than {WORD_CHARS_MAX} characters"));
    }
    let frequency = match fields.next().map(str::parse::<usize>) {
        None => None,
        // A frequency of 0 would make the word impossible.
        Some(Ok(frequency)) if frequency > 0 => Some(frequency),
        Some(_) => return Err(format!("frequency of {word} is no positive whole number")),
    };
    let tag = fields.next();
    if fields.next().is_some() {
        return Err(format!("more than three fields after {word}"));
    }
    // Below the suggested frequency the parts would win and the line would do nothing.
    let needed = jieba.suggest_freq(word);
    jieba.add_word(word, Some(frequency.unwrap_or(needed).max(needed)), tag);
    Ok(())
}

/// Words longer than punctuation are worth searching for.
fn is_term(word: &str) -> bool {
    word.chars().any(is_letter)
}

fn said(word: &str) -> Term {
    Term {
        text: word.to_owned(),
        synonym: false,
    }
}

fn reduce(simplifier: &Simplifier, raw: &str) -> String {
    let folded: String = raw.nfkc().collect();
    let simplified = simplifier.simplify(&folded);
    let mut normal = String::with_capacity(simplified.len());
    let mut last = Last::default();
    for c in simplified.chars() {
        last.push(c.to_ascii_lowercase(), &mut normal);
    }
    normal.truncate(normal.trim_end().len());
    normal
}

/// What was written last, to shorten runs.
#[derive(Default)]
struct Last {
    c: Option<char>,
    run: usize,
}

impl Last {
    fn push(&mut self, c: char, normal: &mut String) {
        if is_invisible(c) {
            return;
        }
        let c = if c.is_whitespace() || c.is_control() {
            ' '
        } else {
            c
        };
        let repeats = self
            .c
            .is_some_and(|last| last == c || is_emoji(last) && is_emoji(c));
        self.run = if repeats { self.run + 1 } else { 1 };
        let run_max = if !is_ideograph(c) && c.is_numeric() {
            usize::MAX
        } else if is_letter(c) {
            RUN_CHARS_MAX
        } else {
            1
        };
        let leading_blank = c == ' ' && normal.is_empty();
        if self.run <= run_max && !leading_blank {
            normal.push(c);
        }
        self.c = Some(c);
    }
}

/// Marks that have no width of their own: joiners, variation selectors, directions, skin tones, combining keycaps.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206F}' | '\u{20E3}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0000}'..='\u{E0FFF}')
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}')
}

/// Letters, digits and ideographs; as `char::is_alphanumeric`, but quick for Chinese.
pub(super) fn is_letter(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FA5}') || c.is_alphanumeric()
}

/// Chinese characters, main block and extensions.
pub(super) fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3134F}' | '〇')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    const SYNONYMS: &str = "\
- from: [工钱, 工资钱]
  to: [工资]
- from: [老板跑路]
  to: [欠薪 逃匿]
- from: [娃]
  to: [子女, 抚养]
";

    static NORMALISER: LazyLock<Normaliser> = LazyLock::new(|| {
        Normaliser::new("# legal words\n竞业限制协议 200 n\n净身出户\n", SYNONYMS).unwrap()
    });

    #[test]
    fn normal_form() {
        for (raw, normal) in [
            ("離婚後財產", "离婚后财产"),
            ("欠我１２３４５元！！！！", "欠我12345元!"),
            ("怎么办？？？?", "怎么办?"),
            ("好。。。。吧", "好。吧"),
            ("  你好\t\n  世界  ", "你好 世界"),
            ("ＡＢＣ Law", "abc law"),
            ("救命😭😭😡", "救命😭"),
            ("急急急急急急", "急急急"),
            ("一共1000000元", "一共1000000元"),
            ("①选这个", "1选这个"),
            ("zero\u{200B}width\u{FEFF}", "zerowidth"),
            ("\u{0}\u{1}", ""),
            ("", ""),
        ] {
            assert_eq!(NORMALISER.normalise(raw), normal, "{raw:?}");
        }
    }

    #[test]
    fn words_and_terms() {
        let text = NORMALISER.read("公司让我签竞业限制协议，要净身出户！");
        let words: Vec<&str> = text.words().collect();
        assert!(words.contains(&"竞业限制协议"), "{words:?}");
        assert!(words.contains(&"净身出户"), "{words:?}");
        assert!(text.terms.iter().all(|t| t.text != "," && !t.synonym));
        let terms: Vec<&str> = text.terms.iter().map(|t| t.text.as_str()).collect();
        assert!(
            terms.contains(&"限制") && terms.contains(&"协议"),
            "{terms:?}"
        );
        assert_eq!(terms.iter().filter(|t| **t == "公司").count(), 1);
    }

    #[test]
    fn lay_words_keep_their_place_and_gain_legal_terms() {
        let synonyms = |raw: &str| -> Vec<String> {
            let terms = NORMALISER.read(raw).terms;
            let added = terms.into_iter().filter(|t| t.synonym);
            added.map(|t| t.text).collect()
        };
        assert_eq!(synonyms("工钱不给"), ["工资"]);
        assert_eq!(synonyms("老板跑路了"), ["欠薪", "逃匿"]);
        assert_eq!(synonyms("娃归谁"), ["子女", "抚养"]);
        assert!(synonyms("娃哈哈饮料").is_empty());
        assert!(synonyms("工资和工钱").is_empty(), "already there");
        let text = NORMALISER.read("工钱不给");
        assert_eq!(text.terms[0].text, "工钱");
    }

    #[test]
    fn faults_name_their_line() {
        let line = |userdict: &str, synonyms: &str| match Normaliser::new(userdict, synonyms) {
            Err(
                LexiconError::UserDictionary { line, .. } | LexiconError::Synonyms { line, .. },
            ) => line,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("accepted"),
        };
        assert_eq!(line("工资 10\n劳动 many n\n", ""), 2);
        assert_eq!(line("劳动 0\n", ""), 1);
        assert_eq!(line("a 1 n more\n", ""), 1);
        assert_eq!(
            line("", "- from: [工钱]\n  to: [工资]\n  why: because\n"),
            3
        );
        assert_eq!(
            line(
                "",
                "- from: [工钱]\n  to: [工资]\n- from: [工钱]\n  to: [薪]\n"
            ),
            3
        );
        assert_eq!(line("", "- from: [工钱]\n  to: ['，']\n"), 2);
    }

    proptest! {
        #[test]
        fn any_text_is_read(raw in "(\\PC|[你我欠钱離後１①\u{FDFA}\u{1F469}\u{200D}\u{0}!。 ]){0,60}") {
            let text = NORMALISER.read(&raw);
            let mut end = 0;
            for range in &text.words {
                prop_assert_eq!(range.start, end, "words follow each other");
                prop_assert!(text.normal.get(range.start as usize..range.end as usize).is_some());
                end = range.end;
            }
            prop_assert_eq!(end as usize, text.normal.len());
            prop_assert_eq!(NORMALISER.normalise(&text.normal), text.normal.clone());
        }
    }
}
