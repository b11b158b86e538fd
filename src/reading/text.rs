//! One citizen message, normalised and cut into words.

use std::ops::Range;

/// A message as the readers of this module see it.
pub struct Text {
    /// NFKC, simplified characters, lower case, punctuation and repeated letters reduced.
    pub normal: String,
    /// Byte ranges of the words in `normal`.
    pub words: Vec<Range<u32>>,
}
