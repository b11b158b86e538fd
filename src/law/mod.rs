//! PURE: citations, versions of articles, verdicts on a day. No I/O beyond a reader it is given, no clock.
//!
//! - [`article`]: the number of an article, 之一 kept apart.
//! - [`names`]: what laws are called: full, short, abbreviated.
//! - [`cite`]: citations in running text.
//! - [`import`]: reading them from JSON Lines.
//! - [`version`]: the articles themselves and what the data say about one on a given day.
//! - [`overrides`]: corrections to the source's labels, kept in `kb/law-overrides.yml`.

pub mod article;
pub mod cite;
pub mod import;
pub mod names;
pub mod overrides;
pub mod version;

mod abbreviations;
mod reference;
mod squashed;
