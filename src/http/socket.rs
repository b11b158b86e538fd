//! `/ws`: one citizen's socket. The reader always serves ping, close and typing; the writer alone writes.

use super::App;
use super::frames;
use super::outgoing::{self, Outgoing};
use super::token::{self, TokenError};
use super::writer::Writer;
use crate::dialogue::nouns::{Author, Event, Owner, Seq, What};
use crate::engine::HandleError;
use crate::hub::{Push, Pushed, QUEUE_MAX, SocketId};
use crate::wire::{
    ClientFrame, CloseCode, ErrorCode, ErrorFrame, FRAME_BYTES_MAX, Identity, Notice,
    PAGE_MESSAGES_MAX, PROTOCOL, ServerFrame, UNACKED_MAX,
};
use axum::extract::ws::{Message as Frame, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use futures_util::stream::SplitStream;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// Read buffer of a socket, in bytes: most frames are far smaller, and ten thousand sockets wait idle.
const READ_BUFFER_BYTES: usize = 2 * 1024;
/// Bytes gathered before they are written out; the buffer is only allocated when used.
const WRITE_BUFFER_BYTES: usize = 4 * 1024;
/// Bytes that may wait to be written.
const WRITE_BUFFER_BYTES_MAX: usize = 256 * 1024;
/// Bad frames in a row that close a socket.
const BAD_FRAMES_MAX: u32 = 20;
/// Erased conversations of one vouched-for user that are stepped over.
const USER_GENERATIONS_MAX: u32 = 64;

/// Names of the frames a citizen's client may send.
pub const CLIENT_TYPES: &[&str] = &[
    "hello", "say", "choose", "rate", "human", "end", "typing", "more",
];

/// Buffer sizes and limits that both kinds of sockets share.
pub fn upgrade(ws: WebSocketUpgrade, protocol: &'static str) -> WebSocketUpgrade {
    ws.protocols([protocol])
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(FRAME_BYTES_MAX)
        .max_frame_size(FRAME_BYTES_MAX)
}

/// The address limits count by.
pub fn client_address(app: &App, headers: &HeaderMap, peer: SocketAddr) -> IpAddr {
    let forwarded = || {
        let list = headers.get("x-forwarded-for")?.to_str().ok()?;
        list.rsplit(',').next()?.trim().parse().ok()
    };
    if app.config.server.trust_proxy {
        forwarded().unwrap_or_else(|| peer.ip())
    } else {
        peer.ip()
    }
}

pub async fn chat(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    ws: WebSocketUpgrade,
) -> Response {
    if !super::origin::allowed(&headers, &app.config.server.allowed_origins) {
        return (StatusCode::FORBIDDEN, "这个网站没有获准使用本服务").into_response();
    }
    let Ok(permit) = Arc::clone(&app.sockets).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "连接已满，请稍后再试").into_response();
    };
    let address = client_address(&app, &headers, peer);
    upgrade(ws, PROTOCOL).on_upgrade(move |socket| async move {
        app.metrics.sockets.inc();
        serve(&app, socket, address).await;
        app.metrics.sockets.dec();
        drop(permit);
    })
}

/// What hello established.
struct Session {
    conversation: String,
    seq: Seq,
    owner: Owner,
    /// Messages above it are replayed; `None` replays nothing.
    after: Option<Seq>,
}

/// Each part is on the heap for as long as it runs: ten thousand idle sockets do not hold the room of a greeting.
async fn serve(app: &Arc<App>, mut socket: WebSocket, address: IpAddr) {
    if let Some(session) = Box::pin(admit(app, &mut socket, address)).await {
        Box::pin(converse(app, socket, session)).await;
    }
}

/// Waits for a hello, not for ever. `None` when the socket was closed.
async fn admit(app: &Arc<App>, socket: &mut WebSocket, address: IpAddr) -> Option<Session> {
    let mut stop = app.stop.subscribe();
    let timeout = Duration::from_secs(app.config.server.hello_timeout_s);
    let greeted = tokio::select! {
        greeted = tokio::time::timeout(timeout, greet(app, socket, address)) => greeted.ok(),
        () = super::stopped(&mut stop) => {
            outgoing::close_socket(socket, outgoing::GOING_AWAY, "shutdown").await;
            return None;
        }
    };
    if greeted.is_none() {
        let close = CloseCode::HelloTimeout;
        outgoing::close_socket(socket, close.number(), close.reason()).await;
    }
    greeted.flatten()
}

/// Reads and writes until either side ends.
async fn converse(app: &Arc<App>, socket: WebSocket, session: Session) {
    let (sink, stream) = socket.split();
    let (queue, pushed) = mpsc::channel(QUEUE_MAX);
    let overrun = Arc::new(Notify::new());
    let id = app.engine.hub.socket_id();
    let subscription = app.engine.hub.subscribe(
        &session.conversation,
        id,
        queue.clone(),
        Arc::clone(&overrun),
    );
    let writer = Writer {
        app: Arc::clone(app),
        conversation: session.conversation.clone(),
        socket: id,
        // Subscribed first: what was committed since the status was read is found in the log.
        sent: session.after.unwrap_or(session.seq),
        owner: session.owner.clone(),
    };
    let writing = tokio::spawn(writer.run(Outgoing::new(sink), pushed, overrun));
    let reader = Reader {
        app: Arc::clone(app),
        conversation: session.conversation,
        socket: id,
        queue,
        bad_frames: 0,
    };
    reader.run(stream).await;
    // The writer ends when the last sender of its queue is gone: reader and subscription.
    drop(subscription);
    let _ = writing.await;
}

/// Answers frames until a hello is accepted. `None` when the socket ended first.
async fn greet(app: &Arc<App>, socket: &mut WebSocket, address: IpAddr) -> Option<Session> {
    let mut bad_frames = 0;
    loop {
        let text = match socket.recv().await? {
            Ok(Frame::Text(text)) => text,
            Ok(Frame::Ping(_) | Frame::Pong(_)) => continue,
            Ok(Frame::Close(_)) => return None,
            Ok(Frame::Binary(_)) => {
                outgoing::close_socket(socket, outgoing::UNSUPPORTED, "text frames only").await;
                return None;
            }
            Err(error) => {
                if let Some((code, reason)) = outgoing::close_for(&error) {
                    outgoing::close_socket(socket, code, reason).await;
                }
                return None;
            }
        };
        let answer = match frames::parse(text.as_str(), CLIENT_TYPES) {
            Ok(ClientFrame::Hello {
                token,
                after,
                identity,
            }) => match hello(app, token, after, identity, address).await {
                Ok((session, welcome)) => {
                    outgoing::send(socket, &welcome).await.ok()?;
                    return Some(session);
                }
                Err(code) => ErrorFrame::new(code, None),
            },
            Ok(_) => ErrorFrame::new(ErrorCode::HelloFirst, None),
            Err(error) => *error,
        };
        outgoing::send(socket, &ServerFrame::Error(answer))
            .await
            .ok()?;
        bad_frames += 1;
        if bad_frames >= BAD_FRAMES_MAX {
            let close = CloseCode::TooManyErrors;
            outgoing::close_socket(socket, close.number(), close.reason()).await;
            return None;
        }
    }
}

async fn hello(
    app: &Arc<App>,
    token: Option<String>,
    after: Option<Seq>,
    identity: Option<Identity>,
    address: IpAddr,
) -> Result<(Session, ServerFrame), ErrorCode> {
    let now_ms = crate::clock::now_ms();
    let (conversation, seq, owner) = match (token, identity) {
        (Some(token), _) => {
            let conversation = app.tokens.check(&token, now_ms).map_err(|e| match e {
                TokenError::Invalid => ErrorCode::TokenInvalid,
                TokenError::Expired => ErrorCode::TokenExpired,
            })?;
            let (seq, owner) = app.engine.status(&conversation).await.map_err(code_of)?;
            (conversation, seq, owner)
        }
        (None, Some(identity)) => of_user(app, &identity).await?,
        (None, None) => {
            if !app.new_conversations.take(address, now_ms) {
                return Err(ErrorCode::RateLimited);
            }
            let conversation = token::new_conversation().map_err(|_| ErrorCode::Internal)?;
            // Nothing is stored before the first message, so there is nothing to read either.
            (conversation, 0, Owner::Bot)
        }
    };
    let expires_ms = now_ms + app.config.server.token_days * 24 * 3600 * 1000;
    let token = app
        .tokens
        .sign(&conversation, expires_ms)
        .ok_or(ErrorCode::Internal)?;
    let notice = (seq == 0).then(|| {
        let knowledge = app.engine.knowledge();
        Notice {
            version: knowledge.script().notice_version.clone(),
            text: knowledge.script().text("notice"),
        }
    });
    let ticket = app.engine.tickets.get(&conversation);
    let unread = ticket
        .and_then(|t| t.ticket.answer)
        .filter(|seq| *seq > after.unwrap_or(0));
    let welcome = ServerFrame::Welcome {
        conversation: conversation.clone(),
        token,
        seq,
        owner: owner.clone(),
        notice,
        unread,
    };
    let session = Session {
        conversation,
        seq,
        owner,
        after,
    };
    Ok((session, welcome))
}

/// The conversation of a visitor whom a website vouches for; an erased one is followed by the next.
async fn of_user(app: &Arc<App>, identity: &Identity) -> Result<(String, Seq, Owner), ErrorCode> {
    let secret = app.config.identity.secret.as_deref();
    let holds = secret.is_some_and(|s| token::identity_holds(s, &identity.user, &identity.hash));
    if !holds {
        return Err(ErrorCode::IdentityInvalid);
    }
    for generation in 0..USER_GENERATIONS_MAX {
        let conversation = app.tokens.conversation_of_user(&identity.user, generation);
        match app.engine.status(&conversation).await {
            Ok((seq, owner)) => return Ok((conversation, seq, owner)),
            Err(HandleError::Gone) => {}
            Err(error) => return Err(code_of(error)),
        }
    }
    Err(ErrorCode::Gone)
}

/// The wire's code for why an event made no turn.
pub fn code_of(error: HandleError) -> ErrorCode {
    use crate::dialogue::step::Refusal;
    match error {
        HandleError::Refused(Refusal::IdReused) => ErrorCode::IdReused,
        HandleError::Refused(Refusal::NotOwner) => ErrorCode::NotOwner,
        HandleError::Refused(Refusal::NotWaiting) => ErrorCode::NotWaiting,
        HandleError::Refused(Refusal::BadField) => ErrorCode::BadField,
        HandleError::Refused(Refusal::NotAllowed) => ErrorCode::NotAllowed,
        HandleError::Refused(Refusal::NotFound) => ErrorCode::NotFound,
        HandleError::Busy => ErrorCode::Busy,
        HandleError::Unavailable => ErrorCode::Unavailable,
        HandleError::Gone => ErrorCode::Gone,
        HandleError::Damaged => ErrorCode::Internal,
    }
}

/// Turns frames into events, in order; while one is handled it goes on reading up to the limit.
struct Reader {
    app: Arc<App>,
    conversation: String,
    socket: SocketId,
    queue: mpsc::Sender<Box<Pushed>>,
    bad_frames: u32,
}

/// A frame that has to wait for its turn.
enum Job {
    Event(Event),
    More {
        before: Seq,
        limit: u32,
    },
    /// Already answered by an error.
    Answer(Box<ErrorFrame>),
    Close(u16, &'static str),
    /// The client is gone.
    End,
}

impl Reader {
    async fn run(mut self, mut stream: SplitStream<WebSocket>) {
        let mut stop = self.app.stop.subscribe();
        let mut waiting: VecDeque<Job> = VecDeque::new();
        loop {
            let job = match waiting.pop_front() {
                Some(job) => job,
                None => tokio::select! {
                    frame = stream.next() => match self.accept(frame) {
                        Some(job) => job,
                        None => continue,
                    },
                    () = super::stopped(&mut stop) => Job::Close(outgoing::GOING_AWAY, "shutdown"),
                },
            };
            let (app, conversation, socket) = (&self.app, &self.conversation, self.socket);
            let done = match job {
                Job::End => return,
                Job::Close(code, reason) => {
                    self.push(Push::Close { code, reason }).await;
                    return;
                }
                Job::Answer(error) => Some(ServerFrame::Error(*error)),
                Job::More { before, limit } => {
                    Some(Box::pin(more(app, conversation, before, limit)).await)
                }
                Job::Event(event) => {
                    // On the heap only while it runs: ten thousand idle sockets do not hold its room.
                    let mut handling = Box::pin(handle(app, conversation, socket, event));
                    loop {
                        let room = waiting.len() < UNACKED_MAX;
                        tokio::select! {
                            biased;
                            done = &mut handling => break done,
                            frame = stream.next(), if room && !ended(&waiting) => {
                                // Ping, close and typing are served here, whatever is being handled.
                                if let Some(job) = accept(app, conversation, socket, &mut self.bad_frames, frame) {
                                    waiting.push_back(job);
                                }
                            }
                        }
                    }
                }
            };
            if let Some(frame) = done {
                self.push(Push::Frame(outgoing::text(&frame))).await;
            }
        }
    }

    fn accept(&mut self, frame: Option<Result<Frame, axum::Error>>) -> Option<Job> {
        accept(
            &self.app,
            &self.conversation,
            self.socket,
            &mut self.bad_frames,
            frame,
        )
    }

    /// Waits for room: a client that does not read is not read either.
    async fn push(&self, push: Push) {
        let conversation = Arc::from(self.conversation.as_str());
        // Fails only when the writer is gone; then the stream ends too.
        let _ = self
            .queue
            .send(Box::new(Pushed { conversation, push }))
            .await;
    }
}

fn ended(waiting: &VecDeque<Job>) -> bool {
    matches!(waiting.back(), Some(Job::End | Job::Close(..)))
}

/// One frame as a job; `None` for what is already done (ping, typing).
fn accept(
    app: &App,
    conversation: &str,
    socket: SocketId,
    bad_frames: &mut u32,
    frame: Option<Result<Frame, axum::Error>>,
) -> Option<Job> {
    let text = match frame {
        None | Some(Ok(Frame::Close(_))) => return Some(Job::End),
        Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => return None,
        Some(Ok(Frame::Binary(_))) => {
            return Some(Job::Close(outgoing::UNSUPPORTED, "text frames only"));
        }
        Some(Err(error)) => {
            let close = outgoing::close_for(&error);
            return Some(close.map_or(Job::End, |(code, reason)| Job::Close(code, reason)));
        }
        Some(Ok(Frame::Text(text))) => text,
    };
    match job_of(app, conversation, socket, text.as_str()) {
        Ok(job) => {
            *bad_frames = 0;
            job
        }
        Err(error) => {
            // Being too fast is no sign of a broken client.
            if error.code != ErrorCode::RateLimited {
                *bad_frames += 1;
            }
            if *bad_frames >= BAD_FRAMES_MAX {
                let close = CloseCode::TooManyErrors;
                return Some(Job::Close(close.number(), close.reason()));
            }
            Some(Job::Answer(error))
        }
    }
}

fn job_of(
    app: &App,
    conversation: &str,
    socket: SocketId,
    text: &str,
) -> Result<Option<Job>, Box<ErrorFrame>> {
    let (id, what) = match frames::parse(text, CLIENT_TYPES)? {
        ClientFrame::Hello { .. } => {
            return Err(Box::new(ErrorFrame::new(ErrorCode::HelloTwice, None)));
        }
        ClientFrame::Typing => {
            let push = Push::Typing { by_citizen: true };
            app.engine.hub.push(conversation, Some(socket), push);
            return Ok(None);
        }
        ClientFrame::More { before, limit } => return Ok(Some(Job::More { before, limit })),
        ClientFrame::Say { id, text } => (id, What::Say { text }),
        ClientFrame::Choose { id, of, option } => (id, What::Choose { of, option }),
        ClientFrame::Rate {
            id,
            of,
            score,
            reason,
        } => (id, What::Rate { of, score, reason }),
        ClientFrame::Human { id } => (id, What::Human),
        ClientFrame::End { id } => (id, What::End),
    };
    check(&id, &what).map_err(|code| {
        let id = frames::check_id(&id).is_ok().then(|| id.clone());
        Box::new(ErrorFrame::new(code, id))
    })?;
    if !app
        .messages
        .take(conversation.to_owned(), crate::clock::now_ms())
    {
        return Err(Box::new(ErrorFrame::new(ErrorCode::RateLimited, Some(id))));
    }
    let by = Author::Citizen;
    Ok(Some(Job::Event(Event { id, by, what })))
}

fn check(id: &str, what: &What) -> Result<(), ErrorCode> {
    frames::check_id(id)?;
    match what {
        What::Say { text } => frames::check_text(text),
        What::Rate {
            reason: Some(reason),
            ..
        } => frames::check_reason(reason),
        _ => Ok(()),
    }
}

/// Handles an event; the ack of a new one goes with its turn, that of a repeat is returned.
async fn handle(
    app: &Arc<App>,
    conversation: &str,
    socket: SocketId,
    event: Event,
) -> Option<ServerFrame> {
    let id = event.id.clone();
    let handled = app
        .engine
        .handle(conversation, event, Some(socket), crate::clock::now_ms())
        .await;
    match handled {
        Ok(handled) if handled.repeat => Some(ServerFrame::Ack {
            id,
            seq: handled.seq,
        }),
        Ok(_) => None,
        Err(error) => Some(ServerFrame::Error(outgoing::error_frame(error, Some(id)))),
    }
}

async fn more(app: &Arc<App>, conversation: &str, before: Seq, limit: u32) -> ServerFrame {
    if before == 0 || limit == 0 {
        return ServerFrame::Error(ErrorFrame::new(ErrorCode::BadField, None));
    }
    let limit = limit.min(PAGE_MESSAGES_MAX) as usize;
    let page = app
        .engine
        .messages_before(conversation, before, limit)
        .await;
    match page {
        Ok((messages, more)) => ServerFrame::Page { messages, more },
        Err(error) => ServerFrame::Error(outgoing::error_frame(error, None)),
    }
}
