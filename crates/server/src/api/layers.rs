//! What every request passes: its id, the rendering of errors, the counting and the log line.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, Uri, header, uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;
use uuid::Uuid;

use super::address::{Peer, forwarded_for};
use super::error::{ApiError, Reason};
use crate::console::page::{self, DOCS, Shown};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a browser may do with every answer: not guess its type, not show it in a frame, not tell its address.
const FOR_BROWSERS: [(HeaderName, HeaderValue); 3] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
];

/// For answers that are no pages.
const NO_PAGE: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Adds the headers that every answer has. A handler may allow its page more, and say that an answer is public.
pub(crate) async fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.extend(FOR_BROWSERS);
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(NO_PAGE);
    let cached = headers.get(header::CACHE_CONTROL);
    if !cached.is_some_and(|value| value.as_bytes().starts_with(b"public")) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Names the request, renders an error that a handler left, counts, and logs once.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = request_id(&request);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route
        .as_ref()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let forwarded_for = peer.and_then(|peer| forwarded_for(peer, request.headers()));
    // At the highest level, so that each line that is logged on the way has these fields, whatever the filter.
    let span = tracing::error_span!(
        "request",
        request_id = id,
        peer = peer.map(tracing::field::display),
        forwarded_for = forwarded_for.map(tracing::field::display),
        organization_id = tracing::field::Empty,
    );
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        span.in_scope(|| tracing::info!(%method, route, reason = error.reason.as_str(), "refused"));
        let allow = response.headers_mut().remove(header::ALLOW);
        response = match response.extensions_mut().remove::<Shown>() {
            None => error.render(&id),
            Some(Shown::As(locale)) => page::problem(&locale, error, &id),
            Some(Shown::Already) => response,
        };
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    let label = method_label(&method);
    metrics::counter!("recado_http_requests_total", "route" => route.clone(), "method" => label, "status" => status.to_string()).increment(1);
    metrics::histogram!("recado_http_request_seconds", "route" => route.clone(), "method" => label)
        .record(took);
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::debug!(%method, route, status, duration_ms, "answered"));
    response
}

/// The method as a label of a metric. A client may write any word as its method, and each label makes a time
/// series that is never forgotten.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The caller's own id if it is a plain word, else a fresh one.
fn request_id(request: &Request) -> String {
    let given = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    let plain = |id: &&str| {
        (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    given
        .filter(plain)
        .map_or_else(|| Uuid::now_v7().simple().to_string(), str::to_owned)
}

/// Answers for a handler that panicked; the cause is in the log already.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    ApiError::internal("a handler panicked").into_response()
}

pub(crate) async fn not_found() -> ApiError {
    ApiError::no_route()
}

/// The route exists, with another verb.
pub(crate) async fn method_not_allowed() -> ApiError {
    ApiError::new(
        Reason::MethodNotAllowed,
        "This route takes another verb: see the Allow header",
    )
}

/// Brings a path into the one form that is routed: ChatVolt also serves under `/api`, and a base URL that
/// ends in a slash makes clients send `//messages/…`.
pub(crate) fn canonical(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    // A base URL or a path that was pasted with a space at its end.
    let mut rest = path.trim_end_matches("%20");
    // A slash at the end means nothing, but the files of this page stand below it.
    if rest != DOCS {
        rest = rest.trim_end_matches('/');
    }
    rest = with_one_slash(rest);
    if let Some(under_api) = rest
        .strip_prefix("/api")
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
    {
        rest = with_one_slash(under_api);
    }
    if rest.is_empty() {
        rest = "/";
    }
    if rest.len() == path.len() {
        return None;
    }
    let query = uri
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let mut parts = uri::Parts::default();
    parts.path_and_query = format!("{rest}{query}").parse().ok();
    Uri::from_parts(parts).ok()
}

fn with_one_slash(path: &str) -> &str {
    let rest = path.trim_start_matches('/');
    &path[(path.len() - rest.len()).saturating_sub(1)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_prefix_and_doubled_slashes_lead_to_the_same_route() {
        for (given, routed) in [
            (
                "/api/messages/x?dryRun=true",
                Some("/messages/x?dryRun=true"),
            ),
            ("//messages/x", Some("/messages/x")),
            ("//api/messages/x?", Some("/messages/x?")),
            ("/messages/x", None),
            ("/messages/x%20", Some("/messages/x")),
            (
                "/api/messages/x%20%20?dryRun=true",
                Some("/messages/x?dryRun=true"),
            ),
            ("/messages/x/", Some("/messages/x")),
            ("/api/messages/x//?limit=1", Some("/messages/x?limit=1")),
            ("/docs/", None),
            ("/api/docs/", Some("/docs")),
            ("/", None),
            ("//", Some("/")),
            ("/messages/x%20y", None),
            ("/api//messages/x", Some("/messages/x")),
            ("//api//messages/x/", Some("/messages/x")),
            ("///api///messages/x?limit=1", Some("/messages/x?limit=1")),
            ("/api//messages/x%20", Some("/messages/x")),
            ("/api//", Some("/")),
            ("//api//", Some("/")),
            ("//apiary", Some("/apiary")),
            ("/apiary", None),
            ("/api", Some("/")),
            ("/api/", Some("/")),
        ] {
            let uri: Uri = given.parse().expect("a path");
            assert_eq!(
                canonical(&uri).map(|uri| uri.to_string()).as_deref(),
                routed,
                "{given}"
            );
        }
    }
}
