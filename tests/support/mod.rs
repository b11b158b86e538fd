//! A real server process on a free port, and a client that speaks `faxun.v1` to it.

#![allow(dead_code, reason = "every test binary uses its own part of this")]

pub mod staff;

use faxun::dialogue::nouns::{Body, From, Message, Seq};
use faxun::wire::{ClientFrame, ErrorCode, PROTOCOL, ServerFrame};
use futures_util::{SinkExt as _, StreamExt as _};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error as WsError, Message as Frame};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Nothing here may take longer; a server that hangs fails the test instead of the whole run.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A data directory with its keys beside the store, removed at the end.
pub struct Data {
    dir: tempfile::TempDir,
}

impl Data {
    pub fn new() -> Data {
        Data {
            dir: tempfile::tempdir().expect("a temporary directory"),
        }
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("data")
    }
}

/// A running `faxun serve`.
pub struct Server {
    child: Child,
    pub address: String,
}

impl Server {
    pub fn start(data: &Data) -> Server {
        Server::start_at(data, "127.0.0.1:0", &[])
    }

    /// Starts with the messages a minute unlimited, unless `env` says otherwise.
    pub fn start_at(data: &Data, listen: &str, env: &[(&str, &str)]) -> Server {
        Server::start_with(data, listen, env, &[], None)
    }

    /// The same with more arguments, and with a file for the log.
    pub fn start_with(
        data: &Data,
        listen: &str,
        env: &[(&str, &str)],
        args: &[&str],
        log: Option<std::fs::File>,
    ) -> Server {
        let mut child = command(data)
            .args(["serve", "--listen", listen])
            .args(args)
            .env("FAXUN_LIMITS__MESSAGES_PER_MINUTE", "0")
            .env("FAXUN_LIMITS__CONVERSATIONS_PER_MINUTE", "0")
            .envs(env.iter().copied())
            .stdout(Stdio::piped())
            .stderr(log.map_or_else(Stdio::inherit, Stdio::from))
            .spawn()
            .expect("the server starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        let line = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .find(|l| l.starts_with("listening on "));
        let Some(line) = line else {
            let status = child.wait();
            panic!("the server ended before it listened: {status:?}");
        };
        let address = line.trim_start_matches("listening on http://").to_owned();
        Server { child, address }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// kill -9.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM, and the exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        signal(self.child.id(), "TERM");
        self.child.wait().ok()?.code()
    }

    pub fn running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub fn url(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    /// A plain HTTP GET: status and body.
    pub async fn get(&self, path: &str) -> (u16, String) {
        http(&self.address, &format!("GET {path} HTTP/1.1")).await
    }

    pub async fn client(&self) -> Client {
        Client::connect(&self.address)
            .await
            .expect("the server accepts")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A command of the program on a data directory.
pub fn command(data: &Data) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faxun"));
    command
        .arg("--data")
        .arg(data.path())
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .env("FAXUN_LOG__FILTER", "warn");
    command
}

pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), pid.to_string()])
        .status();
    assert!(sent.is_ok_and(|s| s.success()), "kill -{name} {pid}");
}

/// One request on a fresh connection: status and body.
pub async fn http(address: &str, request_line: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = TcpStream::connect(address).await.expect("connects");
    let request = format!("{request_line}\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("writes");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("reads");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |p| p.1);
    (status.expect("a status"), body.to_owned())
}

/// What a client received: a frame, or the end with its close code.
#[derive(Debug)]
pub enum Received {
    Frame(ServerFrame),
    Closed(Option<u16>),
}

pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Every message by seq, in the order received; a second copy of a seq fails the test.
    pub messages: Vec<Message>,
    pub token: String,
    pub conversation: String,
    number: u64,
    /// Ids belong to the conversation: two sockets of one must not use the same.
    tag: u64,
}

impl Client {
    pub async fn connect(address: &str) -> Result<Client, WsError> {
        Client::connect_with(address, &[]).await
    }

    pub async fn connect_with(
        address: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Client, WsError> {
        let mut request = format!("ws://{address}/ws").into_client_request()?;
        let map = request.headers_mut();
        map.insert(
            "sec-websocket-protocol",
            PROTOCOL.parse().expect("a header"),
        );
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header"));
        }
        let (socket, _) = tokio_tungstenite::connect_async(request).await?;
        Ok(Client {
            socket,
            messages: Vec::new(),
            token: String::new(),
            conversation: String::new(),
            number: 0,
            tag: fastrand::u64(..),
        })
    }

    pub async fn send(&mut self, frame: &ClientFrame) {
        let text = serde_json::to_string(frame).expect("serialises");
        self.send_raw(Frame::text(text)).await;
    }

    /// Sends anything; a server that has closed already is no failure here.
    pub async fn send_raw(&mut self, frame: Frame) {
        let _ = self.socket.send(frame).await;
    }

    pub async fn try_send(&mut self, frame: &ClientFrame) -> Result<(), WsError> {
        let text = serde_json::to_string(frame).expect("serialises");
        self.socket.send(Frame::text(text)).await
    }

    /// The next frame; messages are kept, and must come once and in order.
    pub async fn receive(&mut self) -> Received {
        let next = async {
            loop {
                match self.socket.next().await {
                    None => return Received::Closed(None),
                    Some(Ok(Frame::Close(frame))) => {
                        return Received::Closed(frame.map(|f| f.code.into()));
                    }
                    Some(Ok(Frame::Text(text))) => {
                        let frame = serde_json::from_str(text.as_str());
                        return Received::Frame(frame.expect("a documented frame"));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) => return Received::Closed(None),
                }
            }
        };
        let received = tokio::time::timeout(PATIENCE, next).await;
        let received = received.expect("the server answers in time");
        if let Received::Frame(ServerFrame::Message(message)) = &received {
            self.keep(message.clone());
        }
        received
    }

    fn keep(&mut self, message: Message) {
        if let Some(last) = self.messages.last() {
            assert_eq!(
                message.seq,
                last.seq + 1,
                "messages come once and without gaps"
            );
        }
        self.messages.push(message);
    }

    pub async fn frame(&mut self) -> ServerFrame {
        match self.receive().await {
            Received::Frame(frame) => frame,
            Received::Closed(code) => panic!("closed ({code:?}) instead of a frame"),
        }
    }

    /// The error code of the next error frame.
    pub async fn error(&mut self) -> ErrorCode {
        loop {
            if let ServerFrame::Error(error) = self.frame().await {
                return error.code;
            }
        }
    }

    /// The close code, after whatever else comes first.
    pub async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Received::Closed(code) = self.receive().await {
                return code;
            }
        }
    }

    /// Says hello and returns the last seq; fails on an error frame.
    pub async fn hello(&mut self, token: Option<String>, after: Option<Seq>) -> Seq {
        let hello = ClientFrame::Hello {
            token,
            after,
            identity: None,
        };
        self.send(&hello).await;
        match self.frame().await {
            ServerFrame::Welcome {
                conversation,
                token,
                seq,
                ..
            } => {
                self.conversation = conversation;
                self.token = token;
                seq
            }
            other => panic!("no welcome: {other:?}"),
        }
    }

    /// Says something and waits for its ack; returns its seq.
    pub async fn say(&mut self, text: &str) -> Seq {
        self.number += 1;
        let id = format!("c{}-{}", self.tag, self.number);
        self.send(&ClientFrame::Say {
            id: id.clone(),
            text: text.to_owned(),
        })
        .await;
        self.acked(&id).await
    }

    pub async fn acked(&mut self, id: &str) -> Seq {
        loop {
            match self.frame().await {
                ServerFrame::Ack { id: acked, seq } if acked == id => return seq,
                ServerFrame::Error(error) => panic!("{error:?}"),
                _ => {}
            }
        }
    }

    /// Says something and waits for the first message that is not the citizen's.
    pub async fn ask(&mut self, text: &str) -> Message {
        let seq = self.say(text).await;
        loop {
            let answer = self
                .messages
                .iter()
                .find(|m| m.seq > seq && m.from != From::Citizen);
            if let Some(answer) = answer {
                return answer.clone();
            }
            self.frame().await;
        }
    }
}

/// Texts of the citizen's own messages.
pub fn own_texts(messages: &[Message]) -> Vec<&str> {
    messages
        .iter()
        .filter_map(|m| match &m.body {
            Body::Text { text } if m.from == From::Citizen => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

/// Rounds of the long tests: `FAXUN_ROUNDS`, else `default`.
pub fn rounds(default: u32) -> u32 {
    std::env::var("FAXUN_ROUNDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(default)
}
