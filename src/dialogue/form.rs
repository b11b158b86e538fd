//! Row 3: a form in progress. One question at a time; digressions are answered and return to it.

use super::bounds;
use super::draft::Draft;
use super::nouns::{Body, Choice, Concern, From, HandoffReason, Seq, What};
use super::reading::{Command, FactKind};
use super::script::{FormSpec, SlotKind, SlotSpec};
use super::state::{FORM_VALUES_BYTES_MAX, Fnv, FormProgress};
use super::turn::Rule;
use super::{answer, step};

/// What stands for a value that the citizen does not know; the form's introduction invites it.
const UNKNOWN: &str = "不知道";
/// Shows that a value was cut; the whole text is in its message.
const CUT: &str = "…";

/// Starts a form at its first question. A concern named with the request is told first, and a person follows at
/// the end.
pub(super) fn start(d: &mut Draft, id: &str, concern: Option<Concern>) -> Rule {
    let Some(spec) = d.form(id) else {
        d.notice("stale_choice");
        return Rule::StaleChoice;
    };
    d.safety_line();
    d.state.not_understood = 0;
    d.state.form = Some(FormProgress {
        form: id.to_owned(),
        slot: 0,
        values: Vec::new(),
        asked: 0,
        shape: shape(spec),
        concern: None,
    });
    heed(d, concern);
    d.notice(&format!("form.{id}.intro"));
    prompt(d);
    Rule::Service
}

/// Row 3.
pub(super) fn row(d: &mut Draft) -> Option<Rule> {
    let id = d.state.form.as_ref()?.form.clone();
    let Some((spec, slot)) = current(d) else {
        return changed(d, &id);
    };
    match d.reading.command {
        Some(Command::Cancel) => {
            d.safety_line();
            d.notice("form.cancelled");
            end(d);
            return Some(Rule::Form);
        }
        Some(Command::Back) => {
            d.safety_line();
            if let Some(form) = &mut d.state.form {
                form.slot = form.slot.saturating_sub(1);
                form.values.truncate(form.slot);
            }
            prompt(d);
            return Some(Rule::Form);
        }
        Some(Command::Skip) if slot.optional => {
            d.safety_line();
            return Some(fill(d, None));
        }
        Some(Command::Skip) => {
            d.safety_line();
            d.notice("form.required");
            prompt(d);
            return Some(Rule::Form);
        }
        _ => {}
    }
    if digresses(d, slot) {
        let rule = answer::row_required(d).or_else(|| answer::row_answer(d))?;
        return_to(d);
        return Some(rule);
    }
    if let Some(value) = value(d, slot) {
        d.safety_line();
        heed(d, answer::gravest(&d.reading.concerns));
        return Some(fill_of(d, spec, Some(&value)));
    }
    if let Some(rule) = step::row_small_talk(d) {
        return_to(d);
        return Some(rule);
    }
    if step::asks_service(d) {
        return None;
    }
    d.safety_line();
    heed(d, answer::gravest(&d.reading.concerns));
    d.notice("form.not_a_value");
    prompt(d);
    Some(Rule::Form)
}

/// The questions were changed while the citizen was answering them: starts anew, or ends where the form is gone.
fn changed(d: &mut Draft, id: &str) -> Option<Rule> {
    let concern = d.state.form.take()?.concern;
    d.safety_line();
    d.notice("form.changed");
    if d.form(id).is_none() {
        return Some(Rule::Form);
    }
    let rule = start(d, id, None);
    if let Some(form) = &mut d.state.form {
        form.concern = concern;
    }
    Some(rule)
}

/// A concern in a form: its text at once, and a person when the form ends. Told once a form.
fn heed(d: &mut Draft, concern: Option<Concern>) {
    let Some((concern, form)) = concern.zip(d.state.form.as_mut()) else {
        return;
    };
    if form.concern.is_none() {
        form.concern = Some(concern);
        d.notice(&format!("concern.{}", concern.name()));
    }
}

/// Puts the current question again after something else was said. Nothing where no form is in progress.
pub(super) fn return_to(d: &mut Draft) {
    if current(d).is_some() {
        d.notice("form.digress_return");
        prompt(d);
    }
}

/// The form in progress and the question that is open, unless the form has changed since.
fn current<'a>(d: &Draft<'a>) -> Option<(&'a FormSpec, &'a SlotSpec)> {
    let form = d.state.form.as_ref()?;
    let spec = d.form(&form.form)?;
    let slot = spec.slots.get(form.slot)?;
    (shape(spec) == form.shape).then_some((spec, slot))
}

/// Fingerprint of a form's questions: names, kinds and options.
fn shape(spec: &FormSpec) -> u64 {
    let mut shape = Fnv::default();
    for slot in &spec.slots {
        shape.all(&[slot.name.as_bytes(), &[slot.kind as u8]]);
        for option in &slot.options {
            shape.all(&[option.as_bytes()]);
        }
    }
    shape.0
}

/// A question with a sure answer is a digression, not a value.
fn digresses(d: &Draft, slot: &SlotSpec) -> bool {
    let sure = || {
        let hit = d.reading.hits.first()?;
        let entry = d.entry(&hit.entry)?;
        (hit.p >= d.ctx.script.answer_threshold(entry)).then_some(())
    };
    d.reading.question && value_of_kind(d, slot).is_none() && sure().is_some()
}

/// The text as a value of the slot, if it is one.
fn value(d: &Draft, slot: &SlotSpec) -> Option<String> {
    let free = || Some(said(d)?.to_owned());
    match slot.kind {
        SlotKind::Text | SlotKind::Place => free(),
        _ => value_of_kind(d, slot).or_else(|| unknown(d)),
    }
}

/// The citizen's text, trimmed; `None` where there is none.
fn said<'a>(d: &Draft<'a>) -> Option<&'a str> {
    let What::Say { text } = &d.event.what else {
        return None;
    };
    Some(text.trim()).filter(|t| !t.is_empty())
}

/// 不知道 in any of its forms.
fn unknown(d: &Draft) -> Option<String> {
    let text = said(d)?.trim_end_matches(['。', '.', '了', '啊', '呢']);
    let known = [
        UNKNOWN,
        "不清楚",
        "不晓得",
        "不记得",
        "记不清",
        "记不得",
        "忘",
        "忘记",
        "说不清",
        "不确定",
        "不好说",
    ];
    let text = text.strip_prefix('我').unwrap_or(text);
    known.contains(&text).then(|| UNKNOWN.to_owned())
}

/// The value where its kind can be recognised; `None` for free text.
fn value_of_kind(d: &Draft, slot: &SlotSpec) -> Option<String> {
    let text = said(d)?;
    let told = |kinds: &[FactKind]| d.reading.facts.iter().any(|f| kinds.contains(&f.kind));
    let number = || text.chars().any(char::is_numeric);
    let fits = match slot.kind {
        SlotKind::Choice => return choice(d, &slot.options, text),
        SlotKind::YesNo => return yes_no(d, text),
        SlotKind::Amount | SlotKind::Number => {
            told(&[FactKind::Amount, FactKind::Number]) || number()
        }
        SlotKind::Date => told(&[FactKind::Date, FactKind::Duration]),
        SlotKind::Phone => text.chars().filter(char::is_ascii_digit).count() >= 7,
        SlotKind::Text | SlotKind::Place => false,
    };
    fits.then(|| text.to_owned())
}

fn yes_no(d: &Draft, text: &str) -> Option<String> {
    let text = text.trim_end_matches(['。', '.', '！', '的', '了', '啊']);
    let yes = match d.reading.command {
        Some(Command::Yes | Command::Digit(1)) => true,
        Some(Command::No | Command::Digit(2)) => false,
        _ => match text {
            "是" | "对" | "有" | "要" | "需要" | "有过" => true,
            "否" | "不" | "不是" | "没" | "没有" | "不要" | "不需要" | "不用" | "没有过" => {
                false
            }
            _ => return None,
        },
    };
    Some(if yes { "是" } else { "否" }.to_owned())
}

/// An option by its number, by its label, or by a part that only one label has.
fn choice(d: &Draft, options: &[String], text: &str) -> Option<String> {
    if let Some(Command::Digit(n)) = d.reading.command {
        return nth(options, n).cloned();
    }
    if let Some(same) = options.iter().find(|o| *o == text) {
        return Some(same.clone());
    }
    // A single character is too little to tell options apart.
    text.chars().nth(1)?;
    let mut alike = options
        .iter()
        .filter(|o| o.contains(text) || text.contains(o.as_str()));
    let only = alike.next()?;
    alike.next().is_none().then(|| only.clone())
}

/// Option `n`, counted from 1.
fn nth(options: &[String], n: u32) -> Option<&String> {
    options.get(usize::try_from(n).ok()?.checked_sub(1)?)
}

/// The label of an option of the form question shown in message `of`.
pub(super) fn option_label(d: &Draft, of: Seq, option: u32) -> Option<String> {
    if d.state.form.as_ref()?.asked != of {
        return None;
    }
    let (_, slot) = current(d)?;
    nth(&shown_options(slot), option).cloned()
}

fn shown_options(slot: &SlotSpec) -> Vec<String> {
    match slot.kind {
        SlotKind::YesNo => vec!["是".to_owned(), "否".to_owned()],
        _ => slot.options.clone(),
    }
}

/// Keeps a value of the open question and asks the next one, or ends with the summary.
pub(super) fn fill(d: &mut Draft, value: Option<&str>) -> Rule {
    match current(d) {
        Some((spec, _)) => fill_of(d, spec, value),
        None => Rule::Form,
    }
}

fn fill_of(d: &mut Draft, spec: &FormSpec, value: Option<&str>) -> Rule {
    d.state.not_understood = 0;
    let ended = d.state.form.as_mut().is_some_and(|form| {
        form.values.truncate(form.slot);
        let kept = value.map(|v| kept(form, spec.slots.len(), v));
        form.values.push(kept);
        form.slot += 1;
        form.slot >= spec.slots.len()
    });
    if ended {
        summarise(d, spec);
        end(d);
    } else {
        prompt(d);
    }
    Rule::Form
}

/// A value within its share of the room that the earlier values left.
fn kept(form: &FormProgress, slots: usize, value: &str) -> String {
    let used: usize = form
        .values
        .iter()
        .flatten()
        .map(|v| bounds::json_len(v))
        .sum();
    let open = slots.saturating_sub(form.slot).max(1);
    let share = FORM_VALUES_BYTES_MAX.saturating_sub(used) / open;
    if bounds::fits(value, share) {
        return value.to_owned();
    }
    let head = bounds::clip(value, share.saturating_sub(CUT.len()));
    format!("{head}{CUT}")
}

/// The form is over; a concern named on the way now gets its person.
fn end(d: &mut Draft) {
    let concern = d.state.form.take().and_then(|form| form.concern);
    if concern.is_some() {
        d.hand_off(HandoffReason::Required);
    }
}

fn summarise(d: &mut Draft, spec: &FormSpec) {
    let Some(form) = &d.state.form else {
        return;
    };
    let code = format!("form.{}.done", spec.id);
    let mut text = d.ctx.script.text(&code);
    text.push('\n');
    for (slot, value) in spec.slots.iter().zip(&form.values) {
        let value = value.as_deref().unwrap_or("（跳过）");
        text.push_str(&format!("- {}：{value}\n", slot.label()));
    }
    text.push_str(&d.ctx.script.text("form.done_notice"));
    let body = Body::Notice {
        code,
        text,
        urgent: false,
        options: Vec::new(),
    };
    d.say(From::Bot, body);
}

fn prompt(d: &mut Draft) {
    let Some((spec, slot)) = current(d) else {
        return;
    };
    let index = d.state.form.as_ref().map_or(0, |form| form.slot);
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
