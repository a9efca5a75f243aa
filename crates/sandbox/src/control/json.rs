//! JSON in and out of the control API.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::phone::PhoneError;
use crate::provider::Provider;
use crate::webhooks::WebhookError;

/// The query of a list that can be narrowed to one provider.
#[derive(Deserialize)]
pub(super) struct OfProvider {
    pub(super) provider: Option<Provider>,
}

/// A request's body, which is JSON whatever its content type says.
pub(super) struct Parsed<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Parsed<T> {
    type Rejection = Response<Body>;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response<Body>> {
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(IntoResponse::into_response)?;
        let parsed = serde_json::from_slice(&body);
        parsed
            .map(Self)
            .map_err(|error| Refusal::bad_request(&error.to_string()).into_response())
    }
}

pub(super) fn data<T: Serialize>(items: &[T]) -> Json<Value> {
    Json(json!({ "data": items }))
}

pub(super) type Created<T> = (StatusCode, Json<T>);

pub(super) fn created<T>(value: T) -> Created<T> {
    (StatusCode::CREATED, Json(value))
}

/// A request that cannot be done, and why.
pub(super) struct Refusal(StatusCode, Value);

impl Refusal {
    pub(super) fn bad_request(error: &str) -> Self {
        Self(StatusCode::BAD_REQUEST, json!({ "error": error }))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        (self.0, Json(self.1)).into_response()
    }
}

impl From<PhoneError> for Refusal {
    fn from(error: PhoneError) -> Self {
        let status = match error {
            PhoneError::UnknownMessage | PhoneError::UnknownAccount => StatusCode::NOT_FOUND,
            PhoneError::UnknownButton | PhoneError::UnknownShape => StatusCode::BAD_REQUEST,
        };
        Self(status, json!({"error": error.to_string()}))
    }
}

impl From<WebhookError> for Refusal {
    fn from(error: WebhookError) -> Self {
        let mut answer = json!({"error": error.to_string()});
        // What the receiver answered shows what it has to change.
        if let WebhookError::Handshake { status, body } = error {
            answer["handshake"] = json!({"status": status, "body": body});
        }
        Self(StatusCode::BAD_REQUEST, answer)
    }
}
