//! The files that the pages load: style sheets, the logo, and the script that starts Swagger UI.

use axum::Router;
use axum::http::header;
use axum::routing::get;

/// What a browser may keep of a file, and for how long.
pub(super) const CACHED: &str = "public, max-age=3600";

const FILES: [(&str, &str, &str); 4] = [
    (
        "/assets/recado.css",
        "text/css; charset=utf-8",
        include_str!("../../assets/recado.css"),
    ),
    (
        "/assets/docs.css",
        "text/css; charset=utf-8",
        include_str!("../../assets/docs.css"),
    ),
    (
        "/assets/docs.js",
        "text/javascript; charset=utf-8",
        include_str!("../../assets/docs.js"),
    ),
    (
        "/assets/logo.svg",
        "image/svg+xml",
        include_str!("../../assets/logo.svg"),
    ),
];

pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let mut router = Router::new();
    for (path, content_type, text) in FILES {
        let headers = [
            (header::CONTENT_TYPE, content_type),
            (header::CACHE_CONTROL, CACHED),
        ];
        router = router.route(path, get(async move || (headers, text)));
    }
    router
}
