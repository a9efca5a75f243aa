//! Requests that take effect once: each carries a key, and is made again when its answer is lost.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::Value;

use super::client::{Answer, Client, Effect, Query};
use crate::{Failure, Result};

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The reason of the answer while the first request under a key is still being made.
const UNDER_WAY: &str = "request_in_progress";

/// The pauses before the request is made again: together longer than a server takes to restart.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// The longest pause that a server may ask for.
const MAX_PAUSE: Duration = Duration::from_secs(8);

impl Client {
    /// Posts a body under a key, one time.
    pub(crate) async fn post_under(
        &self,
        key: &str,
        path: &[&str],
        query: Query<'_>,
        body: &Value,
    ) -> Result<Answer> {
        let header = HeaderValue::from_str(key).map_err(|_| {
            let reason = "an idempotency key has 1 to 255 printable ASCII characters";
            Failure::Usage(reason.to_owned())
        })?;
        let request = self.request(Method::POST, path, query, Some(body))?;
        let request = request.header(IDEMPOTENCY_KEY, header);
        self.answer(request, Effect::Changes).await
    }

    /// Posts a body under a key. If the answer is lost, posts it again under the same key, for about 15 seconds.
    pub(crate) async fn once(
        &self,
        path: &[&str],
        query: Query<'_>,
        body: &Value,
        key: &str,
    ) -> Result<Answer> {
        let (mut pauses, mut was_lost) = (PAUSES.into_iter(), false);
        loop {
            let failure = match self.post_under(key, path, query, body).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure.with_kind_of_id(path, query, Some(body)),
            };
            was_lost |= matches!(failure, Failure::OutcomeUnknown(_));
            let is_open = was_lost && leaves_open(&failure);
            let is_under_way = failure.reason() == Some(UNDER_WAY);
            let pause = pauses.next().filter(|_| is_open || is_under_way);
            match pause {
                Some(pause) => {
                    let asked = failure.retry_after().unwrap_or_default();
                    tokio::time::sleep(pause.max(asked.min(MAX_PAUSE))).await;
                }
                None if is_open => return Err(open(&failure, key)),
                None => return Err(failure),
            }
        }
    }
}

/// Returns whether a failure says nothing of what became of an earlier request whose answer was lost. What is not an
/// answer of a Recado server, such as a redirection or a proxy's page, says nothing.
fn leaves_open(failure: &Failure) -> bool {
    failure.refusal().is_none_or(|refusal| {
        refusal.is_about_the_caller()
            || matches!(
                refusal.reason(),
                UNDER_WAY | "unavailable" | "queue_full" | "rate_limited" | "internal"
            )
    })
}

/// Returns the failure of a request whose outcome stays unknown.
fn open(failure: &Failure, key: &str) -> Failure {
    let what = match failure {
        Failure::OutcomeUnknown(what) => what.clone(),
        other => other.to_string(),
    };
    Failure::OutcomeUnknown(format!(
        "{what}; with --idempotency-key '{key}', the same command takes effect once"
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::http::{HeaderMap, StatusCode};
    use axum::{Router, routing::any};
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::{ExitCode, tests as fake};

    /// Returns the client of a server that gives these answers, and the keys of the requests; with a status of 0 the
    /// connection breaks.
    async fn answering(answers: Vec<(u16, Value)>) -> (Client, Arc<Mutex<Vec<String>>>) {
        let keys = Arc::new(Mutex::new(Vec::new()));
        let (seen, answers) = (keys.clone(), Arc::new(Mutex::new(answers.into_iter())));
        let answer = move |headers: HeaderMap| async move {
            let key = headers[IDEMPOTENCY_KEY].to_str().unwrap().to_owned();
            seen.lock().unwrap().push(key);
            let (status, body) = answers.lock().unwrap().next().unwrap();
            // hyper closes the connection of a handler that panics.
            let status = StatusCode::from_u16(status).expect("an answer");
            (status, body.to_string())
        };
        let url = fake::serve(Router::new().fallback(any(answer))).await;
        (fake::client(&url), keys)
    }

    #[rstest]
    #[case::a_lost_answer(0, json!(null))]
    #[case::a_proxy_without_its_server(502, json!("<html>"))]
    #[case::the_first_still_under_way(409, json!({"error": "e", "reason": "request_in_progress"}))]
    #[tokio::test]
    async fn a_request_is_made_again_under_the_same_key(#[case] status: u16, #[case] body: Value) {
        let (client, keys) = answering(vec![(status, body), (201, json!({"id": "a"}))]).await;
        let answer = client.once(&["agents"], &[], &json!({}), "k-1").await;
        assert_eq!(answer.unwrap().value["id"], "a");
        assert_eq!(*keys.lock().unwrap(), ["k-1", "k-1"]);
    }

    #[rstest]
    #[case(400, "invalid_body", ExitCode::Usage)]
    #[case(422, "idempotency_key_reused", ExitCode::Usage)]
    #[case(500, "outcome_unknown", ExitCode::OutcomeUnknown)]
    #[case(500, "provider_rejected", ExitCode::Refused)]
    #[tokio::test]
    async fn an_answer_of_the_server_is_not_asked_for_again(
        #[case] status: u16,
        #[case] reason: &str,
        #[case] code: ExitCode,
    ) {
        let body = json!({"error": "e", "reason": reason});
        let (client, keys) = answering(vec![(status, body)]).await;
        let failure = client.once(&["agents"], &[], &json!({}), "k-1").await;
        assert_eq!(failure.err().unwrap().exit_code(), code);
        assert_eq!(keys.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_refusal_after_a_lost_answer_is_the_outcome() {
        let refused = json!({"error": "e", "reason": "provider_rejected"});
        let (client, keys) = answering(vec![(0, json!(null)), (500, refused)]).await;
        let failure = client.once(&["agents"], &[], &json!({}), "k-1").await;
        let failure = failure.err().unwrap();
        assert_eq!(failure.exit_code(), ExitCode::Refused);
        assert_eq!(failure.reason(), Some("provider_rejected"));
        assert_eq!(keys.lock().unwrap().len(), 2);
    }

    #[rstest]
    #[case(UNDER_WAY, true)]
    #[case("unavailable", true)]
    // The first request may have taken the last room.
    #[case("queue_full", true)]
    #[case("rate_limited", true)]
    #[case("unauthorized", true)]
    #[case("outcome_unknown", false)]
    #[case("window_closed", false)]
    fn an_answer_that_tells_the_outcome_ends_the_repeats(#[case] reason: &str, #[case] open: bool) {
        let body = json!({"error": "e", "reason": reason}).to_string();
        let refusal = crate::Refusal::read(500, None, body).unwrap();
        assert_eq!(leaves_open(&refusal.into()), open);
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_asked_once() {
        let client = fake::client(&fake::closed().await);
        let failure = client.once(&["agents"], &[], &json!({}), "k-1").await;
        assert_eq!(failure.err().unwrap().exit_code(), ExitCode::Unreachable);
    }

    #[test]
    fn a_request_whose_answers_are_lost_says_how_it_is_repeated() {
        let last = Failure::Unreachable("no server answers".to_owned());
        let failure = open(&last, "k-1");
        assert_eq!(failure.exit_code(), ExitCode::OutcomeUnknown);
        let text = failure.to_string();
        assert!(text.contains("--idempotency-key 'k-1'"), "{text}");
    }
}
