//! The seeded mix: 70 % answered from the knowledge base, 10 % from the statutes, 10 % clarified or a form, 10 %
//! small talk; thousands of different texts, sorted into these by what the program itself makes of them.

use faxun::eval::{self, Outcome};
use faxun::kb::statutes::LawIndex;
use faxun::knowledge::{Knowledge, Settings, Sources};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Texts in the mix.
const TEXTS: usize = 4_000;
/// Candidates looked at.
const CANDIDATES: usize = 30_000;
const OPENINGS: [&str; 8] = [
    "",
    "你好，",
    "请问",
    "急！",
    "我想问一下，",
    "律师您好，",
    "麻烦问下",
    "在吗？",
];
const ENDINGS: [&str; 6] = ["", "？", "，谢谢", "，怎么办", "，在线等", "，求解答"];

#[derive(Default)]
pub struct Mix {
    answered: Vec<String>,
    pointed: Vec<String>,
    asked_back: Vec<String>,
    talk: Vec<String>,
}

impl Mix {
    pub fn new(seed: u64, laws: Option<&Path>) -> Mix {
        let sources = Sources::embedded();
        let now_ms = faxun::clock::now_ms();
        let index = laws.map(|l| Arc::new(LawIndex::in_memory(l, &sources).expect("statutes")));
        let today = faxun::clock::china_date(now_ms);
        let built = Knowledge::build(&sources, index, &Settings::default(), today);
        let Ok(knowledge) = built else {
            panic!("the built-in knowledge is whole");
        };
        let asks = knowledge.asks();
        let examples = knowledge.examples();
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut mix = Mix::default();
        for _ in 0..CANDIDATES {
            let pool = if rng.u8(0..4) == 0 { &examples } else { &asks };
            let text = candidate(&mut rng, pool);
            let (_, step) = eval::first_turn(&knowledge, &text, now_ms);
            let bucket = match Outcome::of(&step) {
                Outcome::Answered => &mut mix.answered,
                Outcome::Pointed => &mut mix.pointed,
                Outcome::Clarified | Outcome::Form => &mut mix.asked_back,
                Outcome::Refused => &mut mix.talk,
                Outcome::HandedOff => continue,
            };
            bucket.push(text);
        }
        mix
    }

    /// The texts in the shares of the mix, in an order of the seed.
    pub fn shuffled(&self, seed: u64) -> Vec<String> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let pointed = if self.pointed.is_empty() {
            &self.answered
        } else {
            &self.pointed
        };
        let shares = [
            (&self.answered, 7),
            (pointed, 1),
            (&self.asked_back, 1),
            (&self.talk, 1),
        ];
        let mut texts = Vec::with_capacity(TEXTS);
        for (bucket, tenths) in shares {
            assert!(!bucket.is_empty(), "the mix needs texts of every kind");
            texts.extend(
                (0..TEXTS * tenths / 10).map(|_| bucket[rng.usize(..bucket.len())].clone()),
            );
        }
        rng.shuffle(&mut texts);
        texts
    }
}

/// A question as it is, or with words of another one after it.
fn candidate(rng: &mut fastrand::Rng, pool: &[String]) -> String {
    let opening = OPENINGS[rng.usize(..OPENINGS.len())];
    let ending = ENDINGS[rng.usize(..ENDINGS.len())];
    let mut text = pool[rng.usize(..pool.len())].clone();
    if rng.u8(0..6) == 0 {
        let other: Vec<char> = pool[rng.usize(..pool.len())].chars().collect();
        let cut: String = other.iter().take(other.len() / 2).collect();
        let half = text
            .chars()
            .take(text.chars().count() / 2)
            .collect::<String>();
        text = format!("{half}{cut}");
    }
    format!("{opening}{text}{ending}").replace(['"', '\\', '\n'], "")
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let different =
            |texts: &[String]| texts.iter().collect::<std::collections::HashSet<_>>().len();
        write!(
            f,
            "different texts: {} answered, {} pointed, {} asked back, {} small talk",
            different(&self.answered),
            different(&self.pointed),
            different(&self.asked_back),
            different(&self.talk)
        )?;
        if self.pointed.is_empty() {
            write!(
                f,
                "; NO STATUTES LOADED: their 10 % are answered from the knowledge base"
            )?;
        }
        Ok(())
    }
}
