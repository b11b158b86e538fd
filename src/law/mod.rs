//! PURE: citations, versions of articles, verdicts on a day. No I/O beyond a reader it is given, no clock.
//!
//! - [`article`]: the number of an article, 之一 kept apart.
//! - [`names`]: what laws are called: full, short, abbreviated.
//! - [`cite`]: citations in running text.
//! - [`import`]: reading them from JSON Lines; [`markdown`]: one law written by hand, as such lines.
//! - [`version`]: the articles themselves and what the data say about one on a given day.
//! - [`changes`]: what became of an article between two days.
//! - [`overrides`]: corrections to the source's labels, kept in `kb/law-overrides.yml`.

pub mod article;
pub mod changes;
pub mod cite;
pub mod import;
pub mod markdown;
pub mod names;
pub mod overrides;
pub mod version;

mod abbreviations;
mod kinds;
mod reference;
mod squashed;
