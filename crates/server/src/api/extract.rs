//! axum's extractors for path and query, with errors in our one shape.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use recado_core::{FieldErrors, switch};
use serde::de::DeserializeOwned;

use super::error::{ApiError, Reason};
use super::names::nearest;

/// What stands in the path. A path that is not UTF-8 is answered as one that does not exist.
pub(crate) struct Path<T>(pub(crate) T);

pub(crate) struct Query<T>(pub(crate) T);

/// The names of the query parameters of a route of Recado's own, as the `OpenAPI` document has them.
#[derive(Clone)]
pub(crate) struct KnownParameters(pub(crate) Arc<[String]>);

/// The name of `cursor` in earlier versions.
const FORMER_CURSOR: &str = "after";

/// Whether a send is only shown, as its query says: `?dryRun=true`.
pub(crate) struct DryRunSwitch(pub(crate) bool);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(_) => Err(ApiError::no_route()),
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

/// Checks that a request has only query parameters that its route knows: a misspelled filter would show what was not
/// asked for, and a switch of another route would not be heard. Routes that ChatVolt has too ignore what they do not
/// know.
pub(crate) fn check_parameters(parts: &Parts) -> Result<(), ApiError> {
    match (parts.uri.query(), parts.extensions.get::<KnownParameters>()) {
        (Some(query), Some(KnownParameters(known))) => check_names(query, known),
        _ => Ok(()),
    }
}

fn check_names(query: &str, known: &[String]) -> Result<(), ApiError> {
    let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    let has = |name: &str| known.iter().any(|known| known == name);
    let is_known = |name: &str| has(name) || (name == FORMER_CURSOR && has("cursor"));
    let Some(unknown) = names.find(|name| !is_known(name)) else {
        return Ok(());
    };
    let sentence = match nearest(&unknown, known.iter().map(String::as_str)) {
        Some(meant) => format!("Is not a parameter of this route; did you mean {meant}?"),
        None if known.is_empty() => "This route has no query parameters".to_owned(),
        None => format!(
            "Is not a parameter of this route, which has {}",
            known.join(", ")
        ),
    };
    Err(ApiError::invalid_query(FieldErrors::field(
        &unknown, &sentence,
    )))
}

impl<S: Send + Sync> FromRequestParts<S> for DryRunSwitch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        dry_run(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Reads the switch from a query.
///
/// Errors: the value cannot be read, two values differ, or another parameter was meant to be the switch: the
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::without_a_query("", None)]
    #[case::known("agentId=a&limit=5", None)]
    #[case::the_former_name_of_the_cursor("after=c", None)]
    #[case::in_other_letters(
        "agentid=a",
        Some("agentid: Is not a parameter of this route; did you mean agentId?")
    )]
    #[case::in_snake_case(
        "limit=5&agent_id=a",
        Some("agent_id: Is not a parameter of this route; did you mean agentId?")
    )]
    #[case::cut(
        "agent=a",
        Some("agent: Is not a parameter of this route; did you mean agentId?")
    )]
    #[case::with_a_typing_error(
        "limti=a",
        Some("limti: Is not a parameter of this route; did you mean limit?")
    )]
    #[case::of_another_route(
        "status=a",
        Some("status: Is not a parameter of this route, which has agentId, cursor, limit")
    )]
    #[case::without_a_name(
        "=a",
        Some(": Is not a parameter of this route, which has agentId, cursor, limit")
    )]
    fn a_parameter_that_a_route_does_not_know_is_an_error(
        #[case] query: &str,
        #[case] expected: Option<&str>,
    ) {
        let known = ["agentId", "cursor", "limit"].map(str::to_owned);
        let details = check_names(query, &known)
            .err()
            .and_then(|error| error.details);
        let sentence = details.map(|details| details.to_string());
        assert_eq!(sentence.as_deref(), expected);
    }
}
