//! The pages built into the program: the chat at `/`, the desk at `/desk`, the widget script, their assets.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;
use std::borrow::Cow;

/// `web/dist`, or pages that say how to build it; chosen by `build.rs`.
#[derive(RustEmbed)]
#[folder = "$FAXUN_WEB_DIST"]
struct Dist;

/// Asset names carry a hash of their content, so they never change.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Names that stay while their content changes: ask again, and mostly hear 304.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");
/// Policies of every page but for who may frame it. Inline style is for browsers without constructable
/// stylesheets; sockets go to the page's own server, whose scheme old browsers do not count as `'self'`.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'";
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Routes of the pages. `framers` are the origins (`https://www.example.gov.cn`) that may show the chat page in
/// a frame besides the server's own; nobody may frame the desk.
pub fn routes<S: Clone + Send + Sync + 'static>(framers: &[String]) -> Router<S> {
    let chat = policy(&format!("'self' {}", framers.join(" ")));
    let desk = policy("'none'");
    Router::new()
        .route(
            "/",
            get(move |headers: HeaderMap| async move { page("index.html", &headers, &chat) }),
        )
        .route(
            "/desk",
            get(move |headers: HeaderMap| async move { page("desk.html", &headers, &desk) }),
        )
        .route("/widget.js", get(widget))
        .route("/assets/{*name}", get(asset))
}

/// The content security policy for a page that `framers` may frame.
fn policy(framers: &str) -> HeaderValue {
    let text = format!("{POLICY}; frame-ancestors {}", framers.trim());
    // An origin with a control character cannot be a header: then nobody frames the page.
    HeaderValue::try_from(text)
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'self'; frame-ancestors 'none'"))
}

fn page(name: &str, headers: &HeaderMap, policy: &HeaderValue) -> Response {
    let mut response = serve(name, headers, REVALIDATE);
    let set = response.headers_mut();
    set.insert(CONTENT_SECURITY_POLICY, policy.clone());
    set.insert(
        PERMISSIONS_POLICY,
        HeaderValue::from_static("camera=(), microphone=(), geolocation=()"),
    );
    response
}

/// The one script that other sites embed, so any origin may load it; which may open a socket is checked there.
async fn widget(headers: HeaderMap) -> Response {
    let mut response = serve("widget.js", &headers, REVALIDATE);
    let set = response.headers_mut();
    set.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    set.insert(
        CROSS_ORIGIN_RESOURCE_POLICY,
        HeaderValue::from_static("cross-origin"),
    );
    response
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    serve(&format!("assets/{name}"), &headers, IMMUTABLE)
}

/// An embedded file, or 304 when the client has it, or 404.
fn serve(name: &str, headers: &HeaderMap, cache: HeaderValue) -> Response {
    let Some(file) = Dist::get(name) else {
        return (StatusCode::NOT_FOUND, "not found\n").into_response();
    };
    let tag = tag(&file.metadata.sha256_hash());
    let known = is_known(headers, &tag);
    let body = match (known, file.data) {
        (true, _) => Body::empty(),
        (false, Cow::Borrowed(bytes)) => Body::from(bytes),
        (false, Cow::Owned(bytes)) => Body::from(bytes),
    };
    let mut response = body.into_response();
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let set = response.headers_mut();
    set.insert(CONTENT_TYPE, content_type(name));
    set.insert(CACHE_CONTROL, cache);
    set.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    set.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        set.insert(ETAG, tag);
    }
    response
}

/// Whether a request says that the client has what `tag` names.
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim().trim_start_matches("W/") == tag)
}

/// The first 128 bits of the content's SHA-256, quoted.
pub(super) fn tag(sha256: &[u8; 32]) -> String {
    let hex: String = sha256[..16].iter().map(|b| format!("{b:02x}")).collect();
    format!("\"{hex}\"")
}

fn content_type(name: &str) -> HeaderValue {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    HeaderValue::from_static(match extension {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        _ => "application/octet-stream",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(known: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, known.parse().unwrap());
        headers
    }

    #[test]
    fn a_known_page_is_not_sent_again() {
        let first = serve("index.html", &HeaderMap::new(), REVALIDATE);
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"old\", {tag}")] {
            let again = serve("index.html", &with(&known), REVALIDATE);
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
        }
        let other = serve("index.html", &with("\"old\""), REVALIDATE);
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[test]
    fn nothing_outside_the_folder_is_served() {
        for name in ["nosuch.js", "../Cargo.toml", "assets/../../Cargo.toml", ""] {
            let response = serve(name, &HeaderMap::new(), IMMUTABLE);
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{name}");
        }
    }

    #[test]
    fn only_listed_origins_may_frame_the_chat() {
        let ends = |framers: &str, end: &str| policy(framers).to_str().unwrap().ends_with(end);
        assert!(ends(
            "'self' https://a.example",
            "frame-ancestors 'self' https://a.example"
        ));
        assert!(ends("'self' ", "frame-ancestors 'self'"));
        assert!(ends("'none'", "frame-ancestors 'none'"));
        assert!(ends("https://a\nb", "frame-ancestors 'none'"));
    }
}
