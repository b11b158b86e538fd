//! Accounts at the desk, and what citizens may ask of their own data.

mod support;

use faxun::dialogue::nouns::Body;
use serde_json::json;
use std::process::Stdio;
use support::staff::{PASSWORD, Staff, add, ask};
use support::{Client, Data, Server, command};

fn run(data: &Data, args: &[&str]) -> (bool, String) {
    let output = command(data)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("runs");
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

#[tokio::test]
async fn a_changed_password_ends_other_sign_ins_and_is_wanted_from_then_on() {
    let data = Data::new();
    add(&data, "li", "consultant");
    let server = Server::start(&data);
    let (one, other) = (
        Staff::sign_in(&server, "li").await,
        Staff::sign_in(&server, "li").await,
    );
    let change = |old: &str, new: &str| json!({ "old": old, "new": new });
    let wrong = one
        .ask(
            "POST",
            "/desk/password",
            Some(&change("wrong", "another horse")),
        )
        .await;
    assert_eq!(wrong.status, 403);
    let weak = one
        .ask("POST", "/desk/password", Some(&change(PASSWORD, "short")))
        .await;
    assert_eq!(weak.status, 422);
    let done = one
        .ask(
            "POST",
            "/desk/password",
            Some(&change(PASSWORD, "another horse")),
        )
        .await;
    assert_eq!(done.status, 204);
    assert_eq!(other.ask("GET", "/desk/session", None).await.status, 401);
    let fresh = format!("Cookie: {}", done.cookie.expect("a new session"));
    assert_eq!(
        ask(&server.address, "GET", "/desk/session", &[fresh], None)
            .await
            .status,
        200
    );
    let old = json!({ "name": "li", "password": PASSWORD });
    assert_eq!(
        ask(&server.address, "POST", "/desk/session", &[], Some(&old))
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    let data = Data::new();
    add(&data, "li", "consultant");
    let env = [("FAXUN_LIMITS__SIGN_INS_PER_MINUTE", "0")];
    let server = Server::start_at(&data, "127.0.0.1:0", &env);
    let wrong = json!({ "name": "li", "password": "wrong horse battery" });
    for n in 0..6 {
        let status = ask(&server.address, "POST", "/desk/session", &[], Some(&wrong))
            .await
            .status;
        assert_eq!(status, 401, "{n}");
    }
    assert_eq!(
        ask(&server.address, "POST", "/desk/session", &[], Some(&wrong))
            .await
            .status,
        429
    );
    let right = json!({ "name": "li", "password": PASSWORD });
    let status = ask(&server.address, "POST", "/desk/session", &[], Some(&right))
        .await
        .status;
    assert_eq!(status, 429, "the right one is not looked at either");
}

#[tokio::test]
async fn nothing_is_changed_from_another_site() {
    let data = Data::new();
    add(&data, "li", "consultant");
    let server = Server::start(&data);
    let li = Staff::sign_in(&server, "li").await;
    let cookie = format!("Cookie: {}", li.cookie);
    let body = json!({ "id": "1", "act": { "kind": "reviewed" }, "password": "x", "old": "x", "new": "x" });
    for (method, path) in [
        ("POST", "/desk/session"),
        ("DELETE", "/desk/session"),
        ("POST", "/desk/password"),
        ("POST", "/desk/totp"),
        ("PUT", "/desk/totp"),
        ("DELETE", "/desk/totp"),
        ("POST", "/api/v1/tickets/00000000000000000000000000000000"),
    ] {
        for foreign in ["Origin: https://evil.example", "Sec-Fetch-Site: cross-site"] {
            let headers = [cookie.clone(), foreign.to_owned()];
            let answer = ask(&server.address, method, path, &headers, Some(&body)).await;
            assert_eq!(answer.status, 403, "{method} {path} {foreign}");
        }
    }
    assert_eq!(
        li.ask("GET", "/desk/session", None).await.status,
        200,
        "still signed in"
    );
    // A form of another site can send no JSON.
    let headers = [
        cookie,
        "Content-Type: text/plain".to_owned(),
        "Content-Length: 0".to_owned(),
    ];
    let answer = ask(&server.address, "POST", "/desk/password", &headers, None).await;
    assert_eq!(answer.status, 415);
}

#[tokio::test]
async fn a_second_factor_is_asked_for_once_it_is_confirmed() {
    let data = Data::new();
    add(&data, "li", "consultant");
    let server = Server::start(&data);
    let li = Staff::sign_in(&server, "li").await;
    let secret = li.ask("POST", "/desk/totp", None).await.body["secret"].clone();
    let secret = secret.as_str().expect("a secret").to_owned();
    let right = json!({ "name": "li", "password": PASSWORD });
    let sign_in = |body: serde_json::Value| {
        let server = &server;
        async move { ask(&server.address, "POST", "/desk/session", &[], Some(&body)).await }
    };
    assert_eq!(
        sign_in(right.clone()).await.status,
        204,
        "not before it is confirmed"
    );
    let code = |ahead_ms: i64| {
        let at_ms = faxun::clock::now_ms() + ahead_ms;
        faxun::people::totp::code(&secret, at_ms).expect("base 32")
    };
    let wrong = if code(0) == "000000" {
        "000001"
    } else {
        "000000"
    };
    let confirm = |code: &str| json!({ "password": PASSWORD, "secret": secret, "code": code });
    let refused = li.ask("PUT", "/desk/totp", Some(&confirm(wrong))).await;
    assert_eq!(refused.status, 422);
    let first = code(0);
    let done = li.ask("PUT", "/desk/totp", Some(&confirm(&first))).await;
    assert_eq!(done.status, 204, "{done:?}");
    let needed = sign_in(right.clone()).await;
    assert_eq!(
        (needed.status, needed.body["code"].as_str()),
        (401, Some("code_needed"))
    );
    let with = |code: &str| json!({ "name": "li", "password": PASSWORD, "code": code });
    assert_eq!(sign_in(with(wrong)).await.status, 401);
    assert_eq!(
        sign_in(with(&first)).await.status,
        401,
        "a code counts once"
    );
    // The next step's code is taken already: clocks may be half a minute off.
    assert_eq!(sign_in(with(&code(30_000))).await.status, 204);
    let off = json!({ "password": PASSWORD });
    assert_eq!(li.ask("DELETE", "/desk/totp", Some(&off)).await.status, 204);
    assert_eq!(sign_in(right).await.status, 204);
}

#[tokio::test]
async fn the_audit_is_verified_from_the_command_line() {
    let data = Data::new();
    add(&data, "li", "consultant");
    let (sound, said) = run(&data, &["audit", "verify"]);
    assert!(sound && said.contains("1 lines"), "{said}");
    let head = said.trim().rsplit(' ').next().expect("a hash").to_owned();
    add(&data, "wang", "consultant");
    assert!(run(&data, &["audit", "verify", "--head", &head]).0);
    assert!(
        !run(&data, &["audit", "verify", "--head", "00"]).0,
        "a head that never was"
    );
}

async fn notice(client: &mut Client, wanted: &str) {
    loop {
        let is = |b: &Body| matches!(b, Body::Notice { code, .. } if code == wanted);
        if client.messages.iter().any(|m| is(&m.body)) {
            return;
        }
        client.frame().await;
    }
}

#[tokio::test]
async fn holds_and_retention_from_the_command_line() {
    let data = Data::new();
    let mut server = Server::start(&data);
    let mut conversations = Vec::new();
    for _ in 0..2 {
        let mut client = server.client().await;
        client.hello(None, None).await;
        client.say("公司拖欠我三个月工资怎么办").await;
        conversations.push(client.conversation.clone());
    }
    let mut client = server.client().await;
    client.hello(None, None).await;
    client.say("删除我的记录").await;
    notice(&mut client, "privacy.confirm").await;
    client.say("1").await;
    notice(&mut client, "privacy.erasing").await;
    server.kill();
    let hold = [
        "data",
        "hold",
        &conversations[0],
        "--reason",
        "made-up file 1",
    ];
    assert!(run(&data, &hold).0);
    assert!(
        !run(&data, &["data", "erase", &conversations[0]]).0,
        "held by law"
    );
    assert!(run(&data, &["data", "holds"]).1.contains(&conversations[0]));
    assert!(
        !run(&data, &["data", "retain"]).0,
        "without terms nothing expires"
    );
    let dry = command(&data)
        .args(["data", "retain", "--dry-run"])
        .env("FAXUN_RETENTION__BOT_DAYS", "1")
        .output()
        .expect("runs");
    assert!(
        dry.status.success() && dry.stdout.is_empty(),
        "a day has not passed"
    );
    assert!(run(&data, &["data", "release", &conversations[0]]).0);
    assert!(run(&data, &["data", "erase", &conversations[0]]).0);
}
