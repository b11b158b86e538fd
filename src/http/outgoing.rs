//! Writing frames: gathered, flushed at once, and never for longer than a slow client deserves.

use crate::dialogue::nouns::Message;
use crate::engine::HandleError;
use crate::wire::{ErrorFrame, ServerFrame};
use axum::extract::ws::{CloseFrame, Message as Frame, Utf8Bytes, WebSocket};
use futures_util::SinkExt as _;
use futures_util::stream::SplitSink;
use serde::Serialize;
use std::time::Duration;
use tokio_tungstenite::tungstenite;

/// Close code of a stopping server.
pub const GOING_AWAY: u16 = 1001;
/// Close code for a protocol error.
const PROTOCOL_ERROR: u16 = 1002;
/// Close code for binary frames.
pub const UNSUPPORTED: u16 = 1003;
/// Close code for text that is not UTF-8.
const NOT_UTF8: u16 = 1007;
/// Close code for a frame above the limit.
const TOO_BIG: u16 = 1009;
/// A client that does not take a byte for this long is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a close may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The socket takes no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended;

/// The writing half of a socket.
pub struct Outgoing {
    sink: SplitSink<WebSocket, Frame>,
}

impl Outgoing {
    pub fn new(sink: SplitSink<WebSocket, Frame>) -> Outgoing {
        Outgoing { sink }
    }

    /// Puts a frame into the buffer.
    pub async fn feed<T: Serialize>(&mut self, frame: &T) -> Result<(), Ended> {
        self.feed_text(text(frame)).await
    }

    /// Puts a message into the buffer without copying it into a frame first.
    pub async fn feed_message(&mut self, message: &Message) -> Result<(), Ended> {
        #[derive(Serialize)]
        struct Tagged<'a> {
            r#type: &'static str,
            #[serde(flatten)]
            message: &'a Message,
        }
        let r#type = "message";
        self.feed(&Tagged { r#type, message }).await
    }

    pub async fn feed_text(&mut self, text: String) -> Result<(), Ended> {
        within(WRITE_TIMEOUT, self.sink.feed(Frame::Text(text.into()))).await
    }

    pub async fn flush(&mut self) -> Result<(), Ended> {
        within(WRITE_TIMEOUT, self.sink.flush()).await
    }

    /// Asks for a sign of life.
    pub async fn ping(&mut self) -> Result<(), Ended> {
        let ping = Frame::Ping(axum::body::Bytes::new());
        within(WRITE_TIMEOUT, self.sink.feed(ping)).await
    }

    /// Says why and closes, if the client still listens.
    pub async fn close(&mut self, code: u16, reason: &'static str) {
        let frame = Frame::Close(Some(close_frame(code, reason)));
        let _ = within(CLOSE_TIMEOUT, self.sink.send(frame)).await;
    }
}

async fn within(
    limit: Duration,
    writing: impl Future<Output = Result<(), axum::Error>>,
) -> Result<(), Ended> {
    match tokio::time::timeout(limit, writing).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Ended),
    }
}

/// A frame as JSON.
pub fn text<T: Serialize>(frame: &T) -> String {
    // Proof: wire types have string keys only and no failing Serialize.
    serde_json::to_string(frame).expect("a frame always serialises")
}

/// Sends one frame on a socket that is not split yet.
pub async fn send(socket: &mut WebSocket, frame: &ServerFrame) -> Result<(), Ended> {
    within(WRITE_TIMEOUT, socket.send(Frame::Text(text(frame).into()))).await
}

/// Closes a socket that is not split yet.
pub async fn close_socket(socket: &mut WebSocket, code: u16, reason: &'static str) {
    let frame = Frame::Close(Some(close_frame(code, reason)));
    let _ = within(CLOSE_TIMEOUT, socket.send(frame)).await;
}

fn close_frame(code: u16, reason: &'static str) -> CloseFrame {
    let reason = Utf8Bytes::from_static(reason);
    CloseFrame { code, reason }
}

/// The close code a read error asks for; `None` when the connection is simply gone.
pub fn close_for(error: &axum::Error) -> Option<(u16, &'static str)> {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<tungstenite::Error>() {
            return match error {
                tungstenite::Error::Capacity(_) => Some((TOO_BIG, "frame too big")),
                tungstenite::Error::Utf8(_) => Some((NOT_UTF8, "text must be UTF-8")),
                tungstenite::Error::Protocol(
                    tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
                ) => None,
                tungstenite::Error::Protocol(_) => Some((PROTOCOL_ERROR, "protocol error")),
                _ => None,
            };
        }
        source = error.source();
    }
    None
}

/// The error frame for an event that made no turn. Internal ones carry a reference that the log has too.
pub fn error_frame(error: HandleError, id: Option<String>) -> ErrorFrame {
    let mut frame = ErrorFrame::new(super::socket::code_of(error), id);
    if error == HandleError::Damaged {
        let reference = super::token::new_conversation().unwrap_or_default();
        let reference = reference.chars().take(8).collect::<String>();
        tracing::error!(reference, %error, "internal error shown to a client");
        frame.reference = Some(reference);
    }
    frame
}
