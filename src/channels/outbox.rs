//! What the desk is shown of deliveries, and the dead letters.

use super::account::{Account, Dead, LEFT, Left};
use super::{Channels, Entry, slots};
use crate::hub::Push;
use crate::store::{LogId, StoreError};
use crate::wire::{DeadLetter, Delivery, DeliveryState};
use std::sync::{Arc, PoisonError};

/// Accounts looked at for dead letters in one listing.
const PAGE_ACCOUNTS: usize = 256;
/// Dead letters in one answer.
pub const LETTERS_MAX: usize = 500;

/// What became of a request to send again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resent {
    Queued,
    /// No such dead letter.
    NotFound,
}

impl Channels {
    /// The delivery of a conversation that came over a channel and is open.
    pub fn delivery(&self, conversation: &str) -> Option<Delivery> {
        let deliveries = self
            .deliveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        deliveries.get(conversation).cloned()
    }

    /// Tells the desk how far the platform has taken a conversation.
    pub(super) fn publish(&self, entry: &Entry, account: &Account) {
        let Some(conversation) = account.conversation.clone() else {
            return;
        };
        let now_ms = crate::clock::now_ms();
        let dead = account
            .dead
            .last()
            .filter(|d| d.conversation == conversation);
        let (state, code) = match (&account.held, &account.sending, dead) {
            (Some(code), _, _) if code == LEFT => (DeliveryState::Left, Some(code.clone())),
            (Some(code), Some(s), _) if s.tries > 0 => {
                (DeliveryState::Retrying, Some(code.clone()))
            }
            (Some(code), _, _) => (DeliveryState::Held, Some(code.clone())),
            (None, Some(_), _) => (DeliveryState::Sending, None),
            (None, None, Some(dead)) => (DeliveryState::Failed, Some(dead.code.clone())),
            (None, None, None) => (DeliveryState::Delivered, None),
        };
        let left = match account.left(&entry.channel.limits(), now_ms) {
            Left::Unlimited => None,
            Left::Some(left) => Some(left),
        };
        let delivery = Delivery {
            conversation: conversation.clone(),
            channel: entry.name.clone(),
            label: entry.kind.label().to_owned(),
            through: account.cursor,
            state,
            code,
            left,
        };
        let mut deliveries = self
            .deliveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let before = if account.open {
            deliveries.insert(conversation.clone(), delivery.clone())
        } else {
            deliveries.remove(&conversation)
        };
        drop(deliveries);
        if before.as_ref() != Some(&delivery) {
            self.engine
                .hub
                .push(&conversation, None, Push::Delivery(Arc::new(delivery)));
        }
    }

    /// Every dead letter, oldest accounts first, at most [`LETTERS_MAX`].
    pub async fn dead_letters(&self) -> Result<Vec<DeadLetter>, StoreError> {
        let store = self.engine.store();
        let mut letters = Vec::new();
        let mut after: Option<LogId> = None;
        loop {
            let logs = store
                .logs(slots::PREFIX, after.as_ref(), PAGE_ACCOUNTS)
                .await?;
            let Some(last) = logs.last().cloned() else {
                return Ok(letters);
            };
            for log in logs {
                let Some(name) = slots::name_of_log(&log) else {
                    continue;
                };
                let slot = self.slots.get(name);
                let (_, account) = slots::change(&**store, &slot, name, None, |_| ()).await?;
                letters.extend(account.dead.iter().map(|dead| letter(name, &account, dead)));
                if letters.len() >= LETTERS_MAX {
                    letters.truncate(LETTERS_MAX);
                    return Ok(letters);
                }
            }
            after = Some(last);
        }
    }

    /// Takes a dead letter (its [`DeadLetter::id`]) back into the outbox.
    pub async fn resend(self: &Arc<Self>, id: &str) -> Result<Resent, StoreError> {
        let Some((name, conversation, after)) = parse_id(id) else {
            return Ok(Resent::NotFound);
        };
        let channel = name.split('/').next().unwrap_or_default();
        let Some(entry) = self.entries.get(channel) else {
            return Ok(Resent::NotFound);
        };
        let slot = self.slots.get(&name);
        let store = self.engine.store();
        let revived = slots::change(&**store, &slot, &name, None, |a| {
            a.revive(conversation, after)
        })
        .await;
        match revived {
            Ok((true, _)) => {
                self.kick(entry, &name, &slot);
                Ok(Resent::Queued)
            }
            Ok((false, _)) | Err(StoreError::Gone | StoreError::Damaged(_)) => Ok(Resent::NotFound),
            Err(error) => Err(error),
        }
    }
}

fn letter(name: &str, account: &Account, dead: &Dead) -> DeadLetter {
    DeadLetter {
        id: format!(
            "{}.{}.{}",
            name.replace('/', "."),
            dead.conversation,
            dead.after
        ),
        channel: account.channel.clone(),
        conversation: dead.conversation.clone(),
        after: dead.after,
        through: dead.through,
        at_ms: dead.at_ms,
        code: dead.code.clone(),
    }
}

/// The account's name, the conversation and the seq of an id.
fn parse_id(id: &str) -> Option<(String, &str, u64)> {
    let mut parts = id.split('.');
    let (channel, digest) = (parts.next()?, parts.next()?);
    let (conversation, after) = (parts.next()?, parts.next()?.parse().ok()?);
    parts
        .next()
        .is_none()
        .then(|| (format!("{channel}/{digest}"), conversation, after))
}
