//! Local sockets and their bounded queues.
//!
//! The hub only ever carries what is committed, or what may be lost (typing, urgency). A full queue closes its
//! socket with `resync`: the client comes back with its last seq and reads the log, so nothing is lost.

use crate::dialogue::nouns::{Message, Owner, Seq};
use crate::wire::QueueInfo;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::mpsc;

/// Pushes a socket may be behind before it is closed with `resync`.
pub const QUEUE_MAX: usize = 64;
/// Locks among which the conversations are spread.
const SHARDS: usize = 64;

/// Names one socket of this process.
pub type SocketId = u64;

/// A committed turn on its way to the sockets of its conversation.
#[derive(Debug)]
pub struct Delivery {
    pub messages: Vec<Message>,
    /// Set when the turn changed the owner.
    pub owner: Option<Owner>,
    /// Danger was named: the desk shows a banner.
    pub urgent: bool,
    /// The socket whose event made the turn, with its client id: its ack goes out before the messages.
    pub ack: Option<Ack>,
}

/// An event that is durable now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    pub socket: SocketId,
    pub id: String,
    pub seq: Seq,
}

/// What a socket finds in its queue, boxed: a queue's room is taken when it is made, and most wait empty.
#[derive(Debug)]
pub struct Pushed {
    pub conversation: Arc<str>,
    pub push: Push,
}

#[derive(Debug, Clone)]
pub enum Push {
    Turn(Arc<Delivery>),
    Typing {
        by_citizen: bool,
    },
    /// The place in the queue changed.
    Standing(QueueInfo),
    /// A messaging platform has taken messages, or has not; for the desk.
    Delivery(Arc<crate::wire::Delivery>),
    /// A frame of the socket's own edge, serialised.
    Frame(String),
    /// The socket is to be closed.
    Close {
        code: u16,
        reason: &'static str,
    },
}

/// A socket's end of its queue. Dropping it unsubscribes.
#[derive(Debug)]
pub struct Subscription {
    hub: Arc<Hub>,
    conversation: Arc<str>,
    socket: SocketId,
}

struct Subscriber {
    socket: SocketId,
    conversation: Arc<str>,
    queue: mpsc::Sender<Box<Pushed>>,
    /// Told when the queue was full.
    overrun: Arc<tokio::sync::Notify>,
}

#[derive(Default)]
struct Shard {
    sockets: HashMap<String, Vec<Subscriber>>,
}

/// All sockets of this process by conversation.
pub struct Hub {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    next_socket: AtomicU64,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

impl Default for Hub {
    fn default() -> Self {
        Hub {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            next_socket: AtomicU64::new(1),
        }
    }
}

impl Hub {
    /// A fresh socket id.
    pub fn socket_id(&self) -> SocketId {
        self.next_socket.fetch_add(1, Ordering::Relaxed)
    }

    fn shard(&self, conversation: &str) -> MutexGuard<'_, Shard> {
        let index =
            usize::try_from(self.hasher.hash_one(conversation) % SHARDS as u64).unwrap_or(0);
        // A poisoned lock only means that another thread panicked between two map operations: the map is whole.
        self.shards[index]
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Starts following a conversation. `overrun` is notified when the queue was full and the socket must close.
    pub fn subscribe(
        self: &Arc<Self>,
        conversation: &str,
        socket: SocketId,
        queue: mpsc::Sender<Box<Pushed>>,
        overrun: Arc<tokio::sync::Notify>,
    ) -> Subscription {
        let name: Arc<str> = Arc::from(conversation);
        let subscriber = Subscriber {
            socket,
            conversation: Arc::clone(&name),
            queue,
            overrun,
        };
        self.shard(conversation)
            .sockets
            .entry(conversation.to_owned())
            .or_default()
            .push(subscriber);
        Subscription {
            hub: Arc::clone(self),
            conversation: name,
            socket,
        }
    }

    /// Gives a committed turn to every socket of its conversation.
    pub fn deliver(&self, conversation: &str, delivery: Delivery) {
        self.push(conversation, None, Push::Turn(Arc::new(delivery)));
    }

    /// Pushes to every socket of a conversation but `except`.
    pub fn push(&self, conversation: &str, except: Option<SocketId>, push: Push) {
        let mut shard = self.shard(conversation);
        let Some(sockets) = shard.sockets.get_mut(conversation) else {
            return;
        };
        sockets.retain(|s| Some(s.socket) == except || offer(s, push.clone()));
        if sockets.is_empty() {
            shard.sockets.remove(conversation);
        }
    }

    /// Whether any socket follows the conversation here.
    pub fn followed(&self, conversation: &str) -> bool {
        self.shard(conversation).sockets.contains_key(conversation)
    }
}

/// False when the socket is gone or too slow.
fn offer(subscriber: &Subscriber, push: Push) -> bool {
    let pushed = Box::new(Pushed {
        conversation: Arc::clone(&subscriber.conversation),
        push,
    });
    match subscriber.queue.try_send(pushed) {
        Ok(()) => true,
        Err(mpsc::error::TrySendError::Full(_)) => {
            subscriber.overrun.notify_one();
            false
        }
        Err(mpsc::error::TrySendError::Closed(_)) => false,
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut shard = self.hub.shard(&self.conversation);
        if let Some(sockets) = shard.sockets.get_mut(&*self.conversation) {
            sockets.retain(|s| s.socket != self.socket);
            if sockets.is_empty() {
                shard.sockets.remove(&*self.conversation);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(seq: Seq) -> Delivery {
        let message = Message {
            seq,
            at: 0,
            from: crate::dialogue::nouns::From::Bot,
            body: crate::dialogue::nouns::Body::End,
        };
        Delivery {
            messages: vec![message],
            owner: None,
            urgent: false,
            ack: None,
        }
    }

    #[tokio::test]
    async fn every_socket_hears_and_a_slow_one_is_told_to_resync() {
        let hub = Arc::new(Hub::default());
        let (fast_tx, mut fast) = mpsc::channel(QUEUE_MAX);
        let (slow_tx, _slow) = mpsc::channel(1);
        let overrun = Arc::new(tokio::sync::Notify::new());
        let _a = hub.subscribe("c", hub.socket_id(), fast_tx, Arc::default());
        let _b = hub.subscribe("c", hub.socket_id(), slow_tx, Arc::clone(&overrun));
        for seq in 1..=2 {
            hub.deliver("c", delivery(seq));
        }
        overrun.notified().await;
        for seq in 1..=2 {
            let pushed = fast.recv().await.expect("a turn");
            let Push::Turn(turn) = pushed.push else {
                panic!("no turn")
            };
            assert_eq!(turn.messages[0].seq, seq);
        }
    }

    #[tokio::test]
    async fn a_dropped_subscription_leaves_nothing_behind() {
        let hub = Arc::new(Hub::default());
        let (tx, _rx) = mpsc::channel(1);
        let subscription = hub.subscribe("c", 1, tx, Arc::default());
        assert!(hub.followed("c"));
        drop(subscription);
        assert!(!hub.followed("c"));
    }
}
