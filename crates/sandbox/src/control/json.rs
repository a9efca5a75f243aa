//! JSON in and out of the control API, and the handlers that are the same for everything.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::{Response, StatusCode};
use axum::routing::{MethodRouter, get};
use axum::{Json, response::IntoResponse};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{PhoneError, Provider, Sandbox, WebhookError, state};

/// The query of a list that can be narrowed to one provider.
#[derive(Deserialize)]
struct OfProvider {
    provider: Option<Provider>,
}

pub(super) fn list<T: Serialize + 'static>(read: fn(&Sandbox) -> Vec<T>) -> MethodRouter<Sandbox> {
    get(move |State(sandbox): State<Sandbox>| async move { data(&read(&sandbox)) })
}

/// Answers GET with a list, of all providers or of one.
pub(super) fn list_by_provider<T: Serialize + 'static>(
    read: fn(&state::State, Option<Provider>) -> Vec<T>,
) -> MethodRouter<Sandbox> {
    get(
        move |State(sandbox): State<Sandbox>, Query(query): Query<OfProvider>| async move {
            data(&read(&sandbox.state(), query.provider))
        },
    )
}

/// Adds DELETE, which clears something.
pub(super) fn clearing(
    routes: MethodRouter<Sandbox>,
    clear: fn(&Sandbox),
) -> MethodRouter<Sandbox> {
    routes.delete(move |State(sandbox): State<Sandbox>| async move {
        clear(&sandbox);
        StatusCode::NO_CONTENT
    })
}

/// A request's body, which is JSON whatever its content type says.
pub(super) struct Parsed<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Parsed<T> {
    type Rejection = Response<Body>;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response<Body>> {
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(IntoResponse::into_response)?;
        let parsed = serde_json::from_slice(&body).map(Self);
        parsed.map_err(|error| Refusal::from(error).into_response())
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

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::bad_request(&error.to_string())
    }
}

impl From<PhoneError> for Refusal {
    fn from(error: PhoneError) -> Self {
        let status = match error {
            PhoneError::UnknownMessage | PhoneError::UnknownAccount => StatusCode::NOT_FOUND,
            PhoneError::UnknownButton
            | PhoneError::OpensLink
            | PhoneError::UnknownRow
            | PhoneError::UnknownShape => StatusCode::BAD_REQUEST,
        };
        Self(status, json!({"error": error.to_string()}))
    }
}

impl From<WebhookError> for Refusal {
    fn from(error: WebhookError) -> Self {
        let mut refusal = Self::bad_request(&error.to_string());
        // What the receiver answered shows what it has to change.
        if let WebhookError::Handshake { status, body } = error {
            refusal.1["handshake"] = json!({"status": status, "body": body});
        }
        refusal
    }
}
