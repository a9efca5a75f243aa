//! Sends without a server: the credentials come from the environment, the message goes straight to the provider.

use std::sync::Arc;

use recado_core::capabilities::INVALID_PARAMETER_VALUE;
use recado_core::request::SendRequest;
use recado_core::{GivenRecipient, MessageId, Provider, Violation, Warning};
use recado_providers::{
    Channel, ChannelError, Credentials, Defaults, ErrorKind, HttpClient, OutboundMessage,
    RetryPolicy, Timeouts, connect, send_with_retries,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::api::address::parse_server;
use crate::credentials::Settings;
use crate::render::{bubble, dry_run};
use crate::{
    Columns, ExitCode, Failure, Lookup, Output, Refusal, Result, View, credentials, environment,
};

const SENT: Columns = "\
    PROVIDER /provider, STATUS /status, EXTERNAL ID /externalId, PROVIDER ID /providerId";

/// A message that is ready to go, and the channel that carries it.
pub(crate) struct Direct {
    provider: Provider,
    channel: Arc<dyn Channel>,
    message: OutboundMessage,
    warnings: Vec<Warning>,
}

impl Direct {
    /// Connects the channel, and checks the message against its limits.
    pub(crate) fn new(
        provider: Provider,
        settings: &Settings,
        to: GivenRecipient,
        request: SendRequest,
        lookup: Lookup<'_>,
    ) -> Result<Self> {
        let channel = channel(provider, settings, lookup)?;
        let mut warnings = request
            .check(channel.capabilities(), &to.recipient)
            .map_err(|refusal| refused(&refusal))?;
        warnings.extend(to.warning.map(|message| Warning::new("to", message)));
        Ok(Self {
            provider,
            channel,
            message: OutboundMessage::new(
                MessageId::from_uuid(Uuid::now_v7()),
                to.recipient,
                request.content,
            ),
            warnings,
        })
    }

    pub(crate) fn preview(self) -> Result<Output> {
        let preview = self.channel.preview(&self.message)?;
        let headers: Map<String, Value> = (preview.headers.into_iter())
            .map(|(name, value)| (name, value.into()))
            .collect();
        let answer = json!({
            "dryRun": true,
            "request": {
                "method": preview.method, "url": preview.url,
                "headers": headers, "body": preview.body,
            },
            "warnings": self.warnings,
        });
        let views = dry_run::views(Some(bubble::of_content(&self.message.content)), &answer);
        Ok(Output::new(answer.to_string(), views))
    }

    /// Sends the message; repeats it only while it was certainly not sent.
    pub(crate) async fn send(self) -> Result<Output> {
        let policy = RetryPolicy::default();
        let receipt = send_with_retries(self.channel.as_ref(), &self.message, &policy).await?;
        let answer = json!({
            "success": true, "provider": self.provider, "status": "accepted",
            "externalId": receipt.external_id, "providerId": receipt.provider_id,
            "warnings": self.warnings,
        });
        let mut views = vec![
            View::Message(bubble::of_content(&self.message.content)),
            View::fields(&answer, SENT),
        ];
        views.extend(View::warnings(&answer));
        Ok(Output::new(answer.to_string(), views))
    }
}

fn channel(
    provider: Provider,
    settings: &Settings,
    lookup: Lookup<'_>,
) -> Result<Arc<dyn Channel>> {
    let credentials = credentials::for_direct(provider, settings, lookup)?;
    let config = Credentials::parse(provider, &credentials, settings, &defaults(lookup)?)
        .map_err(Failure::Channel)?;
    // The person who runs the command may reach everything that this machine reaches.
    let http = HttpClient::new(Timeouts::default(), true)
        .map_err(|error| Failure::Own(error.to_string()))?;
    connect(&http, config).map_err(|error| Failure::Usage(error.to_string()))
}

/// Returns the addresses of the providers, as the environment says.
fn defaults(lookup: Lookup<'_>) -> Result<Defaults> {
    let mut defaults = Defaults::default();
    for provider in Provider::ALL {
        let name = credentials::variable(provider.as_str(), "url");
        if let Some(text) = environment::text(lookup, &name) {
            *defaults.url_mut(provider) =
                parse_server(&text).map_err(|fault| Failure::Usage(format!("{name}: {fault}")))?;
        }
    }
    if let Some(version) = environment::text(lookup, "RECADO_WHATSAPP_VERSION") {
        defaults.whatsapp_version = version;
    }
    Ok(defaults)
}

/// Says a broken limit in the words, and with the number and the exit code, of the server's answer.
fn refused(refusal: &recado_core::Refusal) -> Failure {
    let reason = refusal.violation.reason();
    let is_unsupported = matches!(refusal.violation, Violation::Unsupported { .. });
    let status = if is_unsupported { 400 } else { 500 };
    let (code, error) = (Some(INVALID_PARAMETER_VALUE), refusal.to_string());
    Refusal::direct(ExitCode::of_answer(status, reason), reason, code, error).into()
}

impl From<ChannelError> for Failure {
    fn from(error: ChannelError) -> Self {
        let exit_code = match error.kind {
            ErrorKind::Unauthorized => ExitCode::Unauthorized,
            ErrorKind::Unavailable => ExitCode::Unreachable,
            ErrorKind::Indeterminate => ExitCode::OutcomeUnknown,
            _ => ExitCode::Refused,
        };
        let (reason, words) = (error.kind.reason(), error.to_string());
        let refusal = Refusal::direct(exit_code, reason, error.code, words);
        refusal.with_wait(error.retry_after).into()
    }
}

#[cfg(test)]
mod tests;
