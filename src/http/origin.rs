//! Which pages may open a socket. Browsers name their page's origin; other clients name none and may.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

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
