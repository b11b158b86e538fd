//! Understanding text: normalising, words, intents, entities, danger. Never stores or logs what it reads.

pub mod danger;
mod simplify;
mod synonyms;
pub mod text;
