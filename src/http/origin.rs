//! Which pages may open a socket or change anything. Browsers name their page's origin; other clients name none and may.

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// What browsers of today send with every request; no page can set it.
const FETCH_SITE: &str = "sec-fetch-site";

/// Refuses what another site's page tries to change with a consultant's cookie (CSRF). Besides, bodies must be JSON,
/// which no form of another site can send, and the cookie is `SameSite=Strict`.
pub async fn guard(request: Request, next: Next) -> Response {
    if !request.method().is_safe() && !own(request.headers()) {
        return (StatusCode::FORBIDDEN, "只能从本站的页面操作").into_response();
    }
    next.run(request).await
}

fn own(headers: &HeaderMap) -> bool {
    let site = headers.get(FETCH_SITE).map(|v| v.as_bytes());
    let same = site.is_none_or(|s| s == b"same-origin" || s == b"none");
    same && allowed(headers, &[])
}

/// Whether a request's origin is the server's own or on the list. A request without one is no browser's.
pub fn allowed(headers: &HeaderMap, list: &[String]) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    if list.iter().any(|o| o == origin) {
        return true;
    }
    let host = headers.get(HOST).and_then(|h| h.to_str().ok());
    let own = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    matches!((own, host), (Some(own), Some(host)) if own == host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_site_changes_nothing() {
        for (name, value, expected) in [
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "none", true),
            ("sec-fetch-site", "same-site", false),
            ("sec-fetch-site", "cross-site", false),
            ("origin", "http://faxun.example:8787", true),
            ("origin", "http://evil.example", false),
            ("x-other", "", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, "faxun.example:8787".parse().unwrap());
            headers.insert(name, value.parse().unwrap());
            assert_eq!(own(&headers), expected, "{name} {value}");
        }
    }

    #[test]
    fn only_the_own_origin_and_the_list_may() {
        let list = vec!["https://a.example".to_owned()];
        let cases = [
            (None, true),
            (Some("http://faxun.example:8787"), true),
            (Some("https://a.example"), true),
            (Some("https://a.example.evil"), false),
            (Some("http://evil.example"), false),
            (Some("null"), false),
        ];
        for (origin, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, "faxun.example:8787".parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(ORIGIN, origin.parse().unwrap());
            }
            assert_eq!(allowed(&headers, &list), expected, "{origin:?}");
        }
    }
}
