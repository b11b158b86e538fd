//! What a message says about danger to a person, and what a bot must not answer alone.
//!
//! The rules are data, written to be read and extended by a lawyer: `words.yml` (word lists, harmless phrases),
//! `frames.yml` (time, questions of law, stories, who did it, degrees), `dangers_by_people.yml`, `dangers_of_events.yml`,
//! `concerns.yml`. The language of their
//! patterns is described in `pattern.rs`. One automaton finds all words of all rules in one pass; then
//!
//! 1. words inside harmless phrases (打官司) and negated words (没打) are dropped;
//! 2. each danger rule gives events, and each event gets its time: the nearest mark (刚才, 去年, 如果), else the
//!    question of law the message asks, else the writer's word that it is over, else none;
//! 3. the rule's profile turns the time into a degree, the gravest of a kind counts;
//! 4. concerns follow from their own patterns and from the dangers found.

mod number;
mod pattern;
mod rules;
mod scan;
#[cfg(test)]
mod tests;

use super::text::Text;
use crate::dialogue::nouns::{Concern, Danger, DangerKind, Degree};
use jiff::civil::Date;
use pattern::Patterns;
use rules::{ConcernRule, DangerRule, Rules, When};
use scan::{Hit, Scan, Span, Symbol};
use std::collections::BTreeMap;
use std::sync::LazyLock;

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    // The files are compiled in and a test loads them: a mistake in them cannot reach a running server.
    Rules::load().expect("the embedded rules are valid")
});

/// What a clause break between an event and a mark of time costs, in characters.
const BREAK_COST: u32 = 3;
/// A habit counts only where no other mark of time reaches.
const HABIT_COST: u32 = 1_000;
/// Furthest characters before a word in which 没 still undoes it.
const NEGATION_REACH: u32 = 4;

/// The dangers and concerns of one citizen message. `today` is the day in China on which it was written: it decides
/// what is near and what is past. Dangers come gravest first, at most one of a kind; concerns in their own order.
pub fn flags(text: &Text, today: Date) -> (Vec<Danger>, Vec<Concern>) {
    flags_in(&text.normal, today)
}

/// As [`flags`], for a string that is normalised already (NFKC, simplified characters, lower case).
pub fn flags_in(normal: &str, today: Date) -> (Vec<Danger>, Vec<Concern>) {
    let message = Message::read(&RULES, normal, today);
    let events = message.events();
    let concerns = message.concerns(&events);
    (message.dangers(&events), concerns)
}

/// Something that happened or may happen, with its time.
struct Event {
    kind: DangerKind,
    when: When,
    degree: Degree,
}

/// A message with what was found in it before any rule is asked.
struct Message<'r> {
    rules: &'r Rules,
    scan: Scan,
    marks: Vec<(When, Span, u32, u32)>,
    undone: Vec<Span>,
    offender: Vec<Span>,
    law: bool,
    safe: Vec<Span>,
    no_event: bool,
    told: bool,
}

impl<'r> Message<'r> {
    fn read(rules: &'r Rules, normal: &str, today: Date) -> Message<'r> {
        let (text, mut scan) = Scan::new(normal, today);
        rules.vocabulary.find(&text, &mut scan);
        drop_neutral(rules, &mut scan);
        drop_negated(rules, &mut scan);
        let find = |patterns: &Patterns| rules.vocabulary.all(patterns, &scan);
        let mut marks = Vec::new();
        for mark in &rules.marks {
            for span in find(&mark.patterns) {
                marks.push((mark.when, span, mark.before, mark.after));
            }
        }
        Message {
            marks,
            undone: find(&rules.undone),
            offender: find(&rules.offender),
            law: rules.vocabulary.any(&rules.law, &scan),
            safe: find(&rules.safe),
            no_event: rules.vocabulary.any(&rules.no_event, &scan),
            told: rules.vocabulary.any(&rules.told, &scan),
            rules,
            scan,
        }
    }

    fn any(&self, patterns: &Patterns) -> bool {
        self.rules.vocabulary.any(patterns, &self.scan)
    }

    fn events(&self) -> Vec<Event> {
        if self.no_event {
            return Vec::new();
        }
        let mut events = Vec::new();
        for rule in &self.rules.dangers {
            let mut spans = self.rules.vocabulary.all(&rule.patterns, &self.scan);
            spans.retain(|&span| self.happened(rule, span));
            if spans.is_empty()
                || (!rule.with.is_empty() && !self.any(&rule.with))
                || self.any(&rule.unless)
            {
                continue;
            }
            for span in spans {
                let when = self.when(span);
                if self.told && !matches!(when, When::Now | When::Present) {
                    continue;
                }
                let known = rule.profile.get(&when).or(rule.profile.get(&When::Bare));
                if let Some(&Some(degree)) = known {
                    let kind = rule.kind;
                    events.push(Event { kind, when, degree });
                }
            }
        }
        events
    }

    fn happened(&self, rule: &DangerRule, span: Span) -> bool {
        !self.undone.iter().any(|u| u.contains(span))
            && (rule.by_writer || !self.offender.iter().any(|o| overlap(*o, span)))
    }

    /// The time of an event: the nearest mark that reaches it, else what the whole message says.
    fn when(&self, event: Span) -> When {
        let mut best: Option<(u32, When)> = None;
        for &(when, mark, before, after) in &self.marks {
            let (gap, reach) = if mark.end <= event.start {
                let breaks = self.scan.breaks_between(mark.end, event.start);
                (event.start - mark.end + breaks * BREAK_COST, before)
            } else if mark.start >= event.end {
                let breaks = self.scan.breaks_between(event.end, mark.start);
                (mark.start - event.end + breaks * BREAK_COST, after)
            } else {
                (0, u32::MAX)
            };
            if gap > reach {
                continue;
            }
            // A supposition covers whatever follows it; a habit says less than any other mark.
            let gap = match when {
                When::Hypothetical => 0,
                When::Habit => gap + HABIT_COST,
                _ => gap,
            };
            let rank = (gap, when);
            let better = best.is_none_or(|(g, w)| (gap, prefer(when)) < (g, prefer(w)));
            if better {
                best = Some(rank);
            }
        }
        match best {
            Some((_, when @ (When::Past | When::Hypothetical))) => when,
            Some((_, when)) if self.safe.is_empty() => when,
            None if self.safe.is_empty() && self.law => When::Law,
            None if self.safe.is_empty() => When::Bare,
            _ => When::Safe,
        }
    }

    /// The gravest degree of each kind, gravest first, without the kinds another one outranks.
    fn dangers(&self, events: &[Event]) -> Vec<Danger> {
        let mut found: Vec<Danger> = Vec::new();
        for event in events {
            match found.iter_mut().find(|d| d.kind == event.kind) {
                Some(danger) => danger.degree = danger.degree.max(event.degree),
                None => found.push(Danger {
                    kind: event.kind,
                    degree: event.degree,
                }),
            }
        }
        let all = found.clone();
        let names = |map: &BTreeMap<DangerKind, Vec<DangerKind>>, o: &Danger, d: &Danger| {
            map.get(&o.kind)
                .is_some_and(|kinds| kinds.contains(&d.kind))
        };
        found.retain(|d| {
            !all.iter().any(|o| {
                o.degree >= d.degree
                    && (names(&self.rules.outranks, o, d)
                        || d.degree < Degree::Immediate
                            && names(&self.rules.outranks_below_immediate, o, d))
            })
        });
        found.sort_by_key(|d| (std::cmp::Reverse(d.degree), d.kind));
        found
    }

    fn concerns(&self, events: &[Event]) -> Vec<Concern> {
        let mut found = Vec::new();
        if self.no_event {
            return found;
        }
        for rule in &self.rules.concerns {
            if self.raised(rule, events) {
                found.push(rule.concern);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn raised(&self, rule: &ConcernRule, events: &[Event]) -> bool {
        let beside = rule.danger.is_empty()
            || events.iter().any(|e| {
                rule.danger.contains(&e.kind)
                    && e.degree >= rule.at_least
                    && !rule.not_when.contains(&e.when)
            });
        beside
            && (!rule.by_writer || self.meant(rule, &self.offender))
            && (rule.with.is_empty() || self.any(&rule.with))
            && (rule.patterns.is_empty()
                || self.meant(rule, &self.rules.vocabulary.all(&rule.patterns, &self.scan)))
            && !self.any(&rule.unless)
    }

    fn meant(&self, rule: &ConcernRule, spans: &[Span]) -> bool {
        !self.told
            && spans.iter().any(|&span| {
                let when = self.when(span);
                !self.undone.iter().any(|u| u.contains(span))
                    && (rule.supposed || when != When::Hypothetical)
                    && (!rule.danger.is_empty() || !rule.not_when.contains(&when))
            })
    }
}

/// Among equally near marks the one that says more wins.
fn prefer(when: When) -> u8 {
    match when {
        When::Hypothetical => 0,
        When::Past => 1,
        When::Now => 2,
        When::Present => 3,
        When::Soon => 4,
        When::Today => 5,
        When::Recent => 6,
        When::Habit | When::Law | When::Safe | When::Bare => 7,
    }
}

fn overlap(a: Span, b: Span) -> bool {
    a.start < b.end && b.start < a.end
}

/// Drops what lies inside a harmless phrase and is not the whole of it, and what runs into it (被打 before 打电话, 烧了 after 发烧).
fn drop_neutral(rules: &Rules, scan: &mut Scan) {
    let neutral = rules.vocabulary.all(&rules.neutral, scan);
    let harmless = |hit: &Hit, n: Span| {
        let h = hit.span;
        let runs_into = n.start < h.start && h.start < n.end && n.end < h.end;
        (n.contains(h) && n != h)
            || (h.start < n.start && n.start < h.end && h.end < n.end && h.len() <= n.len())
            || (runs_into && h.len() <= n.len() && !rules.kept_after_neutral.contains(&hit.symbol))
    };
    if !neutral.is_empty() {
        scan.retain(|h| !neutral.iter().any(|n| harmless(h, *n)));
    }
}

/// Drops the words that 没, 未, 不 undo, and whatever else begins with them. 有没有 asks and undoes nothing.
fn drop_negated(rules: &Rules, scan: &mut Scan) {
    let undone = |h: &Hit| {
        let is_in = |lists: &[Symbol]| lists.contains(&h.symbol);
        (is_in(&rules.negated_by_never) && never(&scan.chars, h.span.start))
            || (is_in(&rules.negated_by_not) && not(&scan.chars, h.span.start))
    };
    let starts: Vec<u32> = scan
        .hits
        .iter()
        .filter(|h| undone(h))
        .map(|h| h.span.start)
        .collect();
    if !starts.is_empty() {
        scan.retain(|h| !starts.contains(&h.span.start));
    }
}

fn never(chars: &[char], start: u32) -> bool {
    const BETWEEN: &str = "有再被对我她他过真怎么人向给跟和来曾在";
    let from = start.saturating_sub(NEGATION_REACH) as usize;
    for i in (from..start as usize).rev() {
        match chars[i] {
            '没' | '未' => return i == 0 || chars[i - 1] != '有',
            c if BETWEEN.contains(c) => {}
            _ => return false,
        }
    }
    false
}

fn not(chars: &[char], start: u32) -> bool {
    start > 0 && matches!(chars[start as usize - 1], '不' | '别' | '勿')
        || start > 1
            && matches!(
                chars[start as usize - 2..start as usize],
                ['不', '再' | '会']
            )
}
