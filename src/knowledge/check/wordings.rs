//! Files of wordings: each beside an entry, or nobody reads it.

use super::Findings;
use crate::kb::golden::GOLDEN_FILE;
use crate::kb::measure::{TRAPS_FILE, UNANSWERED_FILE};
use crate::kb::wordings::{ARTICLES_FOLDER, beside};
use crate::knowledge::{Sources, USERDICT_FILE};
use std::collections::HashSet;

/// Text files that belong to no entry, besides those of articles.
const OTHERS: [&str; 4] = [USERDICT_FILE, UNANSWERED_FILE, TRAPS_FILE, GOLDEN_FILE];

pub(super) fn check(sources: &Sources, findings: &mut Findings) {
    let read: HashSet<String> = sources
        .under("kb/", ".md")
        .map(|f| beside(&f.path))
        .collect();
    for file in sources.under("kb/", ".txt") {
        let other = OTHERS.contains(&file.path.as_str()) || file.path.starts_with(ARTICLES_FOLDER);
        if !other && !read.contains(&file.path) {
            let entry = file.path.trim_end_matches(".txt");
            let message = format!(
                "there is no {entry}.md: nobody reads these wordings; name the file as its entry, or remove it"
            );
            findings.error(&file.path, 0, message);
        }
    }
}
