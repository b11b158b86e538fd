//! The knowledge base: entries, the search over entries, the search over statutes.
//!
//! Entries are few and searched on every message ([`search`]); statutes are many, imported, and searched when nothing
//! else answers ([`statutes`]). Both lie in memory in lists of our own.

pub mod entry;
pub mod golden;
pub mod lists;
pub mod logit;
pub mod measure;
pub mod rank;
pub mod search;
pub mod source;
pub mod statutes;
pub mod terms;
pub mod wordings;
