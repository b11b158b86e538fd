//! Row 3: a form in progress. One question at a time; digressions are answered and return to it.

use super::answer;
use super::draft::Draft;
use super::nouns::{Body, Choice, From, Seq, What};
use super::reading::{Command, FactKind};
use super::script::{FormSpec, SlotKind, SlotSpec};
use super::state::{FormProgress, VALUE_CHARS_MAX};
use super::turn::Rule;

/// Starts a form at its first question.
pub(super) fn start(d: &mut Draft, id: &str) -> Rule {
    if !d.ctx.script.forms.contains_key(id) {
        d.notice("stale_choice");
        return Rule::StaleChoice;
    }
    d.state.not_understood = 0;
    d.state.offers.clear();
    d.state.form = Some(FormProgress {
        form: id.to_owned(),
        slot: 0,
        values: Vec::new(),
        asked: 0,
    });
    d.notice(&format!("form.{id}.intro"));
    prompt(d);
    Rule::Service
}

/// Row 3.
pub(super) fn row(d: &mut Draft) -> Option<Rule> {
    let (spec, index) = current(d)?;
    let slot = spec.slots.get(index)?;
    match d.reading.command {
        Some(Command::Cancel) => {
            d.state.form = None;
            d.notice("form.cancelled");
            return Some(Rule::Form);
        }
        Some(Command::Back) => {
            if let Some(form) = &mut d.state.form {
                form.slot = form.slot.saturating_sub(1);
                form.values.truncate(form.slot);
            }
            prompt(d);
            return Some(Rule::Form);
        }
        Some(Command::Skip) if slot.optional => return Some(fill(d, None)),
        _ => {}
    }
    if digresses(d, slot) {
        let rule = answer::row_required(d).or_else(|| answer::row_answer(d))?;
        if d.state.form.is_some() {
            d.state.offers.clear();
            d.notice("form.digress_return");
            prompt(d);
        }
        return Some(rule);
    }
    match value(d, slot) {
        Some(value) => Some(fill(d, Some(value))),
        None => {
            d.notice("form.not_a_value");
            prompt(d);
            Some(Rule::Form)
        }
    }
}

fn current<'a>(d: &Draft<'a>) -> Option<(&'a FormSpec, usize)> {
    let form = d.state.form.as_ref()?;
    Some((d.ctx.script.forms.get(&form.form)?, form.slot))
}

/// A question with a sure answer is a digression, not a value.
fn digresses(d: &Draft, slot: &SlotSpec) -> bool {
    let sure = || {
        let hit = d.reading.hits.first()?;
        let entry = d.entry(&hit.entry)?;
        (hit.p >= d.ctx.script.answer_threshold(entry)).then_some(())
    };
    d.reading.question && value_kind(d, slot).is_none() && sure().is_some()
}

/// The text as a value of the slot, if it is one.
fn value(d: &Draft, slot: &SlotSpec) -> Option<String> {
    let What::Say { text } = &d.event.what else {
        return None;
    };
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let short = || text.chars().take(VALUE_CHARS_MAX).collect::<String>();
    match slot.kind {
        SlotKind::Text | SlotKind::Place => Some(short()),
        _ => value_kind(d, slot),
    }
}

/// The value where its kind can be recognised; `None` for free text.
fn value_kind(d: &Draft, slot: &SlotSpec) -> Option<String> {
    let What::Say { text } = &d.event.what else {
        return None;
    };
    let text = text.trim();
    let short = || text.chars().take(VALUE_CHARS_MAX).collect::<String>();
    let told = |kinds: &[FactKind]| {
        let found = d.reading.facts.iter().any(|f| kinds.contains(&f.kind));
        found.then(short)
    };
    match slot.kind {
        SlotKind::Choice => choice(d, &slot.options, text),
        SlotKind::YesNo => match d.reading.command {
            Some(Command::Yes | Command::Digit(1)) => Some("是".to_owned()),
            Some(Command::No | Command::Digit(2)) => Some("否".to_owned()),
            _ => None,
        },
        SlotKind::Amount => told(&[FactKind::Amount, FactKind::Number]).or_else(|| digits(text)),
        SlotKind::Date => told(&[FactKind::Date, FactKind::Duration]),
        SlotKind::Number => told(&[FactKind::Number, FactKind::Amount]).or_else(|| digits(text)),
        SlotKind::Phone => {
            let count = text.chars().filter(|c| c.is_ascii_digit()).count();
            (count >= 7).then(short)
        }
        SlotKind::Text | SlotKind::Place => None,
    }
}

fn digits(text: &str) -> Option<String> {
    let number = text.chars().any(|c| c.is_numeric());
    number.then(|| text.chars().take(VALUE_CHARS_MAX).collect())
}

fn choice(d: &Draft, options: &[String], text: &str) -> Option<String> {
    if let Some(Command::Digit(n)) = d.reading.command {
        let index = usize::try_from(n).ok()?.checked_sub(1)?;
        return options.get(index).cloned();
    }
    let same = |o: &&String| o.as_str() == text || (text.chars().count() > 1 && o.contains(text));
    options.iter().find(same).cloned()
}

/// The label of an option of the form question shown in message `of`.
pub(super) fn option_label(d: &Draft, of: Seq, option: u32) -> Option<String> {
    if d.state.form.as_ref()?.asked != of {
        return None;
    }
    let (spec, index) = current(d)?;
    let options = shown_options(spec.slots.get(index)?);
    let index = usize::try_from(option).ok()?.checked_sub(1)?;
    options.get(index).cloned()
}

fn shown_options(slot: &SlotSpec) -> Vec<String> {
    match slot.kind {
        SlotKind::YesNo => vec!["是".to_owned(), "否".to_owned()],
        _ => slot.options.clone(),
    }
}

/// Keeps a value and asks the next question, or ends with the summary.
pub(super) fn fill(d: &mut Draft, value: Option<String>) -> Rule {
    let Some((spec, _)) = current(d) else {
        return Rule::Nothing;
    };
    let ended = d.state.form.as_mut().is_some_and(|form| {
        form.values.truncate(form.slot);
        form.values.push(value);
        form.slot += 1;
        form.slot >= spec.slots.len()
    });
    if ended {
        summarise(d, spec);
    } else {
        prompt(d);
    }
    Rule::Form
}

fn summarise(d: &mut Draft, spec: &FormSpec) {
    let Some(form) = d.state.form.take() else {
        return;
    };
    let mut text = format!("{}\n", d.ctx.script.text(&format!("form.{}.done", spec.id)));
    for (slot, value) in spec.slots.iter().zip(&form.values) {
        let value = value.as_deref().unwrap_or("（跳过）");
        text.push_str(&format!("- {}：{value}\n", slot.label()));
    }
    text.push_str(&d.ctx.script.text("form.done_notice"));
    let code = format!("form.{}.done", spec.id);
    let body = Body::Notice {
        code,
        text,
        urgent: false,
        options: Vec::new(),
    };
    d.say(From::Bot, body);
}

fn prompt(d: &mut Draft) {
    let Some((spec, index)) = current(d) else {
        return;
    };
    let Some(slot) = spec.slots.get(index) else {
        return;
    };
    let options = (1..)
        .zip(shown_options(slot))
        .map(|(option, label)| Choice { option, label })
        .collect();
    let body = Body::Form {
        form: spec.id.clone(),
        title: spec.title.clone(),
        slot: slot.name.clone(),
        text: slot.ask.clone(),
        options,
        step: u32::try_from(index + 1).unwrap_or(u32::MAX),
        steps: u32::try_from(spec.slots.len()).unwrap_or(u32::MAX),
    };
    let seq = d.say(From::Bot, body);
    if let Some(form) = &mut d.state.form {
        form.asked = seq;
    }
}
