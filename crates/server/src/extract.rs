//! axum's extractors for path and query, with errors in our one shape.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use recado_core::FieldErrors;
use serde::de::DeserializeOwned;

use crate::error::ApiError;
use crate::layers;

/// What stands in the path; what is no text leads nowhere.
pub(crate) struct Path<T>(pub(crate) T);

/// What stands in the query.
pub(crate) struct Query<T>(pub(crate) T);

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
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(_) => {
                Err(FieldErrors::root("The query has a parameter twice, or is not UTF-8").into())
            }
        }
    }
}
