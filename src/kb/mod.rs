//! The knowledge base: entries, the search over entries, the search over statutes.
//!
//! Entries are few and searched on every message, so they lie in memory in our own short lists ([`search`]);
//! statutes are many and searched when nothing else answers, so they lie in a tantivy index on disk ([`statutes`]).
//! No tantivy type leaves this module.

pub mod entry;
pub mod measure;
pub mod rank;
pub mod search;
pub mod source;
pub mod statutes;
pub mod terms;
pub mod wordings;
