//! The one way out: HTTPS to the platforms' addresses. Follows no redirects, reads bounded answers, never logs an
//! address (it may hold a token) or a body.

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, RETRY_AFTER};
use hyper::{Method, Request};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::time::Duration;

/// A platform that has not answered by then is tried again.
const DEADLINE: Duration = Duration::from_secs(10);
/// Largest answer read, in bytes; a page of 1000 messages of 微信客服 is below it.
const ANSWER_BYTES_MAX: usize = 8 << 20;
/// Longest `Retry-After` that is honoured, in seconds.
const RETRY_AFTER_S_MAX: i64 = 3_600;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after_ms: i64,
    pub body: Bytes,
}

/// Why nothing came back. Names neither address nor content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    #[error("no answer within {} s", DEADLINE.as_secs())]
    Timeout,
    #[error("cannot connect")]
    Connect,
    #[error("the answer was cut or too large")]
    Body,
    #[error("no valid address")]
    Address,
}

impl HttpError {
    /// The code in metrics and at the desk.
    pub fn code(self) -> &'static str {
        match self {
            HttpError::Timeout => "timeout",
            HttpError::Connect => "connect",
            HttpError::Body => "answer",
            HttpError::Address => "address",
        }
    }
}

/// Shared by all channels.
#[derive(Clone)]
pub struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Http(..)")
    }
}

impl Default for Http {
    fn default() -> Self {
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .build();
        Http {
            client: Client::builder(TokioExecutor::new()).build(connector),
        }
    }
}

impl Http {
    pub async fn get(&self, url: &str) -> Result<Answer, HttpError> {
        self.send(Method::GET, url, &[], Vec::new()).await
    }

    /// Posts JSON.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, &str)],
        body: &serde_json::Value,
    ) -> Result<Answer, HttpError> {
        self.post_bytes(url, headers, body.to_string().into_bytes())
            .await
    }

    /// Posts JSON that is written already, because its bytes were signed.
    pub async fn post_bytes(
        &self,
        url: &str,
        headers: &[(&'static str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, HttpError> {
        self.send(Method::POST, url, headers, body).await
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&'static str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, HttpError> {
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .header(CONTENT_TYPE, "application/json; charset=utf-8");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| HttpError::Address)?;
        let whole = async {
            let answer = self
                .client
                .request(request)
                .await
                .map_err(|_| HttpError::Connect)?;
            let status = answer.status().as_u16();
            let retry_after = answer
                .headers()
                .get(RETRY_AFTER)
                .and_then(|v| v.to_str().ok());
            let retry_after_s = retry_after
                .and_then(|v| v.trim().parse::<i64>().ok())
                .unwrap_or(0);
            let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX)
                .collect()
                .await;
            Ok(Answer {
                status,
                retry_after_ms: retry_after_s.clamp(0, RETRY_AFTER_S_MAX) * 1000,
                body: body.map_err(|_| HttpError::Body)?.to_bytes(),
            })
        };
        tokio::time::timeout(DEADLINE, whole)
            .await
            .unwrap_or(Err(HttpError::Timeout))
    }
}
