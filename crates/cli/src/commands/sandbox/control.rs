//! The control API of a sandbox that runs.

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::api::address::parse_server;
use crate::api::client::Answer;
use crate::api::exchange::{RawAnswer, Unread, cause, exchange, http};
use crate::api::refusal::Refusal;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

#[derive(clap::Args)]
pub(super) struct Target {
    /// Address of the sandbox, with http://
    #[arg(long, env = "RECADO_SANDBOX", value_name = "URL",
        default_value = "http://127.0.0.1:8090", value_parser = parse_server)]
    sandbox: Url,
}

/// An error answer of the sandbox.
#[derive(Deserialize)]
struct ErrorBody {
    error: String,
    handshake: Option<Handshake>,
}

/// What a receiver answered to Meta's verification request.
#[derive(Deserialize)]
struct Handshake {
    status: Option<u16>,
    body: String,
}

impl Target {
    pub(super) async fn post(&self, path: &[&str], body: &Value) -> Result<Answer, Failure> {
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
        let Ok(ErrorBody { error, handshake }) = serde_json::from_str(text) else {
            return self.strange(status);
        };
        let error = match handshake {
            None => error,
            Some(Handshake {
                status: Some(status),
                body,
            }) => format!("{error}: it answered {status} {body}"),
            Some(Handshake { status: None, .. }) => format!("{error}: it did not answer"),
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
