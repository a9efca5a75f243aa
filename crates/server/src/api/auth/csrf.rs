//! Whether a request comes from a page of this server: a browser sends the session's cookie by itself, also
//! for the page of a stranger.

use std::convert::Infallible;
use std::future::ready;

use axum::http::request::Parts;
use axum::http::{HeaderName, Request, Response, StatusCode, header};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::csrf::CsrfLayer;
use url::Url;

use crate::api::error::{ApiError, Reason};

/// What a decision needs to know of a request.
const DECIDING: [HeaderName; 3] = [
    header::HOST,
    header::ORIGIN,
    HeaderName::from_static("sec-fetch-site"),
];

/// Checks that a page of another origin did not make the request. A request that only reads passes.
pub(crate) async fn check(parts: &Parts, public_url: &Url) -> Result<(), ApiError> {
    // A proxy may send another `Host` than the one that the browser knows.
    let own_origin = public_url.origin().ascii_serialization();
    let layer = CsrfLayer::new().add_trusted_origin(own_origin);
    let layer = layer.unwrap_or_else(|_| CsrfLayer::new());
    let mut head = Request::new(());
    *head.method_mut() = parts.method.clone();
    *head.uri_mut() = parts.uri.clone();
    for name in DECIDING {
        if let Some(value) = parts.headers.get(&name) {
            head.headers_mut().insert(name, value.clone());
        }
    }
    let pass = service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(()))));
    let answer = layer.layer(pass).oneshot(head).await;
    if answer.is_ok_and(|answer| answer.status() != StatusCode::FORBIDDEN) {
        return Ok(());
    }
    Err(ApiError::new(
        Reason::Forbidden,
        "This request comes from a page of another site: a session works on pages of this server only; other applications call with an API key from their own server",
    ))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::no_browser(&[], true)]
    #[case::own_page(&[("sec-fetch-site", "same-origin"), ("origin", "http://internal")], true)]
    #[case::typed_by_a_person(&[("sec-fetch-site", "none")], true)]
    #[case::old_browser(&[("origin", "http://internal")], true)]
    #[case::behind_a_proxy(&[("origin", "https://recado.example.com")], true)]
    #[case::other_site(&[("sec-fetch-site", "cross-site")], false)]
    #[case::other_host_of_the_site(&[("sec-fetch-site", "same-site"), ("origin", "https://www.example.com")], false)]
    #[case::other_site_of_an_old_browser(&[("origin", "https://evil.example")], false)]
    #[case::no_origin_that_is_told(&[("origin", "null")], false)]
    #[case::other_port(&[("origin", "http://internal:81")], false)]
    #[tokio::test]
    async fn only_pages_of_this_server_may_write(
        #[case] headers: &[(&'static str, &'static str)],
        #[case] passes: bool,
    ) {
        let public_url = "https://recado.example.com/".parse().expect("a URL");
        for (method, passes) in [
            (Method::POST, passes),
            (Method::DELETE, passes),
            (Method::GET, true),
        ] {
            let mut request = Request::builder().method(method.clone()).uri("/messages");
            request = request.header(header::HOST, "internal");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let (parts, ()) = request.body(()).expect("a request").into_parts();
            let checked = check(&parts, &public_url).await;
            assert_eq!(checked.is_ok(), passes, "{method}");
            if let Err(error) = checked {
                assert_eq!(error.reason, Reason::Forbidden);
            }
        }
    }
}
