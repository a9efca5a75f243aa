//! axum's extractors for path and query, with errors in our one shape.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use recado_core::{FieldErrors, switch};
use serde::de::DeserializeOwned;

use crate::error::{ApiError, Reason};
use crate::layers;

/// What stands in the path; what is no text leads nowhere.
pub(crate) struct Path<T>(pub(crate) T);

/// What stands in the query.
pub(crate) struct Query<T>(pub(crate) T);

/// Whether a send is only shown, as its query says: `?dryRun=true`.
pub(crate) struct DryRunSwitch(pub(crate) bool);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(_) => Err(layers::absent()),
        }
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = axum::extract::Query::from_request_parts(parts, state).await;
        query
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|_| {
                let sentence = "The query has a parameter twice, or is not UTF-8";
                ApiError::invalid_query(FieldErrors::root(sentence))
            })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for DryRunSwitch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        dry_run(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Reads the switch from a query.
///
/// # Errors
///
/// The value cannot be read, two values differ, or another parameter was meant to be the switch: the
/// message would be sent although the caller asked for the opposite.
fn dry_run(query: &str) -> Result<bool, ApiError> {
    let mut found = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name == switch::DRY_RUN {
            let value = switch::parse(&value)
                .ok_or_else(|| unreadable("Write dryRun=true or dryRun=false; nothing was sent"))?;
            if found.replace(value).is_some_and(|earlier| earlier != value) {
                return Err(unreadable(
                    "dryRun is there twice with different values: write it once; nothing was sent",
                ));
            }
        } else if switch::resembles_dry_run(&name) || switch::mentions_dry_run(&value) {
            return Err(unreadable(
                "A query parameter looks like dryRun but is written differently: write dryRun=true; nothing was sent",
            ));
        }
    }
    Ok(found.unwrap_or(false))
}

fn unreadable(sentence: &str) -> ApiError {
    ApiError {
        details: Some(Box::new(FieldErrors::field(switch::DRY_RUN, sentence))),
        ..ApiError::new(Reason::InvalidQuery, sentence)
    }
}
