//! What hangs on the turn before, and several questions at once: between row 6 and row 7.

use super::answer::{self, CLARIFY_MAX, REPEATS_MAX};
use super::draft::Draft;
use super::nouns::{Body, Choice, From, HandoffReason};
use super::reading::{Aspect, FactKind, Lean};
use super::script::{EntryCard, HumanLevel, Script};
use super::sections;
use super::state::{Pick, State};
use super::turn::Rule;

/// Most questions of one message that are answered, one by one.
pub const SEVERAL_MAX: usize = 3;
/// Words in an answer that speak to a role, where they differ from the role's own.
const ROLE_WORDS: &[(&str, &str)] = &[
    ("老板", "老板 单位 公司 用人"),
    ("用人单位", "单位 公司 老板"),
    ("雇主", "雇主 单位"),
    ("房东", "房东 出租"),
    ("租客", "租客 承租 租房的"),
    ("卖家", "卖家 商家 卖方"),
    ("店主", "店主 商家 卖家"),
    ("债务人", "债务人 欠钱 借款人"),
    ("女方", "女方 妻子"),
    ("男方", "男方 丈夫"),
];

/// The entry that a follow-up leans on: the one answered last, unless something else came between.
pub fn matter<'a>(script: &'a Script, state: &State) -> Option<&'a EntryCard> {
    let answered = state.answered.as_ref()?;
    script.entries.get(&answered.entry)
}

/// What the entry itself says to a follow-up, quoted.
pub fn quoted(entry: &EntryCard, aspect: Aspect, about: &str) -> Option<String> {
    match aspect {
        Aspect::More => answer::split(entry).map(|s| s.details),
        Aspect::Why => {
            let quoted = sections::about(&entry.markdown, aspect, about);
            Some(quoted.unwrap_or_else(|| entry.conclusion.clone()))
        }
        Aspect::Role => {
            let words = ROLE_WORDS.iter().find(|(role, _)| *role == about);
            let words = words.map_or(about, |(_, words)| words);
            sections::about(&entry.markdown, aspect, words)
        }
        _ => sections::about(&entry.markdown, aspect, about),
    }
}

/// What is searched for when the entry says nothing to a follow-up: its title, what is known of the citizen, the
/// message.
pub fn query(entry: &EntryCard, state: &State, text: &str) -> String {
    let known = state
        .facts
        .iter()
        .filter(|f| matches!(f.kind, FactKind::Role | FactKind::Stage));
    let mut query = entry.title.clone();
    for part in known.map(|f| f.text.as_str()).chain([text]) {
        query.push(',');
        query.push_str(part);
    }
    query
}

/// A follow-up: a part of the answer before, else a related answer, else a choice of them.
pub(super) fn row_follow_up(d: &mut Draft) -> Option<Rule> {
    let Some(Lean::FollowUp { aspect, about }) = &d.reading.lean else {
        return None;
    };
    let script = &d.ctx.script;
    let entry = matter(script, &d.state)?;
    let times = answer::times(d, &entry.id);
    let Some(markdown) = quoted(entry, *aspect, about) else {
        return related(d, entry, about, times);
    };
    answer::remember(d, &entry.id, times);
    if times >= REPEATS_MAX {
        return Some(answer::enough(d));
    }
    d.state.not_understood = 0;
    let why = *aspect == Aspect::Why;
    let citations = if why {
        entry.citations.clone()
    } else {
        Vec::new()
    };
    if times > 1 {
        answer::say_again(d, entry, &markdown, citations);
    } else {
        let details = *aspect != Aspect::More && answer::split(entry).is_some();
        let picks = answer::picks(d, entry, details);
        answer::say(d, entry, markdown, citations, picks);
    }
    if entry.human == HumanLevel::Required {
        return Some(to_a_person(d));
    }
    Some(Rule::FollowUp)
}

/// What a bot must not answer alone, it does not answer alone in parts either.
fn to_a_person(d: &mut Draft) -> Rule {
    d.notice("handoff.required");
    d.hand_off(HandoffReason::Required);
    Rule::Required
}

/// The answer before says nothing of it: what was found with both together, or a choice of what belongs to it.
fn related(d: &mut Draft, entry: &EntryCard, about: &str, times: u8) -> Option<Rule> {
    if entry.human == HumanLevel::Required {
        d.safety_line();
        return Some(to_a_person(d));
    }
    let names = |card: &&EntryCard| {
        sections::names(&card.title, about) || sections::names(&card.markdown, about)
    };
    if let Some(found) = answer::best(d)
        .filter(|found| found.id != entry.id)
        .filter(names)
    {
        return Some(match answer::give(d, found) {
            Rule::Answer => Rule::FollowUp,
            other => other,
        });
    }
    let clarify = d.ctx.script.thresholds.clarify;
    let hits = d
        .reading
        .hits
        .iter()
        .filter(|h| h.p >= clarify)
        .map(|h| &h.entry);
    let mut picks: Vec<Pick> = Vec::with_capacity(CLARIFY_MAX + 1);
    for id in hits.chain(&entry.next) {
        let pick = Pick::Entry(id.clone());
        if picks.len() < CLARIFY_MAX
            && *id != entry.id
            && d.entry(id).is_some()
            && !picks.contains(&pick)
        {
            picks.push(pick);
        }
    }
    if picks.is_empty() {
        return None;
    }
    answer::remember(d, &entry.id, times);
    if times >= REPEATS_MAX {
        return Some(answer::enough(d));
    }
    answer::ask_which(d, "follow_up.clarify", picks);
    Some(Rule::FollowUp)
}

/// 我问的不是这个, and nothing more: a person, or more words.
pub(super) fn row_rejected(d: &mut Draft) -> Option<Rule> {
    if d.reading.lean != Some(Lean::Rejected) || !d.reading.concerns.is_empty() {
        return None;
    }
    d.safety_line();
    d.state.not_understood = 0;
    d.notice_with("clarify.none", false, vec![Pick::Human, Pick::TellMore]);
    Some(Rule::Clarify)
}

/// Several questions in one message, each answered in short; the details on demand.
pub(super) fn row_several(d: &mut Draft) -> Option<Rule> {
    let hits = d.reading.several.iter();
    let entries: Vec<&EntryCard> = hits
        .filter_map(|h| d.entry(&h.entry))
        .take(SEVERAL_MAX)
        .collect();
    let last = entries.last().filter(|_| entries.len() > 1)?;
    let times = answer::times(d, &last.id);
    answer::remember(d, &last.id, times);
    if times >= REPEATS_MAX {
        return Some(answer::enough(d));
    }
    d.state.not_understood = 0;
    let mut picks = Vec::new();
    let mut options = Vec::new();
    for (option, entry) in (1..).zip(&entries) {
        let markdown = if times > 1 {
            entry.conclusion.clone()
        } else {
            answer::first(d, entry)
        };
        answer::say(d, entry, markdown, entry.citations.clone(), Vec::new());
        picks.push(Pick::Details(entry.id.clone()));
        let label = format!(
            "{}：{}",
            d.label(&Pick::Details(entry.id.clone())),
            entry.title
        );
        options.push(Choice { option, label });
    }
    answer::disclose(d);
    if times > 1 {
        d.notice_with("repeat.second", false, vec![Pick::Human, Pick::TellMore]);
    } else {
        let code = "several.more";
        let text = d.ctx.script.text(code);
        let body = Body::Notice {
            code: code.to_owned(),
            text,
            urgent: false,
            options,
        };
        let seq = d.say(From::Bot, body);
        d.offer(seq, picks);
    }
    if d.reading.more_questions {
        d.notice("several.rest");
    }
    if entries.iter().any(|e| e.human == HumanLevel::Required) {
        return Some(to_a_person(d));
    }
    Some(Rule::Several)
}
