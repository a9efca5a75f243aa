//! Sends a question with two buttons over the provider that you name.
//!
//! The credentials come from the environment:
//!
//! ```sh
//! export RECADO_ZAPI_INSTANCE_ID=… RECADO_ZAPI_INSTANCE_TOKEN=… RECADO_ZAPI_CLIENT_TOKEN=…
//! cargo run -p recado-providers --example send -- zapi '+55 11 90000-0001'
//! ```
//!
//! No account yet? `recado sandbox` simulates the providers and prints their URLs and credentials; name the URL in
//! `RECADO_BASE_URL`.
#![expect(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::env;

use anyhow::{Context as _, bail};
use recado_providers::recado_core::{Button, Buttons, GivenRecipient, MessageId, Outcome, Uuid};
use recado_providers::{
    Channel, ChannelConfig, Credentials, HttpClient, OutboundMessage, Receipt, RetryPolicy,
    SecretString, Timeouts, WhatsAppAccount, ZapiAccount, ZapperHubAccount, connect,
    send_with_retries,
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut args = env::args().skip(1);
    let (Some(provider), Some(to)) = (args.next(), args.next()) else {
        bail!("usage: send whatsapp|zapi|zapperhub RECIPIENT");
    };
    let receipt = run(&provider, &to, |name| env::var(name).ok()).await?;
    println!("accepted as {}", receipt.external_id.unwrap_or_default());
    Ok(())
}

/// Connects the number, and sends the question.
pub(crate) async fn run(
    provider: &str,
    to: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Receipt> {
    let mut config = ChannelConfig::new(account(provider, &variable)?);
    let own_url = variable("RECADO_BASE_URL");
    if let Some(url) = &own_url {
        config.base_url = url.parse()?;
    }
    // One client for all channels of the process. It reaches the public internet only, unless it is told otherwise.
    let http = HttpClient::new(Timeouts::default(), own_url.is_some())?;
    let channel = connect(&http, config)?;
    send(&*channel, to).await
}

/// Who sends: an account has what it cannot do without, and its other fields can be set afterwards.
fn account(
    provider: &str,
    variable: &impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Credentials> {
    let text = |name: &str| variable(name).with_context(|| format!("set {name}"));
    let secret = |name: &str| text(name).map(SecretString::from);
    Ok(match provider {
        "whatsapp" => WhatsAppAccount::new(
            text("RECADO_WHATSAPP_PHONE_NUMBER_ID")?,
            secret("RECADO_WHATSAPP_ACCESS_TOKEN")?,
        )
        .into(),
        "zapi" => {
            let mut account = ZapiAccount::new(
                text("RECADO_ZAPI_INSTANCE_ID")?,
                secret("RECADO_ZAPI_INSTANCE_TOKEN")?,
            );
            account.client_token = secret("RECADO_ZAPI_CLIENT_TOKEN").ok();
            account.into()
        }
        "zapperhub" => ZapperHubAccount::hosted(
            text("RECADO_ZAPPERHUB_INSTANCE_ID")?,
            secret("RECADO_ZAPPERHUB_API_KEY")?,
        )
        .into(),
        _ => bail!("the provider is one of whatsapp, zapi, zapperhub"),
    })
}

/// Sends the question, again only where surely nothing was sent.
pub(crate) async fn send(channel: &dyn Channel, to: &str) -> anyhow::Result<Receipt> {
    // A `GivenRecipient` reads what people write and paste; a `Recipient` reads what providers write.
    let to: GivenRecipient = to.parse()?;
    let buttons = [
        Button::new("btn_sales", "Sales"),
        Button::new("btn_support", "Support"),
    ];
    let content =
        Buttons::new("How can we help you today?", buttons)?.with_footer("We answer until 18:00");
    // Each message has an id of its own, which WhatsApp gives back with the message's statuses.
    let id = MessageId::from_uuid(Uuid::now_v7());
    let message = OutboundMessage::new(id, to.recipient, content);

    match send_with_retries(channel, &message, &RetryPolicy::default()).await {
        Ok(receipt) => Ok(receipt),
        Err(error) if error.kind.outcome() == Outcome::Unknown => {
            // The message may be on its way: to send it again would be to send it twice.
            bail!("{error}; look at the phone before you send it again")
        }
        // Surely not sent: `error.kind` tells why, and `error.retry_after` when to try again.
        Err(error) => Err(error.into()),
    }
}
