//! The writing half of a citizen's socket.

use super::App;
use super::outgoing::{self, Outgoing};
use crate::dialogue::nouns::{Owner, Seq};
use crate::hub::{Push, Pushed, SocketId};
use crate::wire::{CloseCode, QueueInfo, ServerFrame};
use std::sync::Arc;
use tokio::sync::{Notify, mpsc};

/// Writes what is pushed, in order of seq; what it missed it reads from the log.
pub struct Writer {
    pub app: Arc<App>,
    pub conversation: String,
    pub socket: SocketId,
    /// Highest seq written.
    pub sent: Seq,
    pub owner: Owner,
}

impl Writer {
    pub async fn run(
        mut self,
        mut out: Outgoing,
        mut pushed: mpsc::Receiver<Box<Pushed>>,
        overrun: Arc<Notify>,
    ) {
        let writing = async {
            Box::pin(self.catch_up(&mut out)).await?;
            if matches!(self.owner, Owner::Queue { .. }) {
                self.state(&mut out, self.standing()).await?;
            }
            out.flush().await?;
            while let Some(first) = pushed.recv().await {
                let mut next = Some(first.push);
                while let Some(push) = next {
                    self.write(&mut out, push).await?;
                    next = pushed.try_recv().ok().map(|p| p.push);
                }
                out.flush().await?;
            }
            Ok::<(), outgoing::Ended>(())
        };
        tokio::select! {
            _ = writing => {}
            () = overrun.notified() => {
                let close = CloseCode::Resync;
                out.close(close.number(), close.reason()).await;
            }
        }
    }

    /// Writes every message of the log above `sent`.
    async fn catch_up(&mut self, out: &mut Outgoing) -> Result<(), outgoing::Ended> {
        loop {
            let messages = self
                .app
                .engine
                .messages_after(&self.conversation, self.sent)
                .await
                .map_err(|_| outgoing::Ended)?;
            let Some(last) = messages.last() else {
                return Ok(());
            };
            self.sent = last.seq;
            for message in messages {
                out.feed(&ServerFrame::Message(message)).await?;
            }
        }
    }

    async fn write(&mut self, out: &mut Outgoing, push: Push) -> Result<(), outgoing::Ended> {
        match push {
            Push::Turn(turn) => {
                if let Some(ack) = turn.ack.as_ref().filter(|a| a.socket == self.socket) {
                    let (id, seq) = (ack.id.clone(), ack.seq);
                    out.feed(&ServerFrame::Ack { id, seq }).await?;
                }
                let first = turn.messages.first().map(|m| m.seq);
                if first.is_some_and(|seq| seq > self.sent + 1) {
                    Box::pin(self.catch_up(out)).await?;
                }
                for message in turn.messages.iter().filter(|m| m.seq > self.sent) {
                    out.feed_message(message).await?;
                }
                let last = turn.messages.last().map_or(0, |m| m.seq);
                self.sent = self.sent.max(last);
                if let Some(owner) = &turn.owner {
                    self.owner = owner.clone();
                    self.state(out, self.standing()).await?;
                }
                Ok(())
            }
            Push::Typing { by_citizen: true } | Push::Delivery(_) => Ok(()),
            Push::Typing { .. } => out.feed(&ServerFrame::Typing).await,
            Push::Standing(standing) => self.state(out, Some(standing)).await,
            Push::Frame(text) => out.feed_text(text).await,
            Push::Close { code, reason } => {
                out.close(code, reason).await;
                Err(outgoing::Ended)
            }
        }
    }

    /// Where the conversation stands in the queue now.
    fn standing(&self) -> Option<QueueInfo> {
        let standpoint = self.app.engine.board.standpoint(&self.conversation)?;
        Some(QueueInfo::of(standpoint))
    }

    async fn state(
        &mut self,
        out: &mut Outgoing,
        standing: Option<QueueInfo>,
    ) -> Result<(), outgoing::Ended> {
        let queued = matches!(self.owner, Owner::Queue { .. });
        let queue = standing.filter(|_| queued);
        let owner = self.owner.clone();
        out.feed(&ServerFrame::State { owner, queue }).await
    }
}
