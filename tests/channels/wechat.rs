//! 微信公众号, 小程序 and what all platforms share: copies, forgeries, quotas, tokens.

use crate::driver::{
    AES_KEY, TOKEN, event_xml, now_s, passive, plain_line, request, say, sealed, text_xml,
};
use crate::setup::{SEND, Setup, TOKENS, content, settled};
use serde_json::json;
use std::collections::HashSet;

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
