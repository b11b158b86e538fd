//! The socket as a client sees it: hello, resume, and every kind of bad input.

mod support;

use faxun::dialogue::nouns::{Body, From};
use faxun::wire::{ClientFrame, ErrorCode, FRAME_BYTES_MAX, ServerFrame};
use support::{Client, Data, Received, Server, own_texts};
use tokio_tungstenite::tungstenite::Message as Frame;

fn say(id: &str, text: &str) -> ClientFrame {
    ClientFrame::Say {
        id: id.to_owned(),
        text: text.to_owned(),
    }
}

fn hello(token: Option<String>) -> ClientFrame {
    ClientFrame::Hello {
        token,
        after: None,
        identity: None,
    }
}

#[tokio::test]
async fn a_question_is_answered_with_the_law_and_is_still_there_after_kill_9() {
    let data = Data::new();
    let mut server = Server::start(&data);
    let mut client = server.client().await;
    assert_eq!(client.hello(None, None).await, 0);
    let answer = client.ask("公司拖欠我三个月工资怎么办").await;
    let Body::Answer { citations, .. } = &answer.body else {
        panic!("no answer: {answer:?}");
    };
    assert!(!citations.is_empty());
    let (token, seen) = (client.token.clone(), client.messages.clone());
    server.kill();
    let server = Server::start(&data);
    let mut again = server.client().await;
    let last = again.hello(Some(token), Some(0)).await;
    while again.messages.len() < seen.len() {
        again.frame().await;
    }
    assert_eq!(again.messages[..seen.len()], seen);
    assert!(last >= seen.last().expect("some").seq);
}

#[tokio::test]
async fn hello_comes_first_and_once() {
    let data = Data::new();
    let server = Server::start(&data);
    let mut client = server.client().await;
    client.send(&say("1", "你好")).await;
    assert_eq!(client.error().await, ErrorCode::HelloFirst);
    client.hello(None, None).await;
    client.send(&hello(None)).await;
    assert_eq!(client.error().await, ErrorCode::HelloTwice);
    client.say("你好").await;
}

#[tokio::test]
async fn forged_foreign_and_expired_tokens_leave_the_socket_open() {
    let data = Data::new();
    let server = Server::start(&data);
    let mut mine = server.client().await;
    mine.hello(None, None).await;
    mine.say("你好").await;
    let mut forged = mine.token.clone();
    let flipped = if forged.pop() == Some('A') { 'B' } else { 'A' };
    forged.insert(forged.len() / 2, flipped);
    let elsewhere = Data::new();
    let other = Server::start(&elsewhere);
    let mut theirs = other.client().await;
    theirs.hello(None, None).await;
    let mut client = server.client().await;
    for token in [
        forged,
        theirs.token.clone(),
        String::new(),
        "x".repeat(5000),
    ] {
        client.send(&hello(Some(token))).await;
        assert_eq!(client.error().await, ErrorCode::TokenInvalid);
    }
    let key = std::fs::read(data.path().with_extension("token")).expect("the token key");
    let expired = expired_token(&key, &mine.conversation);
    client.send(&hello(Some(expired))).await;
    assert_eq!(client.error().await, ErrorCode::TokenExpired);
    client.hello(None, None).await;
    client.say("你好").await;
}

/// Signs a token of yesterday with the server's own key.
fn expired_token(key: &[u8], conversation: &str) -> String {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("key");
    std::fs::write(&path, key).expect("writes");
    let tokens = faxun::http::token::Tokens::open(&path).expect("a key");
    tokens.sign(conversation, 1).expect("a conversation id")
}

#[tokio::test]
async fn an_erased_conversation_is_gone() {
    let data = Data::new();
    let mut server = Server::start(&data);
    let mut client = server.client().await;
    client.hello(None, None).await;
    client.say("你好").await;
    let (token, conversation) = (client.token.clone(), client.conversation.clone());
    assert_eq!(server.terminate(), Some(0));
    let erased = support::command(&data)
        .args(["data", "erase", &conversation])
        .status();
    assert!(erased.expect("runs").success());
    let server = Server::start(&data);
    let mut client = server.client().await;
    client.send(&hello(Some(token))).await;
    assert_eq!(client.error().await, ErrorCode::Gone);
}

#[tokio::test]
async fn bad_frames_get_their_codes_and_the_socket_lives() {
    let data = Data::new();
    let server = Server::start(&data);
    let mut client = server.client().await;
    client.hello(None, None).await;
    let long_id = "i".repeat(65);
    let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    let cases = [
        ("not json".to_owned(), ErrorCode::BadJson),
        ("{\"type\":\"say\"".to_owned(), ErrorCode::BadJson),
        (deep, ErrorCode::BadJson),
        ("{\"type\":\"nosuch\"}".to_owned(), ErrorCode::UnknownType),
        ("[1,2]".to_owned(), ErrorCode::UnknownType),
        (
            "{\"type\":\"say\",\"id\":1,\"text\":\"x\"}".to_owned(),
            ErrorCode::BadField,
        ),
        (
            "{\"type\":\"say\",\"id\":\"a\"}".to_owned(),
            ErrorCode::BadField,
        ),
        (
            "{\"type\":\"say\",\"id\":\"\",\"text\":\"x\"}".to_owned(),
            ErrorCode::BadField,
        ),
        (
            format!("{{\"type\":\"say\",\"id\":\"{long_id}\",\"text\":\"x\"}}"),
            ErrorCode::BadField,
        ),
        (
            "{\"type\":\"say\",\"id\":\"a\",\"text\":\"  \"}".to_owned(),
            ErrorCode::TextEmpty,
        ),
        (
            "{\"type\":\"say\",\"id\":\"a\",\"text\":\"a\\u0000b\"}".to_owned(),
            ErrorCode::TextInvalid,
        ),
        (
            format!(
                "{{\"type\":\"say\",\"id\":\"a\",\"text\":\"{}\"}}",
                "法".repeat(5000)
            ),
            ErrorCode::TextTooLong,
        ),
        (
            "{\"type\":\"choose\",\"id\":\"a\",\"of\":99,\"option\":1}".to_owned(),
            ErrorCode::BadField,
        ),
        (
            "{\"type\":\"rate\",\"id\":\"a\",\"of\":1,\"score\":9}".to_owned(),
            ErrorCode::BadField,
        ),
        (
            "{\"type\":\"more\",\"before\":0,\"limit\":1}".to_owned(),
            ErrorCode::BadField,
        ),
    ];
    for (text, code) in cases {
        let shown: String = text.chars().take(60).collect();
        client.send_raw(Frame::text(text)).await;
        assert_eq!(client.error().await, code, "{shown}");
    }
    assert_eq!(client.say("你好").await, 1);
}

#[tokio::test]
async fn what_breaks_the_protocol_closes_with_a_documented_code() {
    let data = Data::new();
    let server = Server::start(&data);
    let mut bystander = server.client().await;
    bystander.hello(None, None).await;
    for after_hello in [false, true] {
        let cases = [
            (Frame::binary(vec![1, 2, 3]), 1003),
            (Frame::text("x".repeat(10 << 20)), 1009),
            (Frame::text("x".repeat(FRAME_BYTES_MAX + 1)), 1009),
        ];
        for (frame, code) in cases {
            let mut client = server.client().await;
            if after_hello {
                client.hello(None, None).await;
            }
            client.send_raw(frame).await;
            let closed = client.closed().await;
            // A sender of 10 MB may lose the close frame to its own unread bytes.
            assert!(
                closed.is_none_or(|c| c == code),
                "{closed:?} instead of {code}"
            );
        }
        let mut client = RawClient::connect(&server, after_hello).await;
        client.send(&[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe]).await;
        assert_eq!(client.close_code().await, Some(1007));
        let mut client = RawClient::connect(&server, after_hello).await;
        client.send(&[0xf1, 0x80, 0, 0, 0, 0]).await;
        assert_eq!(client.close_code().await, Some(1002));
        // An unfinished frame: half a message, then silence and a cut connection.
        let mut client = RawClient::connect(&server, after_hello).await;
        client
            .send(&[0x81, 0xfe, 0x10, 0x00, 0, 0, 0, 0, b'{'])
            .await;
    }
    bystander.say("我还在吗").await;
}

/// A client that can break the protocol byte by byte.
struct RawClient {
    stream: tokio::net::TcpStream,
}

impl RawClient {
    async fn connect(server: &Server, hello: bool) -> RawClient {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = tokio::net::TcpStream::connect(&server.address)
            .await
            .expect("connects");
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
            server.address
        );
        stream.write_all(request.as_bytes()).await.expect("writes");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("an upgrade"));
        }
        assert!(head.starts_with(b"HTTP/1.1 101"));
        let mut client = RawClient { stream };
        if hello {
            let text = b"{\"type\":\"hello\"}";
            let mut frame = vec![0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
            frame.extend_from_slice(text);
            client.send(&frame).await;
        }
        client
    }

    async fn send(&mut self, bytes: &[u8]) {
        use tokio::io::AsyncWriteExt as _;
        self.stream.write_all(bytes).await.expect("writes");
    }

    /// The code of the close frame the server sends, text frames before it skipped.
    async fn close_code(&mut self) -> Option<u16> {
        use tokio::io::AsyncReadExt as _;
        loop {
            let opcode = self.stream.read_u8().await.ok()? & 0x0f;
            let length = match self.stream.read_u8().await.ok()? {
                126 => u64::from(self.stream.read_u16().await.ok()?),
                127 => self.stream.read_u64().await.ok()?,
                n => u64::from(n),
            };
            let mut payload = vec![0; usize::try_from(length).ok()?];
            self.stream.read_exact(&mut payload).await.ok()?;
            if opcode == 8 {
                return Some(u16::from_be_bytes([*payload.first()?, *payload.get(1)?]));
            }
        }
    }
}

#[tokio::test]
async fn ten_thousand_messages_at_once_are_limited_and_nobody_else_notices() {
    let data = Data::new();
    let limits = [("FAXUN_LIMITS__MESSAGES_PER_MINUTE", "60")];
    let server = Server::start_at(&data, "127.0.0.1:0", &limits);
    let mut flood = server.client().await;
    flood.hello(None, None).await;
    let mut calm = server.client().await;
    calm.hello(None, None).await;
    let mut acks = 0;
    let mut limited = 0;
    for batch in 0..100 {
        for n in 0..100 {
            let id = format!("{batch}-{n}");
            flood.send(&say(&id, "你好")).await;
        }
        let mut answered = 0;
        while answered < 100 {
            match flood.frame().await {
                ServerFrame::Ack { .. } => (acks, answered) = (acks + 1, answered + 1),
                ServerFrame::Error(error) => {
                    assert_eq!(error.code, ErrorCode::RateLimited);
                    assert!(error.retry);
                    (limited, answered) = (limited + 1, answered + 1);
                }
                _ => {}
            }
        }
    }
    assert!(acks >= 60 && acks + limited == 10_000, "{acks} {limited}");
    calm.say("你好").await;
}

#[tokio::test]
async fn a_repeated_id_gets_the_same_ack_and_no_second_turn() {
    let data = Data::new();
    let server = Server::start(&data);
    let mut client = server.client().await;
    client.hello(None, None).await;
    client.send(&say("same", "你好")).await;
    let first = client.acked("same").await;
    client.send(&say("same", "你好")).await;
    assert_eq!(client.acked("same").await, first);
    client.send(&say("same", "再见")).await;
    assert_eq!(client.error().await, ErrorCode::IdReused);
    assert_eq!(
        client.say("还有一件事").await,
        client.messages.last().expect("some").seq
    );
    assert_eq!(own_texts(&client.messages), ["你好", "还有一件事"]);
}

#[tokio::test]
async fn a_client_that_never_reads_is_closed_and_loses_nothing() {
    let data = Data::new();
    let server = Server::start(&data);
    let mut client = server.client().await;
    client.hello(None, None).await;
    client.say("第一句").await;
    let mut deaf = server.client().await;
    deaf.hello(Some(client.token.clone()), None).await;
    for n in 0..2000 {
        client.ask(&format!("公司拖欠工资怎么办 {n}")).await;
        if n % 3 == 0 {
            client.say("你好").await;
        }
        if n > 400 && n % 100 == 0 && client.messages.len() > 3000 {
            break;
        }
    }
    let mut again = server.client().await;
    let last = again.hello(Some(client.token.clone()), Some(0)).await;
    while again.messages.last().is_none_or(|m| m.seq < last) {
        again.frame().await;
    }
    assert_eq!(again.messages.first().expect("some").seq, 1);
}

#[tokio::test]
async fn two_sockets_of_one_conversation_see_the_same() {
    let data = Data::new();
    let server = Server::start(&data);
    let mut one = server.client().await;
    one.hello(None, None).await;
    one.say("你好").await;
    let mut two = server.client().await;
    two.hello(Some(one.token.clone()), Some(0)).await;
    let answer = two.ask("离婚冷静期是多久").await;
    while one.messages.last().is_none_or(|m| m.seq < answer.seq) {
        one.frame().await;
    }
    let same = |m: &&faxun::dialogue::nouns::Message| m.seq <= answer.seq;
    let first: Vec<_> = one.messages.iter().filter(same).collect();
    let second: Vec<_> = two.messages.iter().filter(same).collect();
    assert_eq!(first, second);
}

#[tokio::test]
async fn history_is_paged_backwards_without_gaps() {
    let data = Data::new();
    let server = Server::start(&data);
    let mut client = server.client().await;
    client.hello(None, None).await;
    for n in 0..30 {
        client.say(&format!("你好 {n}")).await;
    }
    let mut fresh = server.client().await;
    let last = fresh.hello(Some(client.token.clone()), None).await;
    let mut before = last + 1;
    let mut all = Vec::new();
    loop {
        fresh.send(&ClientFrame::More { before, limit: 7 }).await;
        let ServerFrame::Page { messages, more } = fresh.frame().await else {
            panic!("no page");
        };
        assert!(messages.len() <= 7 && !messages.is_empty());
        before = messages[0].seq;
        all.splice(0..0, messages);
        if !more {
            break;
        }
    }
    let seqs: Vec<u64> = all.iter().map(|m| m.seq).collect();
    assert_eq!(seqs, (1..=last).collect::<Vec<_>>());
}

#[tokio::test]
async fn foreign_pages_are_refused_and_allowed_ones_are_not() {
    let data = Data::new();
    let allowed = [("FAXUN_SERVER__ALLOWED_ORIGINS", "[\"https://a.example\"]")];
    let server = Server::start_at(&data, "127.0.0.1:0", &allowed);
    let own = format!("http://{}", server.address);
    for (origin, expected) in [
        ("https://a.example", true),
        (own.as_str(), true),
        ("https://evil.example", false),
        ("null", false),
    ] {
        let connected = Client::connect_with(&server.address, &[("origin", origin)]).await;
        assert_eq!(connected.is_ok(), expected, "{origin}");
    }
}

#[tokio::test]
async fn a_stop_finishes_the_turn_in_flight_and_says_going_away() {
    let data = Data::new();
    let mut server = Server::start(&data);
    let mut client = server.client().await;
    client.hello(None, None).await;
    client.say("你好").await;
    let token = client.token.clone();
    let texts: Vec<String> = (0..20).map(|n| format!("第 {n} 句")).collect();
    for (n, text) in texts.iter().enumerate() {
        client.send(&say(&format!("x{n}"), text)).await;
    }
    let stopping = tokio::task::spawn_blocking(move || (server.terminate(), server));
    let mut acked = Vec::new();
    let code = loop {
        match client.receive().await {
            Received::Frame(ServerFrame::Ack { id, .. }) => acked.push(id),
            Received::Frame(_) => {}
            Received::Closed(code) => break code,
        }
    };
    assert_eq!(code, Some(1001));
    let (exit, _server) = stopping.await.expect("stops");
    assert_eq!(exit, Some(0));
    let server = Server::start(&data);
    let mut again = server.client().await;
    let last = again.hello(Some(token), Some(0)).await;
    while again.messages.last().is_none_or(|m| m.seq < last) {
        again.frame().await;
    }
    let kept = own_texts(&again.messages);
    for id in acked {
        let n: usize = id[1..].parse().expect("a number");
        assert!(kept.contains(&texts[n].as_str()), "{id}");
    }
}

#[tokio::test]
async fn health_readiness_and_metrics_are_served() {
    let data = Data::new();
    let server = Server::start(&data);
    let mut client = server.client().await;
    client.hello(None, None).await;
    client.ask("你好").await;
    assert_eq!(server.get("/healthz").await.0, 200);
    assert_eq!(server.get("/readyz").await.0, 200);
    let (status, metrics) = server.get("/metrics").await;
    assert_eq!(status, 200);
    assert!(
        metrics.contains("faxun_events_total{outcome=\"committed\"} 1"),
        "{metrics}"
    );
    assert!(metrics.contains("faxun_sockets 1"), "{metrics}");
    assert!(!metrics.contains("你好"));
    let (status, page) = server.get("/").await;
    assert_eq!(status, 200);
    assert!(page.contains("<html"), "{page:.200}");
}

#[tokio::test]
async fn a_vouched_for_visitor_comes_back_to_the_same_conversation() {
    use faxun::wire::Identity;
    let data = Data::new();
    let secret = [("FAXUN_IDENTITY__SECRET", "Jefe")];
    let server = Server::start_at(&data, "127.0.0.1:0", &secret);
    // RFC 4231, test case 2.
    let user = "what do ya want for nothing?".to_owned();
    let hash = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843".to_owned();
    let identity = Identity { user, hash };
    let mut conversations = Vec::new();
    for _ in 0..2 {
        let mut client = server.client().await;
        let hello = ClientFrame::Hello {
            token: None,
            after: None,
            identity: Some(identity.clone()),
        };
        client.send(&hello).await;
        let ServerFrame::Welcome { conversation, .. } = client.frame().await else {
            panic!("no welcome");
        };
        client.say("你好").await;
        conversations.push(conversation);
    }
    assert_eq!(conversations[0], conversations[1]);
    let mut liar = server.client().await;
    let identity = Identity {
        hash: "00".repeat(32),
        ..identity
    };
    liar.send(&ClientFrame::Hello {
        token: None,
        after: None,
        identity: Some(identity),
    })
    .await;
    assert_eq!(liar.error().await, ErrorCode::IdentityInvalid);
    assert!(liar.messages.iter().all(|m| m.from != From::Bot));
}
