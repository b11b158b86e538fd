//! A member of staff over HTTP: signs in, and asks with the cookie.

use super::{Data, Server, command};
use serde_json::Value;
use std::io::Write as _;
use std::process::Stdio;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub const PASSWORD: &str = "correct horse battery";

/// Makes an account at the stopped server; whether that was taken.
pub fn try_add(data: &Data, staff: &str, role: &str) -> bool {
    let mut child = command(data)
        .args(["staff", "add", staff, "--name", staff, "--role", role])
        .args(["--licence", "made-up 1", "--password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("runs");
    let mut stdin = child.stdin.take().expect("piped");
    writeln!(stdin, "{PASSWORD}").expect("writes");
    drop(stdin);
    child.wait().expect("ends").success()
}

pub fn add(data: &Data, staff: &str, role: &str) {
    assert!(try_add(data, staff, role), "{staff}");
}

/// Signs in at the desk: status and cookie.
pub async fn sign_in(address: &str, name: &str, password: &str) -> (u16, Option<String>) {
    let body = serde_json::json!({ "name": name, "password": password });
    let answer = ask(address, "POST", "/desk/session", &[], Some(&body)).await;
    (answer.status, answer.cookie)
}

/// The session cookie of somebody made by [`add`].
pub async fn cookie_of(address: &str, staff: &str) -> String {
    let (_, cookie) = sign_in(address, staff, PASSWORD).await;
    cookie.expect("signed in")
}

/// One answer over HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub cookie: Option<String>,
    /// `Null` where it is no JSON.
    pub body: Value,
}

/// One request on a fresh connection; `headers` are whole lines.
pub async fn ask(
    address: &str,
    method: &str,
    path: &str,
    headers: &[String],
    body: Option<&Value>,
) -> Answer {
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for header in headers {
        request.push_str(header);
        request.push_str("\r\n");
    }
    let body = body.map(Value::to_string).unwrap_or_default();
    if !body.is_empty() {
        let length = body.len();
        request.push_str(&format!(
            "Content-Type: application/json\r\nContent-Length: {length}\r\n"
        ));
    }
    request.push_str("\r\n");
    request.push_str(&body);
    let mut stream = TcpStream::connect(address).await.expect("connects");
    stream.write_all(request.as_bytes()).await.expect("writes");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("reads");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok());
    let cookie = head.lines().find_map(|l| {
        let value = l.strip_prefix("set-cookie: ")?;
        Some(value.split(';').next()?.to_owned())
    });
    Answer {
        status: status.expect("a status"),
        cookie,
        body: serde_json::from_str(body).unwrap_or(Value::Null),
    }
}

/// Somebody who is signed in.
pub struct Staff<'a> {
    server: &'a Server,
    pub cookie: String,
}

impl<'a> Staff<'a> {
    pub async fn sign_in(server: &'a Server, name: &str) -> Staff<'a> {
        let (status, cookie) = sign_in(&server.address, name, PASSWORD).await;
        assert_eq!(status, 204, "{cookie:?}");
        let cookie = cookie.expect("a cookie");
        Staff { server, cookie }
    }

    pub async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let cookie = format!("Cookie: {}", self.cookie);
        ask(&self.server.address, method, path, &[cookie], body).await
    }

    pub async fn tickets(&self, query: &str) -> Vec<Value> {
        let answer = self
            .ask("GET", &format!("/api/v1/tickets{query}"), None)
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["tickets"].as_array().expect("a list").clone()
    }

    /// Does something to a ticket.
    pub async fn act(&self, conversation: &str, id: &str, act: Value) -> Answer {
        let path = format!("/api/v1/tickets/{conversation}");
        let body = serde_json::json!({ "id": id, "act": act });
        self.ask("POST", &path, Some(&body)).await
    }
}
