//! Placeholder until the danger rules are merged: finds nothing.
use super::text::Text;
use crate::dialogue::nouns::{Concern, Danger};

/// Dangers and concerns named in a text.
pub fn flags(_text: &Text, _today: jiff::civil::Date) -> (Vec<Danger>, Vec<Concern>) {
    (Vec::new(), Vec::new())
}
