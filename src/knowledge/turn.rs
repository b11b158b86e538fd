//! Reading a message as one of a conversation: corrections, follow-ups and several questions at once.
//!
//! Dangers, concerns and facts are always those of the whole message. Only what it asks (intents, hits, `legal`,
//! `digest`, the command) may be read from a part of it, or together with the matter before.

use super::{Found, Knowledge};
use crate::dialogue::follow::{self, SEVERAL_MAX};
use crate::dialogue::nouns::Owner;
use crate::dialogue::reading::{ABOUT_CHARS_MAX, Aspect, Hit, Lean, Reading, TOP_MAX};
use crate::dialogue::script::EntryCard;
use crate::dialogue::state::State;
use crate::kb::search::CANDIDATES;
use crate::reading::lean::{self, Correction};
use crate::reading::text::Text;
use jiff::civil::Date;

/// How much likelier an entry is to be meant by a follow-up when the entry before names it as following.
const NEXT_BOOST: f32 = 3.0;
/// Questions of one message that are looked up.
const QUESTIONS_READ_MAX: usize = 5;
/// Letters besides the facts that a mere correction of facts may have (我是, 了).
const FACT_LETTERS_MAX: usize = 3;

impl Knowledge {
    /// Reads a citizen's message in a conversation of `state`; `today` is the day in China. The text and what was found
    /// for it are for [`Knowledge::consult`]; nothing is to be consulted about a follow-up.
    pub fn read(&self, state: &State, raw: &str, today: Date) -> (Text, Option<Found>, Reading) {
        let (text, mut reading) = self.first(raw, today);
        if !matches!(state.owner, Owner::Bot | Owner::Closed { .. }) {
            return (text, None, reading);
        }
        if state.form.is_some() {
            let found = self.bot(&text, &mut reading);
            return (text, Some(found), reading);
        }
        if state.last_seq > 0
            && let Some(correction) = lean::correction(&text.normal)
        {
            return match correction {
                Correction::Nothing => {
                    reading.lean = Some(Lean::Rejected);
                    (text, None, reading)
                }
                Correction::Rest(rest) => {
                    let (text, found) = self.corrected(state, rest, &mut reading, today);
                    (text, Some(found), reading)
                }
            };
        }
        let found = self.bot(&text, &mut reading);
        if let Some((entry, aspect, about)) = self.follow_up(state, &text, &reading) {
            let text = self.follows(state, entry, raw, aspect, about, &mut reading);
            return (text, None, reading);
        }
        self.several(&text, &mut reading, today);
        let found = reading.several.is_empty().then_some(found);
        (text, found, reading)
    }

    /// Reads what a correction leaves. The entry answered before is not what was meant.
    fn corrected(
        &self,
        state: &State,
        rest: &str,
        reading: &mut Reading,
        today: Date,
    ) -> (Text, Found) {
        let (text, mut part) = self.first(rest, today);
        let mut found = self.index.search(&text);
        if let Some(answered) = &state.answered {
            found.matches.retain(|m| self.id(m.entry) != answered.entry);
        }
        part.hits = self.hits(&found, &part, None);
        reading.lean = Some(if only_facts(&text.normal, reading) {
            Lean::FactCorrected
        } else {
            Lean::Corrected
        });
        reading.hits = part.hits;
        reading.intents = part.intents;
        reading.legal = part.legal;
        reading.digest = part.digest;
        reading.question = part.question;
        reading.unintelligible = part.unintelligible;
        // While somebody may be in danger, only a whole message answers 你现在安全吗.
        if state.peril().is_none() {
            reading.command = part.command;
        }
        (text, found)
    }

    /// The matter that a message leans on, when it names none of its own.
    fn follow_up(
        &self,
        state: &State,
        text: &Text,
        reading: &Reading,
    ) -> Option<(&EntryCard, Aspect, String)> {
        let entry = follow::matter(&self.script, state)?;
        if reading.command.is_some() || self.is_question_of_an_entry(reading) {
            return None;
        }
        let (aspect, about) = lean::follow_up(&text.normal)?;
        let service = reading.intents.first().is_some_and(|top| {
            top.intent.starts_with("service.") && top.p >= self.script.thresholds.intent
        });
        if service || !about.is_empty() && self.passing(reading).is_some() {
            return None;
        }
        let about = about.chars().take(ABOUT_CHARS_MAX).collect();
        Some((entry, aspect, about))
    }

    /// Reads a follow-up together with the matter before, and searches the entries beside it where it says nothing.
    fn follows(
        &self,
        state: &State,
        entry: &EntryCard,
        raw: &str,
        aspect: Aspect,
        about: String,
        reading: &mut Reading,
    ) -> Text {
        let text = self.reader.text(&follow::query(entry, state, raw));
        let mut both = Reading::default();
        self.reader.classify(&text, &mut both);
        both.intents.retain(|i| {
            !["chat.", "service.", "oos."]
                .iter()
                .any(|f| i.intent.starts_with(f))
        });
        reading.hits = match follow::quoted(entry, aspect, &about) {
            Some(_) => Vec::new(),
            None => self.beside(entry, &text, &both),
        };
        reading.intents = both.intents;
        reading.legal = reading.legal.max(both.legal);
        reading.lean = Some(Lean::FollowUp { aspect, about });
        text
    }

    /// The entries that may be meant besides `entry`; those it names as following are likelier.
    fn beside(&self, entry: &EntryCard, text: &Text, reading: &Reading) -> Vec<Hit> {
        let found = self.index.search(text);
        let ranked = self.evident(reading, None, |evidence| {
            self.ranker.rank(&found, evidence, CANDIDATES)
        });
        let all: f32 = ranked.iter().map(|(_, p)| p).sum();
        let mut hits: Vec<Hit> = ranked
            .into_iter()
            .map(|(number, p)| (self.entries[number].id.value.clone(), p))
            .filter(|(id, _)| *id != entry.id)
            .map(|(id, p)| {
                let p = if entry.next.contains(&id) {
                    p * NEXT_BOOST
                } else {
                    p
                };
                Hit {
                    entry: id,
                    p,
                    cites: Vec::new(),
                }
            })
            .collect();
        let whole: f32 = (1.0 - all).max(0.0) + hits.iter().map(|h| h.p).sum::<f32>();
        hits.iter_mut()
            .for_each(|h| h.p /= whole.max(f32::MIN_POSITIVE));
        hits.sort_by(|a, b| b.p.total_cmp(&a.p).then_with(|| a.entry.cmp(&b.entry)));
        hits.truncate(TOP_MAX);
        hits
    }

    /// Looks up each of several questions; two different sure answers make a turn that gives both.
    fn several(&self, text: &Text, reading: &mut Reading, today: Date) {
        let Some(questions) = lean::questions(&text.normal) else {
            return;
        };
        // What an entry lists as one question is one, and so is what only a comma parts when one entry answers it.
        if self.is_question_of_an_entry(reading)
            || questions.soft && self.passing(reading).is_some()
        {
            return;
        }
        let mut several: Vec<Hit> = Vec::with_capacity(SEVERAL_MAX);
        let mut unanswered = questions.parts.len() > QUESTIONS_READ_MAX;
        for question in questions.parts.iter().take(QUESTIONS_READ_MAX) {
            let (text, mut part) = self.first(question, today);
            self.bot(&text, &mut part);
            match self.passing(&part) {
                Some(hit) if several.iter().any(|h| h.entry == hit.entry) => {}
                Some(hit) if several.len() < SEVERAL_MAX => several.push(hit.clone()),
                _ => unanswered = true,
            }
        }
        if several.len() > 1 {
            reading.several = several;
            reading.more_questions = unanswered;
        }
    }

    /// The best hit, when it may be answered without asking back.
    fn passing<'a>(&self, reading: &'a Reading) -> Option<&'a Hit> {
        let best = reading.hits.first()?;
        let entry = self.script.entries.get(&best.entry)?;
        (best.p >= self.script.answer_threshold(entry)).then_some(best)
    }

    /// Word for word a question that one entry lists.
    fn is_question_of_an_entry(&self, reading: &Reading) -> bool {
        matches!(self.exact.get(&reading.digest), Some(Some(_)))
    }
}

/// A correction that only tells facts: nothing but some letters is left beside them.
fn only_facts(rest: &str, reading: &Reading) -> bool {
    let mut left = rest.to_owned();
    let mut told = false;
    for fact in &reading.facts {
        told |= left.contains(&fact.text);
        left = left.replacen(&fact.text, "", 1);
    }
    told && left.chars().filter(|c| c.is_alphanumeric()).count() <= FACT_LETTERS_MAX
}
