//! Rows 6 to 10: what a bot may answer, and what it does when it may not or cannot.

use super::bounds::{self, ID_BYTES_MAX};
use super::draft::Draft;
use super::form;
use super::nouns::{Body, Citation, Concern, From, HandoffReason, What};
use super::reading::{Hit, Lean};
use super::script::{EntryCard, HumanLevel};
use super::sections::{self, Split};
use super::state::{Answered, Pick};
use super::turn::Rule;

/// Most choices in a clarifying question, 都不是 not counted.
pub(super) const CLARIFY_MAX: usize = 4;
/// Most follow-on questions shown under an answer.
const NEXT_MAX: usize = 4;
/// Articles shown in a pointer.
const POINTER_MAX: usize = 3;
/// The same question this often in a row means a person.
pub(super) const REPEATS_MAX: u8 = 3;
/// Two answers whose probabilities are this close are asked about instead of taking the better one.
const NEAR: f32 = 0.1;
/// Turns in a row not understood that mean a person.
const NOT_UNDERSTOOD_MAX: u8 = 2;

/// The best hit if it may be answered without asking back. The hits of a follow-up are only what lies beside the
/// matter before: its own row judges them.
fn passing<'a>(d: &Draft<'a>) -> Option<&'a EntryCard> {
    if matches!(d.reading.lean, Some(Lean::FollowUp { .. })) {
        return None;
    }
    best(d)
}

/// The best hit if its probability passes the threshold of its risk class.
pub(super) fn best<'a>(d: &Draft<'a>) -> Option<&'a EntryCard> {
    let hit = d.reading.hits.first()?;
    let entry = d.entry(&hit.entry)?;
    (hit.p >= d.ctx.script.answer_threshold(entry)).then_some(entry)
}

/// The concern whose text is shown: an accused is told first to stop writing, then whoever is hurt is cared for.
pub(super) fn gravest(concerns: &[Concern]) -> Option<Concern> {
    const FIRST: [Concern; 5] = [
        Concern::Confession,
        Concern::SexualOffence,
        Concern::Minor,
        Concern::Detained,
        Concern::Sentencing,
    ];
    let first = FIRST.iter().find(|c| concerns.contains(c));
    first.or(concerns.first()).copied()
}

/// Row 6, the part that comes first: what is refused, and 自述犯罪.
pub(super) fn row_refused(d: &mut Draft) -> Option<Rule> {
    let concerns = &d.reading.concerns;
    let Some(refused) = concerns.iter().copied().find(|c| c.refuses()) else {
        let confesses = concerns.contains(&Concern::Confession);
        return confesses.then(|| required(d, Concern::Confession));
    };
    let person = refused.someone_at_risk() || concerns.iter().any(|c| !c.refuses());
    d.safety_line();
    d.state.not_understood = 0;
    let picks = if person {
        Vec::new()
    } else {
        vec![Pick::Human]
    };
    d.notice_with(&format!("concern.{}", refused.name()), false, picks);
    if person {
        d.hand_off(HandoffReason::Required);
    } else {
        form::return_to(d);
    }
    Some(Rule::Refused)
}

/// Row 6: general safety steps, then a human.
pub(super) fn row_required(d: &mut Draft) -> Option<Rule> {
    if let Some(concern) = gravest(&d.reading.concerns) {
        return Some(required(d, concern));
    }
    let entry = passing(d).filter(|e| e.human == HumanLevel::Required)?;
    Some(give(d, entry))
}

fn required(d: &mut Draft, concern: Concern) -> Rule {
    // Asked by the accused about his own crime nothing is answered by a machine.
    let accused = matches!(concern, Concern::Confession | Concern::Sentencing);
    let entry = passing(d).filter(|_| !accused);
    if entry.is_none() {
        d.safety_line();
    }
    d.notice(&format!("concern.{}", concern.name()));
    if let Some(entry) = entry {
        show(d, entry);
    }
    d.hand_off(HandoffReason::Required);
    Rule::Required
}

/// How often in a row this question came, this time included. Without a digest it cannot be told; a correction never
/// repeats.
pub(super) fn times(d: &Draft, entry: &str) -> u8 {
    let digest = d.reading.digest;
    match &d.state.answered {
        _ if d.reading.lean == Some(Lean::Corrected) => 1,
        Some(a) if digest != 0 && a.digest == digest && a.entry == entry => {
            a.times.saturating_add(1)
        }
        _ => 1,
    }
}

pub(super) fn remember(d: &mut Draft, entry: &str, times: u8) {
    d.state.answered = Some(Answered {
        entry: entry.to_owned(),
        digest: d.reading.digest,
        times,
    });
}

/// The same question once too often: it did not help, so a person follows.
pub(super) fn enough(d: &mut Draft) -> Rule {
    d.safety_line();
    d.notice("repeat.third");
    d.hand_off(HandoffReason::NotUnderstood);
    Rule::Repeated
}

/// Row 7.
pub(super) fn row_answer(d: &mut Draft) -> Option<Rule> {
    let entry = passing(d)?;
    if near(d) {
        return None;
    }
    let times = times(d, &entry.id);
    if times == 1 {
        return Some(give(d, entry));
    }
    remember(d, &entry.id, times);
    if times >= REPEATS_MAX {
        return Some(enough(d));
    }
    let citations = citations(d, entry);
    say_again(d, entry, &entry.conclusion, citations);
    Some(Rule::Repeated)
}

/// The second answer is as likely as the best. Inside a form the best is given all the same: a choice of answers would
/// take the numbers that the form waits for.
fn near(d: &Draft) -> bool {
    let [best, second, ..] = d.reading.hits.as_slice() else {
        return false;
    };
    d.state.form.is_none() && d.entry(&second.entry).is_some() && best.p - second.p < NEAR
}

/// What was said before, once more, with a person and more words offered.
pub(super) fn say_again(d: &mut Draft, entry: &EntryCard, said: &str, citations: Vec<Citation>) {
    let again = d.ctx.script.text("repeat.second");
    let picks = vec![Pick::Human, Pick::TellMore];
    say(d, entry, format!("{said}\n\n{again}"), citations, picks);
}

/// Answers with an entry; one that requires a human also hands over.
pub(super) fn give(d: &mut Draft, entry: &EntryCard) -> Rule {
    show(d, entry);
    d.state.not_understood = 0;
    remember(d, &entry.id, 1);
    if entry.human == HumanLevel::Required {
        d.notice("handoff.required");
        d.hand_off(HandoffReason::Required);
        return Rule::Required;
    }
    Rule::Answer
}

/// An entry's citations, those first that matter most for the question. None is lost and none doubled, whatever the
/// reading says.
fn citations(d: &Draft, entry: &EntryCard) -> Vec<Citation> {
    let hit = d.reading.hits.iter().find(|hit| hit.entry == entry.id);
    let order = hit.map_or(&[][..], |hit| hit.cites.as_slice());
    let mut left: Vec<Option<&Citation>> = entry.citations.iter().map(Some).collect();
    let mut take = |place: usize| left.get_mut(place).and_then(Option::take);
    let mut first: Vec<&Citation> = order
        .iter()
        .filter_map(|at| take(usize::from(*at)))
        .collect();
    first.extend(left.into_iter().flatten());
    first.into_iter().cloned().collect()
}

/// Shows an entry, a long one first in short; with the safety line that the turn owes or else its own.
pub(super) fn show(d: &mut Draft, entry: &EntryCard) {
    let picks = picks(d, entry, split(entry).is_some());
    let markdown = first(d, entry);
    let citations = citations(d, entry);
    say(d, entry, markdown, citations, picks);
    d.state.topic = Some(bounds::clip(&entry.intent, ID_BYTES_MAX).to_owned());
    disclose(d);
}

/// An entry's answer in two messages. What a person must look at is told whole: no step of it may be missed.
pub(super) fn split(entry: &EntryCard) -> Option<Split> {
    if entry.human == HumanLevel::Required {
        return None;
    }
    sections::split(&entry.markdown, "")
}

/// What is shown first of an entry. Legal aid is told of in the first answer it belongs to, later with the details.
pub(super) fn first(d: &mut Draft, entry: &EntryCard) -> String {
    let asked = match &d.event.what {
        What::Say { text } => text.as_str(),
        _ => "",
    };
    let split = split(entry).and_then(|_| sections::split(&entry.markdown, asked));
    let aid = entry
        .aid
        .as_deref()
        .filter(|_| split.is_none() || !d.state.aid_told);
    d.state.aid_told |= aid.is_some();
    let text = split.map_or_else(|| entry.markdown.clone(), |s| s.first);
    with_aid(text, aid)
}

fn with_aid(text: String, aid: Option<&str>) -> String {
    match aid {
        Some(aid) => format!("{text}\n\n{aid}"),
        None => text,
    }
}

/// The rest of an answer, on demand. What its numbers stood for, they still stand for.
pub(super) fn details(d: &mut Draft, entry: &EntryCard) -> Rule {
    let text = split(entry).map_or_else(|| entry.markdown.clone(), |s| s.details);
    let text = with_aid(text, entry.aid.as_deref());
    say(d, entry, text, Vec::new(), Vec::new());
    d.state.not_understood = 0;
    remember(d, &entry.id, 1);
    Rule::Details
}

/// What can be chosen under an answer: its details, its form, what belongs to it.
pub(super) fn picks(d: &Draft, entry: &EntryCard, details: bool) -> Vec<Pick> {
    let known = entry.next.iter().filter(|id| d.entry(id).is_some());
    let form = entry.form.iter().filter(|id| d.form(id).is_some());
    let next = form
        .cloned()
        .map(Pick::Form)
        .chain(known.cloned().map(Pick::Entry));
    let details = details.then(|| Pick::Details(entry.id.clone()));
    details.into_iter().chain(next.take(NEXT_MAX)).collect()
}

/// Says a text of an entry, with the safety line that the turn owes or else the entry's own.
pub(super) fn say(
    d: &mut Draft,
    entry: &EntryCard,
    markdown: String,
    citations: Vec<Citation>,
    picks: Vec<Pick>,
) {
    let body = Body::Answer {
        entry: entry.id.clone(),
        title: entry.title.clone(),
        markdown,
        citations,
        next: d.choices(&picks),
        safety: d.take_safety().or_else(|| entry.safety.clone()),
    };
    let seq = d.say(From::Bot, body);
    d.offer(seq, picks);
}

/// Says what the bot is, the first time it answers.
pub(super) fn disclose(d: &mut Draft) {
    if !d.state.disclosed {
        d.state.disclosed = true;
        d.notice("bot_disclosure");
    }
}

/// Row 8.
pub(super) fn row_clarify(d: &mut Draft) -> Option<Rule> {
    let thresholds = d.ctx.script.thresholds;
    if d.reading.legal < thresholds.legal {
        return None;
    }
    let plausible = |hit: &&Hit| hit.p >= thresholds.clarify && d.entry(&hit.entry).is_some();
    let picks: Vec<Pick> = d
        .reading
        .hits
        .iter()
        .filter(plausible)
        .take(CLARIFY_MAX)
        .map(|hit| Pick::Entry(hit.entry.clone()))
        .collect();
    if picks.is_empty() {
        return None;
    }
    let times = times(d, "");
    remember(d, "", times);
    if times >= REPEATS_MAX {
        return Some(enough(d));
    }
    ask_which(d, "clarify.lead", picks);
    Some(Rule::Clarify)
}

/// Asks which of the answers is meant; 都不是 is always among the choices.
pub(super) fn ask_which(d: &mut Draft, lead: &str, mut picks: Vec<Pick>) {
    picks.push(Pick::NoneOfThese);
    d.safety_line();
    d.state.not_understood = 0;
    let body = Body::Clarify {
        text: d.ctx.script.text(lead),
        options: d.choices(&picks),
    };
    let seq = d.say(From::Bot, body);
    d.offer(seq, picks);
}

/// Row 9.
pub(super) fn row_pointer(d: &mut Draft) -> Option<Rule> {
    if d.reading.statutes.is_empty() || d.reading.legal < d.ctx.script.thresholds.legal {
        return None;
    }
    let times = times(d, "");
    remember(d, "", times);
    if times >= REPEATS_MAX {
        return Some(enough(d));
    }
    d.safety_line();
    d.state.not_understood = 0;
    let citations = d
        .reading
        .statutes
        .iter()
        .take(POINTER_MAX)
        .cloned()
        .collect();
    let text = d.ctx.script.text("pointer.lead");
    d.say(From::Bot, Body::Pointer { text, citations });
    Some(Rule::Pointer)
}

/// Row 10.
pub(super) fn row_last(d: &mut Draft) -> Rule {
    d.safety_line();
    let off_topic = !d.reading.unintelligible && d.reading.legal < d.ctx.script.thresholds.legal;
    d.state.not_understood = d.state.not_understood.saturating_add(1);
    let again = d.state.not_understood >= NOT_UNDERSTOOD_MAX;
    if off_topic {
        // Idle talk must not fill the queue: a human is offered, not called.
        let picks = if again { vec![Pick::Human] } else { Vec::new() };
        d.notice_with("not_legal", false, picks);
        return Rule::NotLegal;
    }
    if again {
        d.hand_off(HandoffReason::NotUnderstood);
    } else {
        d.notice_with("unintelligible", false, vec![Pick::Human]);
    }
    Rule::NotUnderstood
}
