//! Fixed texts and forms: nothing the dialogue will ask for may be missing.

use super::{FORMS_FILE, Findings, Parsed, Sources, TEXTS_FILE, line_with};
use crate::dialogue::script::{Follows, Script, SlotKind};

/// Texts said outside the dialogue: the notice by the edge, the line about legal aid under answers, and those of channels.
const OUTSIDE: [&str; 4] = ["notice", "aid_line", "channel.welcome", "channel.too_long"];
/// Places that a text must hold, because what fills them must be said.
const PLACES: [(&str, &[&str]); 12] = [
    ("notice", &["{operator}", "{contact}", "{retention}"]),
    ("facts.said", &["{facts}"]),
    ("facts.corrected", &["{facts}"]),
    ("handoff.queued", &["{position}"]),
    ("handoff.taken", &["{name}", "{role}"]),
    ("handoff.closed", &["{opening}", "{number}", "{due}"]),
    ("ticket.opened", &["{number}", "{due}"]),
    ("ticket.reopened", &["{number}", "{due}"]),
    ("ticket.extended", &["{number}", "{due}"]),
    ("privacy.export", &["{number}", "{due}"]),
    ("privacy.erasing", &["{receipt}", "{when}"]),
    ("privacy.held", &["{receipt}"]),
];

pub(super) fn check(sources: &Sources, parsed: &Parsed, script: &Script, findings: &mut Findings) {
    let mut keys = script.text_keys();
    keys.extend(OUTSIDE.map(str::to_owned));
    keys.sort();
    keys.dedup();
    for key in keys {
        if script.texts.get(&key).is_none_or(|t| t.trim().is_empty()) {
            findings.error(TEXTS_FILE, 0, format!("the text `{key}` is missing"));
        }
    }
    places(sources, findings);
    forms(sources, parsed, script, findings);
}

/// Looks at the file itself: in the script some places are filled already.
fn places(sources: &Sources, findings: &mut Findings) {
    let text = sources.text(TEXTS_FILE);
    for (key, places) in PLACES {
        for place in places {
            if !text.contains(place) {
                let line = line_with(text, &format!("  {key}:"));
                findings.error(
                    TEXTS_FILE,
                    line,
                    format!("the text `{key}` does not hold {place}"),
                );
            }
        }
    }
}

fn forms(sources: &Sources, parsed: &Parsed, script: &Script, findings: &mut Findings) {
    let file = sources.text(FORMS_FILE);
    let mut forms: Vec<_> = script.forms.values().collect();
    forms.sort_by(|a, b| a.id.cmp(&b.id));
    for form in forms {
        let line = line_with(file, &format!("  {}:", form.id));
        if form.slots.is_empty() {
            findings.error(
                FORMS_FILE,
                line,
                format!("the form {} asks nothing", form.id),
            );
        }
        let mut names: Vec<&str> = Vec::new();
        for slot in &form.slots {
            if names.contains(&slot.name.as_str()) {
                let message = format!("the form {} has the slot {} twice", form.id, slot.name);
                findings.error(FORMS_FILE, line, message);
            }
            names.push(&slot.name);
            if (slot.kind == SlotKind::Choice) == slot.options.is_empty() {
                let message = format!(
                    "{}.{}: options belong to a choice, and only there",
                    form.id, slot.name
                );
                findings.error(FORMS_FILE, line, message);
            }
            if slot.ask.trim().is_empty() {
                findings.error(
                    FORMS_FILE,
                    line,
                    format!("{}.{} asks nothing", form.id, slot.name),
                );
            }
        }
    }
    for intent in &parsed.intents {
        if let Follows::Form(id) = &intent.follows
            && !script.forms.contains_key(id)
        {
            let message = format!(
                "the intent {} leads to the form {id}, which is not there",
                intent.intent
            );
            findings.error(FORMS_FILE, 0, message);
        }
    }
}
