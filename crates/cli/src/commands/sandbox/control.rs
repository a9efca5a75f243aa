//! The control API of a sandbox that runs.

use serde_json::Value;
use url::Url;

use crate::api::exchange::{RawAnswer, Unread, cause, exchange, http};
use crate::{Answer, ExitCode, Failure, Refusal, Result, api::address::parse_server};

#[derive(clap::Args)]
pub(super) struct Target {
    /// Address of the sandbox, with http://
    #[arg(long, env = "RECADO_SANDBOX", value_name = "URL",
        default_value = "http://127.0.0.1:8090", value_parser = parse_server)]
    sandbox: Url,
}

impl Target {
    pub(super) async fn post(&self, path: &[&str], body: &Value) -> Result<Answer> {
        let mut url = self.sandbox.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("_sandbox").extend(path);
        }
        let http = http(&self.sandbox)
            .map_err(|error| Failure::Own(format!("cannot prepare the HTTP client: {error}")))?;
        let request = http
            .post(url)
            .header("content-type", "application/json")
            .body(body.to_string());
        let RawAnswer { status, text, .. } = exchange(request)
            .await
            .map_err(|unread| self.unread(&unread))?;
        if !status.is_success() {
            return Err(self.refusal(status.as_u16(), &text));
        }
        let value = match text.as_str() {
            "" => Value::Null,
            json => serde_json::from_str(json).map_err(|_| self.strange(status.as_u16()))?,
        };
        Ok(Answer { text, value })
    }

    fn unread(&self, unread: &Unread) -> Failure {
        let target = &self.sandbox;
        match unread {
            Unread::Lost(error) if error.is_connect() => Failure::Unreachable(format!(
                "no sandbox answers at {target} ({}); start one with `recado sandbox`, or set --sandbox or RECADO_SANDBOX",
                cause(error)
            )),
            _ => Failure::OutcomeUnknown(format!("the answer of {target} {unread}")),
        }
    }

    fn refusal(&self, status: u16, text: &str) -> Failure {
        let answer: Value = serde_json::from_str(text).unwrap_or_default();
        let Some(error) = answer["error"].as_str() else {
            return self.strange(status);
        };
        // What a receiver answered to Meta's verification request.
        let handshake = answer.get("handshake").filter(|it| !it.is_null());
        let error = match handshake.map(|it| (it["status"].as_u64(), &it["body"])) {
            None => error.to_owned(),
            Some((None, _)) => format!("{error}: it did not answer"),
            Some((Some(status), body)) => {
                let body = body.as_str().unwrap_or_default();
                format!("{error}: it answered {status} {body}")
            }
        };
        Refusal::direct(ExitCode::Refused, "sandbox_refused", None, error).into()
    }

    fn strange(&self, status: u16) -> Failure {
        Failure::Own(format!(
            "{} answered {status}, which is not a sandbox's own answer; does --sandbox lead to `recado sandbox`?",
            self.sandbox
        ))
    }
}
