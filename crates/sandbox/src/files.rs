//! The customers' files, as the stores of the providers give them.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::{Sandbox, TokenState};

/// Gives a file to everyone who knows its address, as the stores of Z-API and `ZapperAPI` do.
pub(crate) async fn show(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    let state = sandbox.state();
    match state.files.find(&id) {
        Some(kept) => {
            let kind = kept.file.mime_type.clone();
            ([(header::CONTENT_TYPE, kind)], kept.file.bytes.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Gives a file to a caller with a valid access token, as Meta's store does (Meta, media).
pub(crate) async fn show_with_token(
    sandbox: State<Sandbox>,
    id: Path<String>,
    headers: HeaderMap,
) -> Response {
    let given = headers.get(header::AUTHORIZATION);
    let token = given.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let is_known = token.is_some_and(|token| {
        let known = sandbox.state().accounts.token(token, "");
        matches!(known, Some((TokenState::Valid, _)))
    });
    if is_known {
        show(sandbox, id).await
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    }
}
