//! 钉钉, 飞书, 微信客服 and the signed webhook.

use crate::driver::{LARK_KEY, ding, lark, now_s, request, sealed, webhook, webhook_signature};
use crate::platform::{self, Platform};
use crate::setup::{Setup, content, settled};
use serde_json::{Value, json};
use std::collections::HashMap;

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

#[tokio::test]
async fn feishu_events_are_verified_opened_and_answered_once() {
    const MESSAGES: &str = "/open-apis/im/v1/messages";
    let setup = Setup::new().await;
    let server = setup.start();
    let at = &server.address;
    let fixture: HashMap<String, String> =
        serde_json::from_str(include_str!("../fixtures/channels/lark.json")).expect("a fixture");
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
    request(&server.address, &line, &[], body.as_bytes())
        .await
        .expect("an answer");
    setup.platform.wait_calls(SYNC, 4).await;
    setup
        .platform
        .script(SYNC, page("c4", 0, vec![message("c", 3, 0)]));
    let (line, body) = sealed("kf", "ww1", notice);
    request(&server.address, &line, &[], body.as_bytes())
        .await
        .expect("an answer");
    let again = setup.platform.wait_taken(KF, sent.len() + 2).await;
    let same = |c: &platform::Call| content(c) == content(&sent[0]);
    assert!(
        again[sent.len()..].iter().any(same),
        "it is sent when the person writes"
    );
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
