//! `/desk/ws`: a consultant's socket. It follows the queue and the conversations it has opened.

use super::App;
use super::desk_frames;
use super::frames;
use super::outgoing::{self, Outgoing};
use super::sign_in::{note, signed_in};
use super::socket::upgrade;
use crate::dialogue::desk::matter::Target;
use crate::dialogue::nouns::{Author, Event, Message, Owner, Seq, What};
use crate::dialogue::roles::{Act, may};
use crate::hub::{Push, Pushed, QUEUE_MAX, SocketId, Subscription};
use crate::people::audit::Action;
use crate::people::staff::Account;
use crate::wire::{
    CloseCode, DESK_PROTOCOL, DeskClientFrame, DeskServerFrame, ErrorCode, ErrorFrame,
    PAGE_MESSAGES_MAX, TicketCounts, TransferNote,
};
use axum::extract::State;
use axum::extract::ws::{Message as Frame, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// Conversations one desk socket may follow at once.
const FOLLOWED_MAX: usize = 32;
/// Messages shown when a conversation is opened.
const OPEN_MESSAGES: usize = 50;
/// Changes of the queue within this time are sent as one.
const QUEUE_PAUSE: Duration = Duration::from_millis(100);

/// A desk is pinged this often: a closed laptop otherwise looks like a consultant on duty.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Heartbeats in a row that may stay without any frame.
const SILENT_MAX: u32 = 2;
/// Between looks at tickets that became due.
const TICKETS_EVERY: Duration = Duration::from_secs(30);

/// Names of the frames the desk may send.
const DESK_TYPES: &[&str] = &[
    "open",
    "take",
    "reply",
    "hand_back",
    "close",
    "decline",
    "transfer",
    "colleagues",
    "typing",
    "more",
];

pub async fn desk(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    ws: WebSocketUpgrade,
) -> Response {
    if !super::origin::allowed(&headers, &[]) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Some(account) = signed_in(&app, &headers) else {
        return (StatusCode::UNAUTHORIZED, "请先登录").into_response();
    };
    if !may(account.role, Act::Serve) {
        return (StatusCode::FORBIDDEN, "这个角色不接待咨询").into_response();
    }
    let Ok(permit) = Arc::clone(&app.sockets).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "连接已满，请稍后再试").into_response();
    };
    upgrade(ws, DESK_PROTOCOL).on_upgrade(move |socket| async move {
        app.metrics.sockets.inc();
        let now_ms = crate::clock::now_ms();
        let (staff, profile) = (&account.staff, &account.profile);
        let board = &app.engine.board;
        board.socket_opened(staff, account.role, profile, now_ms);
        run(Desk::new(Arc::clone(&app), account.clone()), socket).await;
        let now_ms = crate::clock::now_ms();
        board.socket_closed(staff, now_ms);
        app.metrics.sockets.dec();
        drop(permit);
    })
}

/// A conversation this socket follows.
struct Followed {
    /// Highest seq written.
    sent: Seq,
    _subscription: Subscription,
}

struct Desk {
    app: Arc<App>,
    account: Account,
    socket: SocketId,
    queue: mpsc::Sender<Box<Pushed>>,
    overrun: Arc<Notify>,
    followed: HashMap<String, Followed>,
    /// The queue as it was sent last.
    shown: Option<DeskServerFrame>,
    /// As told last.
    tickets: Option<TicketCounts>,
}

impl Desk {
    fn new(app: Arc<App>, account: Account) -> (Desk, mpsc::Receiver<Box<Pushed>>) {
        let (queue, pushed) = mpsc::channel(QUEUE_MAX);
        let socket = app.engine.hub.socket_id();
        let desk = Desk {
            app,
            account,
            socket,
            queue,
            overrun: Arc::default(),
            followed: HashMap::new(),
            shown: None,
            tickets: None,
        };
        (desk, pushed)
    }

    fn author(&self) -> Author {
        Author::Consultant {
            staff: self.account.staff.clone(),
            name: self.account.name.clone(),
            role: self.account.role,
        }
    }

    /// Handles one frame. Consultants act one step at a time, so frames are handled as they come.
    async fn accept(&mut self, text: &str, out: &mut Outgoing) -> Result<(), outgoing::Ended> {
        let frame = match frames::parse(text, DESK_TYPES) {
            Ok(frame) => frame,
            Err(error) => return out.feed(&DeskServerFrame::Error(*error)).await,
        };
        // The client itself asks for more now and then, to prove its connection: no sign of a person.
        if !matches!(frame, DeskClientFrame::More { .. }) {
            self.app.engine.board.stirred(&self.account.staff);
        }
        match frame {
            DeskClientFrame::Open {
                conversation,
                after,
            } => self.open(conversation, after, out).await,
            DeskClientFrame::Take { id, conversation } => {
                let board = &self.app.engine.board;
                if board.must_not_take(&self.account.staff, &conversation) {
                    return self.refuse(ErrorCode::NotAllowed, Some(id), out).await;
                }
                self.act(id, conversation, What::Take, Action::Taken, out)
                    .await
            }
            DeskClientFrame::Decline {
                id,
                conversation,
                conflict,
            } => {
                let what = What::Decline { conflict };
                self.act(id, conversation, what, Action::Declined, out)
                    .await
            }
            DeskClientFrame::Transfer {
                id,
                conversation,
                to,
                note,
            } => {
                if let Target::Staff { staff } = &to
                    && !self.app.engine.board.is_live(staff)
                {
                    return self.refuse(ErrorCode::NobodyThere, Some(id), out).await;
                }
                let what = What::Transfer { to, note };
                self.act(id, conversation, what, Action::Transferred, out)
                    .await
            }
            DeskClientFrame::Colleagues => {
                let frame = desk_frames::colleagues(&self.app, &self.account);
                out.feed(&frame).await
            }
            DeskClientFrame::Reply {
                id,
                conversation,
                text,
            } => self
                .event(id, &conversation, What::Reply { text }, out)
                .await
                .map(drop),
            DeskClientFrame::HandBack { id, conversation } => {
                self.act(id, conversation, What::HandBack, Action::HandedBack, out)
                    .await
            }
            DeskClientFrame::Close {
                id,
                conversation,
                reason,
                topic,
            } => {
                let what = What::Close { reason, topic };
                self.act(id, conversation, what, Action::Closed, out).await
            }
            DeskClientFrame::Typing { conversation } => {
                if self.may_read(&conversation) {
                    let push = Push::Typing { by_citizen: false };
                    self.app
                        .engine
                        .hub
                        .push(&conversation, Some(self.socket), push);
                }
                Ok(())
            }
            DeskClientFrame::More {
                conversation,
                before,
                limit,
            } => self.page(conversation, before, limit as usize, out).await,
        }
    }

    /// Only one's own, or what waits and one may take: a confession only for a lawyer, and nobody against his own client.
    fn may_read(&self, conversation: &str) -> bool {
        let board = &self.app.engine.board;
        board.may_read(&self.account.staff, conversation)
    }

    async fn open(
        &mut self,
        conversation: String,
        after: Option<Seq>,
        out: &mut Outgoing,
    ) -> Result<(), outgoing::Ended> {
        if !self.may_read(&conversation) {
            return self.refuse(ErrorCode::NotAllowed, None, out).await;
        }
        if self.followed.len() >= FOLLOWED_MAX && !self.followed.contains_key(&conversation) {
            return self.refuse(ErrorCode::Busy, None, out).await;
        }
        let engine = Arc::clone(&self.app.engine);
        let subscription = engine.hub.subscribe(
            &conversation,
            self.socket,
            self.queue.clone(),
            Arc::clone(&self.overrun),
        );
        let (seq, owner) = match engine.status(&conversation).await {
            Ok(status) => status,
            Err(error) => {
                let error = outgoing::error_frame(error, None);
                return out.feed(&DeskServerFrame::Error(error)).await;
            }
        };
        let page = match after {
            Some(after) => all_after(&self.app, &conversation, after).await,
            None => {
                engine
                    .messages_before(&conversation, seq + 1, OPEN_MESSAGES)
                    .await
            }
        };
        let (messages, more) = match page {
            Ok(page) => page,
            Err(error) => {
                let error = outgoing::error_frame(error, None);
                return out.feed(&DeskServerFrame::Error(error)).await;
            }
        };
        let transfer_note = match engine.note(&conversation).await {
            Ok(note) => note.map(|(by, text)| TransferNote { by, text }),
            Err(error) => {
                let error = outgoing::error_frame(error, None);
                return out.feed(&DeskServerFrame::Error(error)).await;
            }
        };
        let now_ms = crate::clock::now_ms();
        let staff = &self.account.staff;
        note(&self.app, staff, Action::Opened, &conversation, now_ms).await;
        let sent = messages.last().map_or(seq, |m| m.seq.max(seq));
        let followed = Followed {
            sent,
            _subscription: subscription,
        };
        self.followed.insert(conversation.clone(), followed);
        let delivery = self.app.channels.delivery(&conversation);
        out.feed(&DeskServerFrame::Conversation {
            conversation,
            owner,
            messages,
            more,
            note: transfer_note,
        })
        .await?;
        match delivery {
            Some(delivery) => out.feed(&DeskServerFrame::Delivery(delivery)).await,
            None => Ok(()),
        }
    }

    async fn page(
        &self,
        conversation: String,
        before: Seq,
        limit: usize,
        out: &mut Outgoing,
    ) -> Result<(), outgoing::Ended> {
        if !self.may_read(&conversation) {
            return self.refuse(ErrorCode::NotAllowed, None, out).await;
        }
        let limit = limit.clamp(1, PAGE_MESSAGES_MAX as usize);
        let engine = &self.app.engine;
        let status = engine.status(&conversation).await;
        let page = engine.messages_before(&conversation, before, limit).await;
        let frame = match (status, page) {
            (Ok((_, owner)), Ok((messages, more))) => DeskServerFrame::Conversation {
                conversation,
                owner,
                messages,
                more,
                note: None,
            },
            (Err(error), _) | (_, Err(error)) => {
                DeskServerFrame::Error(outgoing::error_frame(error, None))
            }
        };
        out.feed(&frame).await
    }

    /// An event that the audit records as well.
    async fn act(
        &mut self,
        id: String,
        conversation: String,
        what: What,
        action: Action,
        out: &mut Outgoing,
    ) -> Result<(), outgoing::Ended> {
        let leaving = !matches!(what, What::Take);
        if self.event(id, &conversation, what, out).await? {
            let now_ms = crate::clock::now_ms();
            let staff = &self.account.staff;
            note(&self.app, staff, action, &conversation, now_ms).await;
            if leaving {
                self.followed.remove(&conversation);
            }
        }
        Ok(())
    }

    /// True when the event was accepted.
    async fn event(
        &self,
        id: String,
        conversation: &str,
        what: What,
        out: &mut Outgoing,
    ) -> Result<bool, outgoing::Ended> {
        if let Err(code) = frames::check_event(&id, &what) {
            self.refuse(code, Some(id), out).await?;
            return Ok(false);
        }
        let event = Event {
            id: id.clone(),
            by: self.author(),
            what,
        };
        let now_ms = crate::clock::now_ms();
        let handled = self
            .app
            .engine
            .handle(conversation, event, None, now_ms)
            .await;
        match handled {
            Ok(handled) => {
                out.feed(&DeskServerFrame::Ack {
                    id,
                    conversation: conversation.to_owned(),
                    seq: handled.seq,
                })
                .await?;
                out.feed(&DeskServerFrame::State {
                    conversation: conversation.to_owned(),
                    owner: handled.owner,
                })
                .await?;
                Ok(true)
            }
            Err(error) => {
                let error = outgoing::error_frame(error, Some(id));
                out.feed(&DeskServerFrame::Error(error)).await?;
                Ok(false)
            }
        }
    }

    async fn refuse(
        &self,
        code: ErrorCode,
        id: Option<String>,
        out: &mut Outgoing,
    ) -> Result<(), outgoing::Ended> {
        let error = ErrorFrame::new(code, id);
        out.feed(&DeskServerFrame::Error(error)).await
    }

    /// Sends the queue as this desk sees it, if that changed.
    async fn send_queue(&mut self, out: &mut Outgoing) -> Result<(), outgoing::Ended> {
        let now_ms = crate::clock::now_ms();
        let frame = desk_frames::queue(&self.app, &self.account, now_ms);
        if self.shown.as_ref() == Some(&frame) {
            return Ok(());
        }
        out.feed(&frame).await?;
        self.shown = Some(frame);
        Ok(())
    }

    /// Tells how many tickets wait, unless that was told already: they come, and with time they become due.
    async fn send_tickets(&mut self, out: &mut Outgoing) -> Result<(), outgoing::Ended> {
        let lawyer = may(self.account.role, Act::HearConfession);
        let now_ms = crate::clock::now_ms();
        let counts = self.app.engine.tickets.counts(lawyer, now_ms);
        if self.tickets.replace(counts) == Some(counts) {
            return Ok(());
        }
        out.feed(&DeskServerFrame::Tickets(counts)).await
    }

    async fn pushed(
        &mut self,
        pushed: Box<Pushed>,
        out: &mut Outgoing,
    ) -> Result<(), outgoing::Ended> {
        let conversation = pushed.conversation.to_string();
        match pushed.push {
            Push::Turn(turn) => {
                let Some(followed) = self.followed.get_mut(&conversation) else {
                    return Ok(());
                };
                let first = turn.messages.first().map(|m| m.seq);
                let missed = first.is_some_and(|seq| seq > followed.sent + 1);
                let messages = if missed {
                    let all = all_after(&self.app, &conversation, followed.sent).await;
                    all.map_err(|_| outgoing::Ended)?.0
                } else {
                    turn.messages.clone()
                };
                let sent = followed.sent;
                for message in messages.into_iter().filter(|m| m.seq > sent) {
                    followed.sent = message.seq;
                    let conversation = conversation.clone();
                    out.feed(&DeskServerFrame::Message {
                        conversation,
                        message,
                    })
                    .await?;
                }
                self.changed(&conversation, turn.owner.clone(), turn.urgent, out)
                    .await
            }
            Push::Typing { by_citizen: true } => {
                out.feed(&DeskServerFrame::Typing { conversation }).await
            }
            Push::Delivery(delivery) => {
                if !self.followed.contains_key(&conversation) {
                    return Ok(());
                }
                out.feed(&DeskServerFrame::Delivery((*delivery).clone()))
                    .await
            }
            Push::Typing { .. } | Push::Standing(_) | Push::Frame(_) | Push::Close { .. } => Ok(()),
        }
    }

    async fn changed(
        &mut self,
        conversation: &str,
        owner: Option<Owner>,
        urgent: bool,
        out: &mut Outgoing,
    ) -> Result<(), outgoing::Ended> {
        let conversation = conversation.to_owned();
        if urgent {
            out.feed(&DeskServerFrame::Urgent {
                conversation: conversation.clone(),
            })
            .await?;
        }
        let Some(owner) = owner else {
            return Ok(());
        };
        let theirs =
            matches!(&owner, Owner::Consultant { staff, .. } if *staff != self.account.staff);
        if theirs || matches!(owner, Owner::Bot | Owner::Closed { .. }) {
            // It is nobody's here any more: its further messages are not for this desk.
            self.followed.remove(&conversation);
        }
        out.feed(&DeskServerFrame::State {
            conversation,
            owner,
        })
        .await
    }
}

/// Reads, writes and follows the queue until the socket ends.
async fn run((mut desk, mut pushed): (Desk, mpsc::Receiver<Box<Pushed>>), socket: WebSocket) {
    let (sink, mut stream) = socket.split();
    let mut out = Outgoing::new(sink);
    let mut stop = desk.app.stop.subscribe();
    let mut board = desk.app.engine.board.watch();
    let overrun = Arc::clone(&desk.overrun);
    let welcome = DeskServerFrame::Welcome {
        staff: desk.account.staff.clone(),
        name: desk.account.name.clone(),
        role: desk.account.role,
    };
    let _ = out.feed(&welcome).await;
    // Before the queue is read: what changes from here on is news.
    board.mark_unchanged();
    let _ = desk.send_queue(&mut out).await;
    let _ = desk.send_tickets(&mut out).await;
    let mut tickets = desk.app.engine.tickets.watch();
    let mut tick = tokio::time::interval(TICKETS_EVERY);
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    let mut silent = 0;
    loop {
        if out.flush().await.is_err() {
            return;
        }
        let done = tokio::select! {
            frame = stream.next() => match frame {
                Some(Ok(Frame::Text(text))) => {
                    silent = 0;
                    desk.accept(text.as_str(), &mut out).await
                }
                Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => {
                    silent = 0;
                    Ok(())
                }
                Some(Ok(Frame::Binary(_))) => {
                    return out.close(outgoing::UNSUPPORTED, "text frames only").await;
                }
                Some(Err(error)) => {
                    if let Some((code, reason)) = outgoing::close_for(&error) {
                        out.close(code, reason).await;
                    }
                    return;
                }
                None | Some(Ok(Frame::Close(_))) => return,
            },
            _ = heartbeat.tick() => {
                silent += 1;
                if silent > SILENT_MAX {
                    return;
                }
                out.ping().await
            }
            Some(item) = pushed.recv() => desk.pushed(item, &mut out).await,
            Ok(()) = board.changed() => {
                tokio::time::sleep(QUEUE_PAUSE).await;
                board.mark_unchanged();
                desk.send_queue(&mut out).await
            }
            Ok(()) = tickets.changed() => {
                tickets.mark_unchanged();
                desk.send_tickets(&mut out).await
            }
            _ = tick.tick() => desk.send_tickets(&mut out).await,
            () = overrun.notified() => {
                let close = CloseCode::Resync;
                return out.close(close.number(), close.reason()).await;
            }
            () = super::stopped(&mut stop) => {
                return out.close(outgoing::GOING_AWAY, "shutdown").await;
            }
        };
        if done.is_err() {
            return;
        }
    }
}

async fn all_after(
    app: &App,
    conversation: &str,
    after: Seq,
) -> Result<(Vec<Message>, bool), crate::engine::HandleError> {
    let mut all = Vec::new();
    let mut at = after;
    loop {
        let mut some = app.engine.messages_after(conversation, at).await?;
        let Some(last) = some.last() else {
            return Ok((all, after > 0));
        };
        at = last.seq;
        all.append(&mut some);
    }
}
