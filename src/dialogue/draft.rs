//! A turn in the making: collects messages, effects and the state after it.

use super::nouns::{
    Body, Choice, Effect, Event, From, HandoffReason, HandoffState, Message, Millis, Owner, Seq,
    Timer,
};
use super::reading::Reading;
use super::script::{Context, EntryCard};
use super::state::{OFFERS_MAX, Offer, Pick, RunningTimer, State};

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
            Pick::Resume => "不等了，继续问机器人",
        };
        label.chars().take(LABEL_CHARS_MAX).collect()
    }

    pub fn entry(&self, id: &str) -> Option<&'a EntryCard> {
        self.ctx.script.entries.get(id)
    }

    /// Puts the conversation into the queue and tells the citizen so. Waiting already: only raises it.
    pub fn hand_off(&mut self, reason: HandoffReason, urgent: bool) {
        if let Owner::Queue {
            urgent: already, ..
        } = &mut self.state.owner
        {
            *already |= urgent;
            self.effects.push(Effect::Desk { urgent });
            return;
        }
        self.state.owner = Owner::Queue {
            since_ms: self.now_ms,
            urgent,
            reason,
        };
        self.state.form = None;
        self.state.not_understood = 0;
        let duty = self.ctx.duty;
        let (state, text) = if duty.open {
            let position = (duty.waiting + 1).to_string();
            let text = self
                .ctx
                .script
                .text_with("handoff.queued", &[("position", &position)]);
            (HandoffState::Queued, text)
        } else {
            (
                HandoffState::OffDuty,
                self.ctx.script.text("handoff.closed"),
            )
        };
        let picks = vec![Pick::Resume];
        let options = self.choices(&picks);
        let seq = self.say(
            From::System,
            Body::Handoff {
                state,
                text,
                options,
            },
        );
        self.offer(seq, picks);
        self.effects.push(Effect::Desk { urgent });
    }

    /// Starts (or restarts) a timer; at most one of a kind runs.
    pub fn schedule(&mut self, timer: Timer, after_s: i64) {
        let due_ms = self.now_ms + after_s * 1000;
        self.cancel(timer);
        self.state.timers.push(RunningTimer { timer, due_ms });
        self.effects.push(Effect::Schedule { timer, due_ms });
    }

    pub fn cancel(&mut self, timer: Timer) {
        self.state.timers.retain(|t| t.timer != timer);
    }
}
