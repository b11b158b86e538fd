//! A turn in the making: collects messages, effects and the state after it.

use super::bounds::{self, ID_BYTES_MAX};
use super::nouns::{
    Body, Choice, DangerKind, Effect, Event, From, HandoffReason, HandoffState, Message, Millis,
    Owner, Seq, Timer,
};
use super::reading::Reading;
use super::script::{Context, EntryCard, FormSpec};
use super::state::{FORM_SLOTS_MAX, OFFERS_MAX, Offer, Pick, RunningTimer, State};
use super::ticket;

/// Longest label of a numbered choice, in characters.
const LABEL_CHARS_MAX: usize = 40;

pub(super) struct Draft<'a> {
    pub ctx: &'a Context,
    pub event: &'a Event,
    pub reading: &'a Reading,
    pub now_ms: Millis,
    pub state: State,
    pub messages: Vec<Message>,
    pub effects: Vec<Effect>,
    /// The related danger whose safety line this turn still owes.
    pub related: Option<DangerKind>,
}

impl<'a> Draft<'a> {
    pub fn new(
        ctx: &'a Context,
        state: &State,
        event: &'a Event,
        reading: &'a Reading,
        now_ms: Millis,
    ) -> Self {
        Draft {
            ctx,
            event,
            reading,
            now_ms,
            state: state.clone(),
            messages: Vec::with_capacity(3),
            effects: Vec::new(),
            related: None,
        }
    }

    /// See [`State::peril`].
    pub fn peril(&self) -> Option<DangerKind> {
        self.state.peril()
    }

    /// The desk is to look at this conversation again; told once a turn.
    pub fn desk(&mut self, urgent: bool) {
        for effect in &mut self.effects {
            if let Effect::Desk { urgent: told } = effect {
                *told |= urgent;
                return;
            }
        }
        self.effects.push(Effect::Desk { urgent });
    }

    /// The text of the safety line that is owed, to be shown inside an answer.
    pub fn take_safety(&mut self) -> Option<String> {
        let kind = self.related.take()?;
        let key = format!("danger_related.{}", kind.name());
        Some(self.ctx.script.text(&key))
    }

    /// Says the safety line of a related danger, unless this turn has shown it.
    pub fn safety_line(&mut self) {
        if let Some(kind) = self.related.take() {
            self.notice(&format!("danger_related.{}", kind.name()));
        }
    }

    /// Reminds of a danger that is still open when the citizen turns away from waiting.
    pub fn open_danger_line(&mut self) {
        if let Some(kind) = self.peril() {
            self.notice_with(&format!("danger_related.{}", kind.name()), true, Vec::new());
        }
    }

    pub fn say(&mut self, from: From, body: Body) -> Seq {
        self.state.last_seq += 1;
        let seq = self.state.last_seq;
        self.messages.push(Message {
            seq,
            at: self.now_ms,
            from,
            body,
        });
        seq
    }

    /// A fixed text by the bot.
    pub fn notice(&mut self, code: &str) -> Seq {
        self.notice_with(code, false, Vec::new())
    }

    /// A fixed text with numbered choices.
    pub fn notice_with(&mut self, code: &str, urgent: bool, picks: Vec<Pick>) -> Seq {
        let text = self.ctx.script.text(code);
        self.notice_of(code, text, urgent, picks)
    }

    /// A fixed text whose places are filled in already.
    pub fn notice_of(&mut self, code: &str, text: String, urgent: bool, picks: Vec<Pick>) -> Seq {
        let body = Body::Notice {
            code: code.to_owned(),
            text,
            urgent,
            options: self.choices(&picks),
        };
        let seq = self.say(From::Bot, body);
        self.offer(seq, picks);
        seq
    }

    /// A fixed text with its places filled in.
    pub fn notice_places(&mut self, code: &str, places: &[(&str, &str)], picks: Vec<Pick>) -> Seq {
        let body = Body::Notice {
            code: code.to_owned(),
            text: self.ctx.script.text_with(code, places),
            urgent: false,
            options: self.choices(&picks),
        };
        let seq = self.say(From::Bot, body);
        self.offer(seq, picks);
        seq
    }

    /// Remembers what the numbers shown in message `of` stand for.
    pub fn offer(&mut self, of: Seq, picks: Vec<Pick>) {
        if picks.is_empty() {
            return;
        }
        if self.state.offers.len() == OFFERS_MAX {
            self.state.offers.pop_front();
        }
        self.state.offers.push_back(Offer { of, picks });
    }

    /// The numbered choices as shown.
    pub fn choices(&self, picks: &[Pick]) -> Vec<Choice> {
        (1..)
            .zip(picks)
            .map(|(option, pick)| Choice {
                option,
                label: self.label(pick),
            })
            .collect()
    }

    pub fn label(&self, pick: &Pick) -> String {
        let label = match pick {
            Pick::Entry(id) => self.entry(id).map_or(id.as_str(), |e| e.title.as_str()),
            Pick::Form(id) => self
                .ctx
                .script
                .forms
                .get(id)
                .map_or(id.as_str(), |f| f.title.as_str()),
            Pick::Safe(_) => "安全",
            Pick::Unsafe(_) => "不安全",
            Pick::Human => "转人工",
            Pick::NoneOfThese => "都不是",
            Pick::TellMore => "补充情况",
            Pick::Details(_) => "详细说明",
            Pick::Resume => "不等了，继续问机器人",
            Pick::Ticket => "不等了，留言",
            Pick::Contact => "留下联系方式",
            Pick::Export => "要一份我的记录",
            Pick::Erase => "删除我的记录",
            Pick::EraseYes => "确认删除",
            Pick::EraseNo => "不删",
        };
        label.chars().take(LABEL_CHARS_MAX).collect()
    }

    pub fn entry(&self, id: &str) -> Option<&'a EntryCard> {
        let entry = self.ctx.script.entries.get(id)?;
        bounds::fits(id, ID_BYTES_MAX).then_some(entry)
    }

    pub fn form(&self, id: &str) -> Option<&'a FormSpec> {
        let form = self.ctx.script.forms.get(id)?;
        let usable = (1..=FORM_SLOTS_MAX).contains(&form.slots.len());
        (usable && bounds::fits(id, ID_BYTES_MAX)).then_some(form)
    }

    /// What the newest offer's number `option` stands for.
    pub fn picked(&self, option: u32) -> Option<Pick> {
        let index = usize::try_from(option).ok()?.checked_sub(1)?;
        self.state.offers.back()?.picks.get(index).cloned()
    }

    /// Forgets the offers to leave the queue: there is none to leave.
    pub fn drop_resume(&mut self) {
        self.state
            .offers
            .retain(|o| !o.picks.contains(&Pick::Resume));
    }

    /// Puts the conversation into the queue and tells the citizen so; urgent while a danger is open.
    pub fn hand_off(&mut self, reason: HandoffReason) {
        let peril = self.peril();
        self.state.owner = Owner::Queue {
            since_ms: self.now_ms,
            urgent: peril.is_some(),
            reason,
        };
        self.state.form = None;
        self.state.not_understood = 0;
        self.state.noted = false;
        self.tell_waiting(match reason {
            HandoffReason::OwnerLost => "handoff.owner_lost",
            HandoffReason::Transferred => "handoff.transferred",
            _ if peril.is_some() => "handoff.queued_urgent",
            _ => "handoff.queued",
        });
        self.desk(peril.is_some());
    }

    /// Asked for a person again while waiting for one: says so, and where in the queue.
    pub fn still_waiting(&mut self) {
        let key = match self.state.owner {
            Owner::Queue { urgent: true, .. } => "handoff.queued_urgent",
            _ => "handoff.waiting",
        };
        self.tell_waiting(key);
        self.desk(false);
    }

    fn tell_waiting(&mut self, key: &str) {
        let script = &self.ctx.script;
        // Whoever is there although the hours are over is not kept from a danger.
        let hours = script.calendar.open_at(self.now_ms);
        let (state, text, picks) = match (self.ctx.duty.open, self.peril()) {
            (false, Some(kind)) => return self.nobody_online(kind),
            (open, None) if !open || !hours => {
                let reason = match self.state.owner {
                    Owner::Queue { reason, .. } => reason,
                    _ => HandoffReason::Asked,
                };
                let text = ticket::off_duty(self, reason);
                (
                    HandoffState::OffDuty,
                    text,
                    vec![Pick::Resume, Pick::Contact],
                )
            }
            (_, peril) => {
                let position = self.ctx.duty.waiting.saturating_add(1).to_string();
                let text = script.text_with(key, &[("position", &position)]);
                if peril.is_some() {
                    self.schedule_urgent(Timer::UrgentUnaccepted);
                    (HandoffState::Queued, text, vec![Pick::Resume])
                } else {
                    (HandoffState::Queued, text, vec![Pick::Resume, Pick::Ticket])
                }
            }
        };
        let options = self.choices(&picks);
        let body = Body::Handoff {
            state,
            text,
            options,
        };
        let seq = self.say(From::System, body);
        self.offer(seq, picks);
    }

    /// Nobody accepts now: says whom to call, and alerts the on-call list.
    pub fn nobody_online(&mut self, kind: DangerKind) {
        let code = match kind {
            // 110 is wrong for the family of somebody the police hold.
            DangerKind::Detained => "danger.nobody_online.detained",
            _ => "danger.nobody_online",
        };
        self.notice_with(code, true, vec![Pick::Resume]);
        self.effects.push(Effect::AlertOnCall { danger: kind });
    }

    /// Starts the timer of an open danger. One that runs goes on: writing again must not put it off.
    pub fn schedule_urgent(&mut self, timer: Timer) {
        if self.runs(timer) {
            return;
        }
        let after_ms = self.ctx.script.urgent_accept_s.saturating_mul(1000);
        let due_ms = self.now_ms.saturating_add(after_ms);
        self.state.timers.push(RunningTimer { timer, due_ms });
        self.effects.push(Effect::Schedule { timer, due_ms });
    }

    pub fn runs(&self, timer: Timer) -> bool {
        self.state.timers.iter().any(|t| t.timer == timer)
    }

    pub fn cancel(&mut self, timer: Timer) {
        self.state.timers.retain(|t| t.timer != timer);
    }
}
