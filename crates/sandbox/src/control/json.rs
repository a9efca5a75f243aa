//! JSON in and out of the control API.

use axum::Json;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::provider::Provider;

/// The query of a list that can be narrowed to one provider.
#[derive(Deserialize)]
pub(super) struct OfProvider {
    pub(super) provider: Option<Provider>,
}

pub(super) fn data<T: Serialize>(items: &[T]) -> Json<Value> {
    Json(json!({ "data": items }))
}

#[expect(
    clippy::result_large_err,
    reason = "a refusal is a response, as axum's handlers return it"
)]
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Response<Body>> {
    serde_json::from_slice(body).map_err(|error| bad_request(&error.to_string()))
}

pub(super) fn bad_request(error: &str) -> Response<Body> {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response()
}
