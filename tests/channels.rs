//! Messaging platforms on loopback against a real server: nothing lost, nothing doubled, forged ones refused.

#[path = "channels/driver.rs"]
mod driver;
#[path = "channels/platform.rs"]
mod platform;
mod support;

use driver::*;
use faxun::dialogue::nouns::{Body, From};
use faxun::dialogue::turn::Turn;
use faxun::store::Store as _;
use faxun::store::sled::{SledOptions, SledStore};
use platform::Platform;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::io::Read as _;
use std::time::Duration;
use support::{Data, Server, rounds};

const SEND: &str = "/cgi-bin/message/custom/send";
const TOKENS: &str = "/cgi-bin/stable_token";

/// Settings with every kind of channel, all on one platform.
struct Setup {
    data: Data,
    platform: Platform,
    config: tempfile::NamedTempFile,
    log: tempfile::NamedTempFile,
}

impl Setup {
    async fn new() -> Setup {
        Setup::with(&[]).await
    }

    /// With further channels: kind, name, more settings.
    async fn with(further: &[(&str, &str, &str)]) -> Setup {
        let platform = Platform::start().await;
        let config = tempfile::NamedTempFile::new().expect("a file");
        let url = &platform.url;
        let channel = |kind: &str, name: &str, more: &str| {
            format!(
                "[[channels]]\nkind = \"{kind}\"\nname = \"{name}\"\nbase_url = \"{url}\"\n{more}\n"
            )
        };
        let settings = [
            channel("wechat", "safe", "app_id = \"wxapp\""),
            channel(
                "wechat",
                "plain",
                "app_id = \"wxapp\"\nmessage_mode = \"plain\"",
            ),
            channel(
                "wechat",
                "mute",
                "app_id = \"wxapp\"\nmessage_mode = \"plain\"\ncustomer_service = false",
            ),
            channel(
                "miniprogram",
                "mini",
                "app_id = \"wxapp\"\nmessage_mode = \"plain\"",
            ),
            channel("wecom", "corp", "corp_id = \"ww1\"\nagent_id = 7"),
            channel("wecom_kf", "kf", "corp_id = \"ww1\"\nopen_kfid = \"wk1\""),
            channel("dingtalk", "ding", "app_id = \"dingkey\""),
            channel("feishu", "lark", "app_id = \"cli_1\""),
            channel(
                "webhook",
                "partner",
                &format!("reply_url = \"{url}/partner\""),
            ),
        ];
        let further = further.iter().map(|(kind, name, more)| channel(kind, name, more));
        let settings: String = settings.into_iter().chain(further).collect();
        std::fs::write(config.path(), settings).expect("writes");
        Setup {
            data: Data::new(),
            platform,
            config,
            log: tempfile::NamedTempFile::new().expect("a file"),
        }
    }

    fn start_at(&self, listen: &str) -> Server {
        let mut env = vec![
            ("FAXUN_CHANNEL_DING_APP_SECRET", DING_SECRET),
            ("FAXUN_CHANNEL_STREAM_APP_SECRET", DING_SECRET),
            ("FAXUN_CHANNEL_LONG_APP_SECRET", "s"),
            ("FAXUN_CHANNEL_LARK_APP_SECRET", "s"),
            ("FAXUN_CHANNEL_LARK_ENCRYPT_KEY", LARK_KEY),
            ("FAXUN_CHANNEL_LARK_VERIFICATION_TOKEN", "vt"),
            ("FAXUN_CHANNEL_PARTNER_SIGNING_SECRET", SIGNING_SECRET),
            ("FAXUN_LOG__FILTER", "debug"),
        ];
        let names = ["SAFE", "PLAIN", "MUTE", "MINI", "CORP", "KF"];
        let named: Vec<[String; 3]> = names
            .iter()
            .map(|n| ["TOKEN", "AES_KEY", "APP_SECRET"].map(|s| format!("FAXUN_CHANNEL_{n}_{s}")))
            .collect();
        for [token, aes_key, secret] in &named {
            env.extend([
                (token.as_str(), TOKEN),
                (aes_key.as_str(), AES_KEY),
                (secret.as_str(), "s"),
            ]);
        }
        let config = self.config.path().to_str().expect("a path");
        let log = self.log.reopen().expect("the log");
        Server::start_with(&self.data, listen, &env, &["--config", config], Some(log))
    }

    fn start(&self) -> Server {
        self.start_at("127.0.0.1:0")
    }

    fn log(&self) -> String {
        let mut text = String::new();
        self.log
            .reopen()
            .expect("the log")
            .read_to_string(&mut text)
            .expect("reads");
        text
    }

    fn store(&self) -> SledStore {
        let data = self.data.path();
        let mut key = data.clone().into_os_string();
        key.push(".key");
        SledStore::open(&SledOptions::new(data.join("store"), key)).expect("opens")
    }

    /// Every conversation in the stopped server's store: the citizen's texts and how many other messages there are.
    async fn conversations(&self) -> Vec<(Vec<String>, usize)> {
        let store = self.store();
        let mut all = Vec::new();
        for log in store.logs("conv/", None, 10_000).await.expect("reads") {
            let (mut said, mut others) = (Vec::new(), 0);
            for record in store.after(&log, 0, 10_000).await.expect("reads") {
                for message in Turn::from_bytes(&record.body).expect("a turn").messages {
                    match (message.from, message.body) {
                        (From::Citizen, Body::Text { text }) => said.push(text),
                        (From::Citizen, _) => {}
                        _ => others += 1,
                    }
                }
            }
            all.push((said, others));
        }
        all
    }
}

impl Setup {
    /// Messages in the stopped server's store that no platform has taken, and messages that nobody handled.
    async fn undelivered(&self) -> u64 {
        let store = self.store();
        let mut missing = 0;
        for log in store.logs("chan/", None, 10_000).await.expect("reads") {
            let (record, _) = store.last(&log).await.expect("reads").expect("a record");
            let account: Value = serde_json::from_slice(&record.body).expect("JSON");
            let waiting = account["inbox"].as_array().map_or(0, Vec::len);
            let conversation = account["conversation"].as_str().expect("a conversation");
            let log = faxun::engine::log_of(conversation).expect("a log");
            let (last, _) = store.last(&log).await.expect("reads").expect("a turn");
            missing += last.last_seq - account["cursor"].as_u64().expect("a seq") + waiting as u64;
        }
        missing
    }
}

/// Waits until no account has anything to handle or to send.
async fn settled(server: &Server) {
    let idle = async {
        loop {
            let (_, metrics) = server.get("/metrics").await;
            if metrics.contains("faxun_channel_busy 0\n") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(support::PATIENCE, idle)
        .await
        .expect("the outbox empties");
}

fn content(call: &platform::Call) -> String {
    call.body["text"]["content"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn the_address_is_proven_and_forged_ones_are_refused() {
    let setup = Setup::new().await;
    let server = setup.start();
    let at = &server.address;
    let line = plain_line("GET", "plain", "&echostr=12345");
    assert_eq!(
        request(at, &line, &[], b"").await,
        Some((200, "12345".into()))
    );
    let forged = line.replace("signature=", "signature=0");
    assert_eq!(
        request(at, &forged, &[], b"").await.expect("an answer").0,
        403
    );
    let nowhere = plain_line("GET", "nobody", "&echostr=1");
    assert_eq!(
        request(at, &nowhere, &[], b"").await.expect("an answer").0,
        404
    );
    // 企业微信: the echo is sealed, and answered opened, without a quote or a line end.
    let (line, body) = sealed("corp", "ww1", "echo-1234567890");
    let echo = body
        .split("CDATA[")
        .nth(1)
        .and_then(|b| b.split(']').next())
        .expect("sealed");
    let line = line.replace("POST", "GET").replace("encrypt_type=aes&", "");
    let line = format!(
        "{line}&echostr={}",
        echo.replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D")
    );
    assert_eq!(
        request(at, &line, &[], b"").await,
        Some((200, "echo-1234567890".into()))
    );
}

#[tokio::test]
async fn an_answer_that_is_ready_comes_in_the_answer_and_nothing_else_is_sent() {
    let setup = Setup::new().await;
    let server = setup.start();
    let (status, answer) = say(&server.address, "plain", &text_xml("o1", "1", "你好"))
        .await
        .expect("an answer");
    let text = passive(&answer, None).expect("a text");
    assert_eq!(status, 200);
    assert!(
        text.len() <= 2048 && text.contains("开始之前"),
        "with the notice: {text}"
    );
    let (line, body) = sealed("safe", "wxapp", &text_xml("o1", "1", "拖欠工资怎么办"));
    let (status, answer) = request(&server.address, &line, &[], body.as_bytes())
        .await
        .expect("an answer");
    assert_eq!(status, 200);
    let text = passive(&answer, Some("wxapp")).expect("a text");
    assert!(text.contains("工资"), "{text}");
    let (line, body) = sealed("corp", "ww1", &text_xml("zhangsan", "1", "你好"));
    let (_, answer) = request(&server.address, &line, &[], body.as_bytes())
        .await
        .expect("an answer");
    assert!(passive(&answer, Some("ww1")).is_some());
    // A menu event that needs nothing.
    let (status, answer) = say(&server.address, "plain", &event_xml("o1", "VIEW"))
        .await
        .expect("an answer");
    assert_eq!((status, answer.as_str()), (200, "success"));
    let (_, answer) = say(&server.address, "plain", &event_xml("o9", "subscribe"))
        .await
        .expect("an answer");
    assert!(
        passive(&answer, None)
            .expect("a greeting")
            .contains("开始之前")
    );
}

#[tokio::test]
async fn copies_and_replays_are_answered_once() {
    let setup = Setup::new().await;
    let server = setup.start();
    for round in 0..5 {
        let xml = text_xml("o1", &format!("{round}"), "你好");
        let line = plain_line("POST", "plain", "");
        let copies = (0..8).map(|_| {
            let (address, line, xml) = (server.address.clone(), line.clone(), xml.clone());
            tokio::spawn(async move { request(&address, &line, &[], xml.as_bytes()).await })
        });
        let mut texts = 0;
        for copy in copies.collect::<Vec<_>>() {
            let (status, answer) = copy.await.expect("ends").expect("an answer");
            assert_eq!(status, 200);
            texts += usize::from(passive(&answer, None).is_some());
        }
        let replayed = request(&server.address, &line, &[], xml.as_bytes())
            .await
            .expect("an answer");
        assert_eq!(replayed, (200, "success".into()));
        // What did not fit into the answer, and nothing twice.
        assert!(texts <= 1);
        let sent = setup
            .platform
            .taken(SEND)
            .into_iter()
            .map(|c| content(&c))
            .collect::<Vec<_>>();
        assert_eq!(sent.len(), sent.iter().collect::<HashSet<_>>().len());
        assert!(texts == 1 || !sent.is_empty(), "answered");
    }
    drop(server);
    let conversations = setup.conversations().await;
    assert_eq!(conversations.len(), 1);
    assert_eq!(conversations[0].0.len(), 5, "each message once");
}

#[tokio::test]
async fn bad_requests_are_refused_counted_and_never_logged() {
    let setup = Setup::new().await;
    let server = setup.start();
    let at = &server.address;
    const SECRET: &str = "绝密的话";
    let post = async |line: &str, body: &str| {
        request(at, line, &[], body.as_bytes())
            .await
            .expect("an answer")
            .0
    };
    let good = text_xml("openid-77", "1", SECRET);
    let line = plain_line("POST", "plain", "");
    let dtd = format!("<!DOCTYPE x [<!ENTITY a \"{SECRET}\">]>{good}");
    assert_eq!(post(&line, &dtd).await, 400);
    assert_eq!(
        post(
            &line,
            &good
                .replace(SECRET, "&a;")
                .replace("<![CDATA[&a;]]>", "&a;")
        )
        .await,
        400
    );
    assert_eq!(post(&line, &good[..good.len() / 2]).await, 400);
    assert_eq!(
        post(
            &line,
            &format!("{good}{}", " ".repeat(262_145 - good.len()))
        )
        .await,
        413
    );
    assert_eq!(post(&line.replace("nonce=", "nonce=1"), &good).await, 403);
    let stale = (now_s() - 8_000).to_string();
    let signature = faxun::channels::crypto::sorted_sha1(&[TOKEN, &stale, "1"]);
    let stale = format!("POST /channels/plain?signature={signature}&timestamp={stale}&nonce=1");
    assert_eq!(post(&stale, &good).await, 403);
    let (sealed_line, sealed_body) = sealed("safe", "wxapp", &good);
    assert_eq!(
        post(&plain_line("POST", "safe", ""), &good).await,
        400,
        "plain text in safe mode"
    );
    assert_eq!(
        post(&sealed_line, &sealed_body.replace("CDATA[", "CDATA[A")).await,
        403
    );
    let (other_line, other_body) = sealed("safe", "wx-other", &good);
    assert_eq!(
        post(&other_line, &other_body).await,
        403,
        "for another account"
    );
    let timestamp = now_s().to_string();
    let headers = [
        ("webhook-id", "m1"),
        ("webhook-timestamp", timestamp.as_str()),
        ("webhook-signature", "v1,AAAA"),
    ];
    let forged = request(at, "POST /channels/partner", &headers, SECRET.as_bytes())
        .await
        .expect("an answer");
    assert_eq!(forged.0, 403);
    let (_, metrics) = server.get("/metrics").await;
    for line in [
        "faxun_channel_inbound_total{channel=\"plain\",outcome=\"malformed\"} 3",
        "faxun_channel_inbound_total{channel=\"plain\",outcome=\"forged\"} 1",
        "faxun_channel_inbound_total{channel=\"plain\",outcome=\"stale\"} 1",
        "faxun_channel_inbound_total{channel=\"safe\",outcome=\"not_ours\"} 1",
        "faxun_channel_inbound_total{channel=\"partner\",outcome=\"forged\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
    let accepted = say(at, "mini", &good).await.expect("an answer");
    assert_eq!(accepted.0, 200);
    setup.platform.wait_taken(SEND, 1).await;
    drop(server);
    let log = setup.log();
    assert!(log.contains("forged"), "refusals are logged");
    for secret in [SECRET, TOKEN, AES_KEY, "openid-77", "token1"] {
        assert!(!log.contains(secret), "{secret} was logged");
    }
    let conversations = setup.conversations().await;
    assert_eq!(conversations.len(), 1, "the refused made none");
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_and_a_closed_window_waits_for_the_person() {
    let setup = Setup::new().await;
    let server = setup.start();
    let at = &server.address;
    let platform = &setup.platform;
    assert_eq!(
        say(at, "mini", &text_xml("o1", "1", "你好")).await,
        Some((200, "success".into()))
    );
    platform.wait_taken(SEND, 1).await;
    settled(&server).await;
    platform.expire_token();
    say(at, "mini", &text_xml("o1", "2", "谢谢"))
        .await
        .expect("an answer");
    settled(&server).await;
    assert_eq!(platform.calls(TOKENS).len(), 2, "one more token");
    assert_eq!(
        platform.calls(SEND).iter().filter(|c| !c.token_ok).count(),
        1
    );

    let before = platform.taken(SEND).len();
    assert!(before >= 2, "both were answered");
    platform.script(SEND, json!({"errcode": -1}));
    platform.script(SEND, json!({"errcode": 45_009, "errmsg": "later"}));
    say(at, "mini", &text_xml("o2", "1", "你好"))
        .await
        .expect("an answer");
    platform.wait_calls(SEND, 3 + before).await;
    // 45009 waits a minute; the person's next message does not.
    say(at, "mini", &text_xml("o2", "2", "谢谢"))
        .await
        .expect("an answer");
    platform.wait_taken(SEND, before + 1).await;
    settled(&server).await;

    platform.script(SEND, json!({"errcode": 45_015}));
    let before = platform.taken(SEND).len();
    let calls = platform.calls(SEND).len();
    say(at, "mini", &text_xml("o3", "1", "你好"))
        .await
        .expect("an answer");
    platform.wait_calls(SEND, calls + 1).await;
    say(at, "mini", &text_xml("o3", "2", "谢谢"))
        .await
        .expect("an answer");
    let after = platform.wait_taken(SEND, before + 1).await;
    let texts: String = after[before..].iter().map(content).collect();
    assert!(
        texts.contains("开始之前"),
        "what waited came with it: {texts}"
    );
}

#[tokio::test]
async fn what_the_platform_refuses_is_listed_and_can_be_sent_again() {
    let setup = Setup::new().await;
    support::add_staff(&setup.data, "li", "consultant");
    let server = setup.start();
    let at = &server.address;
    setup.platform.script(SEND, json!({"errcode": 48_001}));
    say(at, "mini", &text_xml("o1", "1", "你好"))
        .await
        .expect("an answer");
    setup.platform.wait_calls(SEND, 1).await;
    assert_eq!(
        request(at, "GET /api/v1/outbox", &[], b"")
            .await
            .expect("an answer")
            .0,
        401
    );
    let cookie = support::cookie_of(at, "li").await;
    let headers = [("Cookie", cookie.as_str())];
    let dead = loop {
        let (status, body) = request(at, "GET /api/v1/outbox", &headers, b"")
            .await
            .expect("an answer");
        assert_eq!(status, 200);
        let body: Value = serde_json::from_str(&body).expect("JSON");
        if let Some(one) = body["dead"].get(0) {
            break one.clone();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(dead["code"], "48001");
    assert_eq!(dead["channel"], "mini");
    let resend = format!(
        "POST /api/v1/outbox/{}/resend",
        dead["id"].as_str().expect("an id")
    );
    assert_eq!(
        request(at, &resend, &headers, b"")
            .await
            .expect("an answer")
            .0,
        202
    );
    let taken = setup.platform.wait_taken(SEND, 1).await;
    assert_eq!(taken[0].body["touser"], "o1");
    assert_eq!(
        request(at, &resend, &headers, b"")
            .await
            .expect("an answer")
            .0,
        404,
        "once"
    );
    let nothing = request(at, "POST /api/v1/outbox/nonsense/resend", &headers, b"").await;
    assert_eq!(nothing.expect("an answer").0, 404);
}

#[tokio::test]
async fn long_answers_keep_to_bytes_and_quota_and_the_rest_comes_when_asked_for() {
    let setup = Setup::new().await;
    let server = setup.start();
    let at = &server.address;
    // An account that may not send by itself: one part in the answer, the rest with the next.
    let mut whole = String::new();
    let (_, answer) = say(at, "mute", &text_xml("o1", "1", "单位拖欠工资怎么办"))
        .await
        .expect("an answer");
    let mut text = passive(&answer, None).expect("a text");
    let mut id = 2;
    while text.contains("回复“继续”") {
        assert!(text.len() <= 2048);
        whole.push_str(text.split("\n（未完").next().unwrap_or_default());
        let (_, answer) = say(at, "mute", &text_xml("o1", &id.to_string(), "继续"))
            .await
            .expect("an answer");
        text = passive(&answer, None).expect("the rest");
        id += 1;
    }
    whole.push_str(&text);
    assert!(
        id > 2,
        "the answer and the notice are longer than one part: {whole}"
    );
    assert!(whole.contains("工资") && whole.contains("110"), "{whole}");
    assert!(setup.platform.calls(SEND).is_empty());
    drop(server);
    assert_eq!(
        setup.conversations().await[0].0,
        ["单位拖欠工资怎么办"],
        "继续 is no question"
    );
}

#[tokio::test]
async fn pictures_are_kept_as_pictures_and_answered_with_what_to_do() {
    let setup = Setup::new().await;
    let server = setup.start();
    let xml = text_xml("o1", "1", "x")
        .replace("[text]", "[image]")
        .replace("<AgentID>", "<MediaId>m1</MediaId><AgentID>");
    let (_, answer) = say(&server.address, "plain", &xml)
        .await
        .expect("an answer");
    assert!(passive(&answer, None).expect("a text").contains("图片"));
}

#[tokio::test]
async fn a_signed_webhook_goes_both_ways() {
    let setup = Setup::new().await;
    let server = setup.start();
    let body = json!({"account": "u1", "kind": "text", "text": "你好"}).to_string();
    let (status, _) = webhook(&server.address, "m1", &body)
        .await
        .expect("an answer");
    assert_eq!(status, 200);
    webhook(&server.address, "m1", &body)
        .await
        .expect("an answer");
    let calls = setup.platform.wait_taken("/partner", 1).await;
    let header = |name: &str| calls[0].headers[name].to_str().expect("text").to_owned();
    let signed = webhook_signature(
        &header("webhook-id"),
        &header("webhook-timestamp"),
        &calls[0].raw,
    );
    assert_eq!(header("webhook-signature"), signed);
    assert_eq!(calls[0].body["account"], "u1");
    assert_eq!(calls.len(), 1);
    let bad = webhook(&server.address, "m2", "{\"kind\":\"text\"}")
        .await
        .expect("an answer");
    assert_eq!(bad.0, 400);
    assert!(bad.1.contains("account"), "{}", bad.1);
}

#[tokio::test]
async fn dingtalk_answers_at_its_own_addresses_only() {
    const BATCH: &str = "/v1.0/robot/oToMessages/batchSend";
    let setup = Setup::new().await;
    let elsewhere = Platform::start().await;
    let server = setup.start();
    let message = |id: &str, url: &str| {
        json!({
            "msgtype": "text", "text": {"content": "你好"}, "msgId": id, "conversationType": "1", "senderStaffId": "s1",
            "sessionWebhook": url, "sessionWebhookExpiredTime": faxun::clock::now_ms() + 3_600_000,
        })
    };
    let session = format!("{}/robot/sendBySession", setup.platform.url);
    assert_eq!(
        ding(&server.address, &message("1", &session))
            .await
            .expect("an answer")
            .0,
        200
    );
    let calls = setup.platform.wait_taken("/robot/sendBySession", 1).await;
    assert_eq!(calls[0].body["msgtype"], "text");
    setup
        .platform
        .script("/robot/sendBySession", json!({"errcode": 300_001}));
    settled(&server).await;
    ding(&server.address, &message("2", &session))
        .await
        .expect("an answer");
    setup.platform.wait_taken(BATCH, 1).await;
    for url in [
        format!("{}/steal", elsewhere.url),
        format!("{}@evil.example/", setup.platform.url),
    ] {
        ding(&server.address, &message(&url, &url))
            .await
            .expect("an answer");
        settled(&server).await;
    }
    assert_eq!(
        setup.platform.taken("/robot/sendBySession").len(),
        3,
        "the known address goes on"
    );
    assert_eq!(
        setup.platform.calls(BATCH)[0].body["userIds"],
        json!(["s1"])
    );
    assert!(
        elsewhere.calls("/steal").is_empty(),
        "an address of a request is not followed"
    );
    let mut group = message("9", &session);
    group["conversationType"] = "2".into();
    assert_eq!(
        ding(&server.address, &group).await.expect("an answer").0,
        200
    );
    settled(&server).await;
    assert_eq!(
        setup.platform.calls("/robot/sendBySession").len(),
        4,
        "not in a group"
    );
}

/// The platform's end of a stream.
struct Gateway(tokio_tungstenite::WebSocketStream<tokio::net::TcpStream>);

impl Gateway {
    async fn accept(listener: &tokio::net::TcpListener) -> Gateway {
        use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
        let accept = async {
            let (stream, _) = listener.accept().await.expect("a connection");
            #[allow(clippy::result_large_err, reason = "the library's signature")]
            let check = |request: &Request, response: Response| {
                assert_eq!(request.uri().query(), Some("ticket=t%201"));
                Ok(response)
            };
            tokio_tungstenite::accept_hdr_async(stream, check).await.expect("a handshake")
        };
        Gateway(tokio::time::timeout(support::PATIENCE, accept).await.expect("in time"))
    }

    async fn send(&mut self, kind: &str, topic: &str, id: &str, data: &Value) {
        use futures_util::SinkExt as _;
        let frame = json!({
            "specVersion": "1.0", "type": kind, "headers": {"topic": topic, "messageId": id}, "data": data.to_string(),
        });
        let frame = tokio_tungstenite::tungstenite::Message::text(frame.to_string());
        self.0.send(frame).await.expect("sends");
    }

    async fn ack(&mut self) -> Value {
        use futures_util::StreamExt as _;
        let frame = tokio::time::timeout(support::PATIENCE, self.0.next()).await.expect("in time");
        serde_json::from_str(frame.expect("open").expect("a frame").to_text().expect("text")).expect("JSON")
    }
}

#[tokio::test]
async fn dingtalk_s_stream_is_acknowledged_when_durable_and_replaced_without_a_gap() {
    const OPEN: &str = "/v1.0/gateway/connections/open";
    const BATCH: &str = "/v1.0/robot/oToMessages/batchSend";
    const TOPIC: &str = "/v1.0/im/bot/messages/get";
    let setup = Setup::with(&[("dingtalk", "stream", "app_id = \"dingkey\"\nstream = true")]).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("ws://{}/connect", listener.local_addr().expect("an address"));
    // The first try fails: it is tried again.
    setup.platform.script(OPEN, json!({"code": "ServiceUnavailable"}));
    setup.platform.fix(OPEN, json!({"endpoint": endpoint, "ticket": "t 1"}));
    let server = setup.start();
    let mut old = Gateway::accept(&listener).await;
    assert_eq!(setup.platform.calls(OPEN)[1].body["subscriptions"][0]["topic"], TOPIC);
    old.send("SYSTEM", "ping", "p1", &json!({"opaque": "x"})).await;
    let pong = old.ack().await;
    assert_eq!(pong["headers"]["messageId"], "p1");
    assert_eq!(pong["data"], "{\"opaque\":\"x\"}");
    let message = |id: &str| json!({"msgtype": "text", "text": {"content": "你好"}, "msgId": id, "conversationType": "1", "senderStaffId": "s1"});
    for id in ["a", "again"] {
        old.send("CALLBACK", TOPIC, id, &message("1")).await;
        let ack = old.ack().await;
        assert_eq!((&ack["code"], &ack["headers"]["messageId"]), (&json!(200), &json!(id)));
    }
    settled(&server).await;
    assert_eq!(setup.platform.taken(BATCH).len(), 1, "the repeat is not answered again");
    old.send("SYSTEM", "disconnect", "d1", &json!({"reason": "maintenance"})).await;
    let mut new = Gateway::accept(&listener).await;
    old.send("CALLBACK", TOPIC, "b", &message("2")).await;
    assert_eq!(old.ack().await["headers"]["messageId"], "b", "the old one is read to its end");
    drop(old);
    new.send("CALLBACK", TOPIC, "c", &message("3")).await;
    assert_eq!(new.ack().await["headers"]["messageId"], "c");
    settled(&server).await;
    drop(new);
    Gateway::accept(&listener).await;
    drop(server);
    assert_eq!(setup.conversations().await[0].0.len(), 3);
    assert_eq!(setup.undelivered().await, 0);
}

#[tokio::test]
async fn feishu_events_are_verified_opened_and_answered_once() {
    const MESSAGES: &str = "/open-apis/im/v1/messages";
    let setup = Setup::new().await;
    let server = setup.start();
    let at = &server.address;
    let fixture: HashMap<String, String> =
        serde_json::from_str(include_str!("fixtures/channels/lark.json")).expect("a fixture");
    let challenge = request(
        at,
        "POST /channels/lark",
        &[],
        fixture["url_verification"].as_bytes(),
    )
    .await;
    let challenge = challenge.expect("an answer");
    assert_eq!(
        challenge,
        (200, "{\"challenge\":\"ajls384kdjx98XX\"}".into())
    );
    let forged = request(
        at,
        "POST /channels/lark",
        &[],
        fixture["url_verification_forged"].as_bytes(),
    )
    .await;
    assert_eq!(forged.expect("an answer").0, 403);
    let unsigned = request(
        at,
        "POST /channels/lark",
        &[],
        fixture["message"].as_bytes(),
    )
    .await;
    assert_eq!(unsigned.expect("an answer").0, 403);
    assert_eq!(
        lark(at, &fixture["message"], "another key")
            .await
            .expect("an answer")
            .0,
        403
    );
    for _ in 0..3 {
        assert_eq!(
            lark(at, &fixture["message"], LARK_KEY)
                .await
                .expect("an answer")
                .0,
            200
        );
    }
    assert_eq!(
        lark(at, &fixture["group"], LARK_KEY)
            .await
            .expect("an answer")
            .0,
        200
    );
    setup.platform.wait_taken(MESSAGES, 1).await;
    settled(&server).await;
    let calls = setup.platform.calls(MESSAGES);
    assert_eq!(calls[0].body["receive_id"], "ou_1");
    assert_eq!(calls[0].body["uuid"].as_str().map(str::len), Some(32));
    let inner: Value =
        serde_json::from_str(calls[0].body["content"].as_str().expect("a string")).expect("JSON");
    assert!(inner["text"].as_str().is_some_and(|t| !t.is_empty()));
    assert_eq!(calls.len(), 1);
}

#[tokio::test]
async fn feishu_s_long_connection_joins_parts_and_acknowledges_what_is_durable() {
    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio_tungstenite::tungstenite::Message as Frame;
    const OPEN: &str = "/callback/ws/endpoint";
    const MESSAGES: &str = "/open-apis/im/v1/messages";
    let setup = Setup::with(&[("feishu", "long", "app_id = \"cli_1\"\nstream = true")]).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}/ws?device_id=1&service_id=33554678", listener.local_addr().expect("an address"));
    let open = json!({"code": 0, "data": {"URL": url, "ClientConfig": {"PingInterval": 120}}});
    setup.platform.fix(OPEN, open);
    let server = setup.start();
    let (stream, _) = listener.accept().await.expect("a connection");
    let mut socket = tokio_tungstenite::accept_async(stream).await.expect("a handshake");
    let frames: HashMap<String, String> =
        serde_json::from_str(include_str!("fixtures/channels/lark_frames.json")).expect("a fixture");
    let bytes = |name: &str| -> Vec<u8> {
        let hex = &frames[name];
        let byte = |i| u8::from_str_radix(&hex[i..i + 2], 16).expect("hex");
        (0..hex.len()).step_by(2).map(byte).collect()
    };
    let ping = socket.next().await.expect("open").expect("a frame");
    assert_eq!(ping, Frame::binary(bytes("ping")), "as the vendor's library pings");
    for name in ["event", "event", "second_half", "first_half"] {
        socket.send(Frame::binary(bytes(name))).await.expect("sends");
        if name == "second_half" {
            continue;
        }
        let ack = tokio::time::timeout(support::PATIENCE, socket.next()).await.expect("in time");
        let ack = ack.expect("open").expect("a frame").into_data();
        let holds = |part: &[u8]| ack.windows(part.len()).any(|w| w == part);
        assert!(holds(b"\"code\":200"), "{ack:?}");
    }
    setup.platform.wait_taken(MESSAGES, 1).await;
    settled(&server).await;
    let calls = setup.platform.taken(MESSAGES);
    assert!(calls.len() <= 2, "the repeat is not answered");
    assert!(calls.iter().all(|c| c.body["receive_id"] == "ou_9"));
    drop(server);
    assert_eq!(setup.conversations().await[0].0.len(), 2);
    assert_eq!(setup.undelivered().await, 0);
}

#[tokio::test]
async fn kf_messages_are_fetched_to_the_end_and_the_cursor_survives() {
    const SYNC: &str = "/cgi-bin/kf/sync_msg";
    const KF: &str = "/cgi-bin/kf/send_msg";
    let setup = Setup::new().await;
    let mut server = setup.start();
    setup.platform.wait_calls(SYNC, 1).await;
    let message = |id: &str, origin: u32, age_s: i64| {
        json!({
            "msgid": id, "open_kfid": "wk1", "external_userid": "wm1", "send_time": now_s() - age_s,
            "origin": origin, "msgtype": "text", "text": {"content": "你好"},
        })
    };
    let page = |cursor: &str, more: u32, list: Vec<Value>| json!({"errcode": 0, "next_cursor": cursor, "has_more": more, "msg_list": list});
    let old = message("old", 3, 100_000);
    setup.platform.script(
        SYNC,
        page(
            "c1",
            1,
            vec![old, message("a", 3, 0), message("staff", 5, 0)],
        ),
    );
    setup.platform.script(
        SYNC,
        page("c2", 0, vec![message("a", 3, 0), message("b", 3, 0)]),
    );
    let notice = "<xml><MsgType>event</MsgType><Event>kf_msg_or_event</Event><Token>t9</Token><OpenKfId>wk1</OpenKfId></xml>";
    let (line, body) = sealed("kf", "ww1", notice);
    assert_eq!(
        request(&server.address, &line, &[], body.as_bytes())
            .await
            .expect("an answer")
            .0,
        200
    );
    setup.platform.wait_taken(KF, 1).await;
    setup.platform.wait_calls(SYNC, 3).await;
    let fetched = setup.platform.calls(SYNC);
    assert_eq!(fetched[1].body["token"], "t9");
    assert_eq!(fetched[2].body["cursor"], "c1");
    settled(&server).await;
    let sent = setup.platform.taken(KF);
    let failed = json!({
        "msgid": "f1", "send_time": now_s(), "origin": 4, "msgtype": "event",
        "event": {
            "event_type": "msg_send_fail", "external_userid": "wm1", "open_kfid": "wk1",
            "fail_msgid": sent[0].body["msgid"], "fail_type": 6,
        },
    });
    setup.platform.script(SYNC, page("c3", 0, vec![failed]));
    let (line, body) = sealed("kf", "ww1", notice);
    request(&server.address, &line, &[], body.as_bytes()).await.expect("an answer");
    setup.platform.wait_calls(SYNC, 4).await;
    setup.platform.script(SYNC, page("c4", 0, vec![message("c", 3, 0)]));
    let (line, body) = sealed("kf", "ww1", notice);
    request(&server.address, &line, &[], body.as_bytes()).await.expect("an answer");
    let again = setup.platform.wait_taken(KF, sent.len() + 2).await;
    let same = |c: &platform::Call| content(c) == content(&sent[0]);
    assert!(again[sent.len()..].iter().any(same), "it is sent when the person writes");
    server.terminate();
    let server = setup.start();
    setup.platform.wait_calls(SYNC, 6).await;
    let goes_on = setup.platform.calls(SYNC)[5].body["cursor"].clone();
    assert_eq!(goes_on, "c4", "goes on where it was");
    drop(server);
    let conversations = setup.conversations().await;
    assert_eq!(conversations.len(), 1);
    assert_eq!(
        conversations[0].0.len(),
        3,
        "each once, nothing old, nothing of staff"
    );
}

/// A consultant's socket.
struct Desk(
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>,
);

impl Desk {
    async fn open(server: &Server, staff: &str) -> Desk {
        use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
        let cookie = support::cookie_of(&server.address, staff).await;
        let mut request = format!("ws://{}/desk/ws", server.address)
            .into_client_request()
            .expect("an address");
        request
            .headers_mut()
            .insert("cookie", cookie.parse().expect("a header"));
        let protocol = faxun::wire::DESK_PROTOCOL.parse().expect("a header");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        Desk(
            tokio_tungstenite::connect_async(request)
                .await
                .expect("accepted")
                .0,
        )
    }

    async fn send(&mut self, frame: Value) {
        use futures_util::SinkExt as _;
        let frame = tokio_tungstenite::tungstenite::Message::text(frame.to_string());
        self.0.send(frame).await.expect("sends");
    }

    /// The next frame of a type that holds.
    async fn until(&mut self, name: &str, holds: impl Fn(&Value) -> bool) -> Value {
        use futures_util::StreamExt as _;
        let look = async {
            loop {
                let frame = self.0.next().await.expect("open").expect("a frame");
                let frame: Value =
                    serde_json::from_str(frame.to_text().unwrap_or("{}")).unwrap_or(Value::Null);
                if frame["type"] == name && holds(&frame) {
                    return frame;
                }
            }
        };
        tokio::time::timeout(support::PATIENCE, look)
            .await
            .expect("the frame comes")
    }
}

#[tokio::test]
async fn the_desk_sees_the_platform_what_was_delivered_and_what_is_left() {
    let setup = Setup::new().await;
    support::add_staff(&setup.data, "li", "consultant");
    let server = setup.start();
    let at = &server.address;
    let mut desk = Desk::open(&server, "li").await;
    say(at, "mini", &text_xml("o1", "1", "转人工"))
        .await
        .expect("an answer");
    let waits = |f: &Value| {
        f["waiting"]
            .get(0)
            .is_some_and(|i| i["channel"] == "小程序客服")
    };
    let queue = desk.until("queue", waits).await;
    let conversation = queue["waiting"][0]["conversation"].clone();
    desk.send(json!({"type": "open", "conversation": conversation}))
        .await;
    desk.until("delivery", |f| f["channel"] == "mini").await;
    desk.send(json!({"type": "take", "id": "t1", "conversation": conversation}))
        .await;
    desk.until("ack", |f| f["id"] == "t1").await;
    let taken = async {
        while !setup.platform.taken(SEND).iter().any(|c| content(c).contains("li")) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(support::PATIENCE, taken).await.expect("the citizen reads who took it");
    setup.platform.script(SEND, json!({"errcode": 45_047}));
    desk.send(
        json!({"type": "reply", "id": "r1", "conversation": conversation, "text": "您好，请说"}),
    )
    .await;
    let held = desk.until("delivery", |f| f["state"] == "held").await;
    assert_eq!(held["code"], "45047");
    say(at, "mini", &text_xml("o1", "2", "在吗"))
        .await
        .expect("an answer");
    let done = desk.until("delivery", |f| f["state"] == "delivered").await;
    assert!(
        done["left"].as_u64().is_some_and(|left| left <= 4),
        "{done}"
    );
    let texts: String = setup.platform.taken(SEND).iter().map(content).collect();
    assert_eq!(
        texts.matches("【咨询员 li】您好，请说").count(),
        1,
        "{texts}"
    );
    desk.send(json!({"type": "close", "id": "c1", "conversation": conversation, "reason": "", "topic": ""})).await;
    desk.until("ack", |f| f["id"] == "c1").await;
    settled(&server).await;
    say(at, "mini", &text_xml("o1", "3", "你好"))
        .await
        .expect("an answer");
    settled(&server).await;
    drop(server);
    assert_eq!(setup.undelivered().await, 0);
    assert_eq!(
        setup.conversations().await.len(),
        2,
        "a new one after closing"
    );
}

/// Accounts that write while the server is killed again and again.
const ACCOUNTS: usize = 24;
const KILLS: u32 = 5;

/// Posts until the platform would stop: an answer with 200. Gives the acknowledged texts.
async fn writer(
    address: String,
    account: usize,
    stop: std::sync::Arc<std::sync::atomic::AtomicBool>,
) -> Vec<String> {
    let mut acked = Vec::new();
    let mut number = 0;
    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
        number += 1;
        let text = format!("你好{}", "！".repeat(number % 5));
        let xml = text_xml(
            &format!("o{account}"),
            &format!("{account}00{number}"),
            &text,
        );
        while !matches!(say(&address, "mini", &xml).await, Some((200, _))) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        acked.push(text);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..30))).await;
    }
    acked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_messages_survive_kill_9_are_handled_once_and_answered() {
    let setup = Setup::new().await;
    let mut server = setup.start();
    let address = server.address.clone();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writers: Vec<_> = (0..ACCOUNTS)
        .map(|account| {
            tokio::spawn(writer(
                address.clone(),
                account,
                std::sync::Arc::clone(&stop),
            ))
        })
        .collect();
    for _ in 0..rounds(KILLS) {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(150..900))).await;
        server.kill();
        server = setup.start_at(&address);
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut acked = Vec::new();
    for writer in writers {
        acked.push(writer.await.expect("ends"));
    }
    settled(&server).await;
    server.terminate();
    assert_eq!(setup.undelivered().await, 0);
    let conversations = setup.conversations().await;
    assert_eq!(conversations.len(), ACCOUNTS);
    let total: usize = acked.iter().map(Vec::len).sum();
    println!("{total} acknowledged messages over {} kills", rounds(KILLS));
    for (said, others) in &conversations {
        assert!(*others >= said.len(), "each was answered");
    }
    let mut said: Vec<_> = conversations.into_iter().map(|(said, _)| said).collect();
    said.sort();
    acked.sort();
    assert_eq!(said, acked, "each once, in order");
    let reached: HashSet<String> = setup
        .platform
        .taken(SEND)
        .iter()
        .map(|c| c.body["touser"].to_string())
        .collect();
    assert_eq!(reached.len(), ACCOUNTS);
}
