//! Receives a provider's webhooks, proves them, and prints what they say.
//!
//! ```sh
//! export RECADO_ZAPI_INSTANCE_ID=… RECADO_ZAPI_INSTANCE_TOKEN=… WEBHOOK_SECRET=$(openssl rand -hex 16)
//! cargo run -p recado-providers --example webhook
//! ```
//!
//! The provider has to reach it by HTTPS at `https://…/webhook/$WEBHOOK_SECRET`. Another account than Z-API's makes a
//! receiver for that provider; Meta's URL is `https://…/webhook`, since Meta signs its calls.
#![expect(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::env;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::StatusCode;
use axum::routing::any;
use recado_providers::recado_core::inbound::{Inbound, InboundContent};
use recado_providers::{
    Admission, Channel, ChannelConfig, HeaderMap, HttpClient, Method, Received, SecretString,
    Timeouts, WebhookCall, WebhookHead, ZapiAccount, connect, header,
};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// Meta's calls have up to 3 MB.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let token = env::var("RECADO_ZAPI_INSTANCE_TOKEN")?;
    let account = ZapiAccount::new(env::var("RECADO_ZAPI_INSTANCE_ID")?, token.into());
    let http = HttpClient::new(Timeouts::default(), false)?;
    let channel = connect(&http, ChannelConfig::new(account))?;
    let (events, mut told) = unbounded_channel();
    let router = router(channel, env::var("WEBHOOK_SECRET")?.into(), events);
    tokio::spawn(async move {
        while let Some(received) = told.recv().await {
            println!("{}", describe(&received.what));
        }
    });
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

/// What a receiver has to know.
pub(crate) struct Receiver {
    channel: Arc<dyn Channel>,
    secret: SecretString,
    events: UnboundedSender<Received>,
}

/// The routes that a provider calls: Z-API and ZapperHUB prove themselves by the secret in the URL, Meta signs.
pub(crate) fn router(
    channel: Arc<dyn Channel>,
    secret: SecretString,
    events: UnboundedSender<Received>,
) -> Router {
    Router::new()
        .route("/webhook", any(receive))
        .route("/webhook/{secret}", any(receive))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Arc::new(Receiver {
            channel,
            secret,
            events,
        }))
}

async fn receive(
    State(receiver): State<Arc<Receiver>>,
    url_secret: Option<Path<String>>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let url_secret = url_secret.as_ref().map(|Path(secret)| &**secret);
    let head = WebhookHead::new(&method, url_secret, &headers, &receiver.secret);
    let call = WebhookCall::new(head, query.as_deref().unwrap_or_default(), &body);
    match receiver.channel.verify_webhook(&call) {
        Ok(Admission::Deliver) => {}
        // Meta asks once whether the URL is yours, and wants its challenge back.
        Ok(Admission::Challenge(challenge)) => return (StatusCode::OK, challenge),
        // Anyone can call this URL. Nothing is parsed that does not prove itself.
        Err(refused) => return (StatusCode::FORBIDDEN, refused.to_string()),
    }
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    match receiver.channel.parse_webhook(content_type, &body) {
        Ok(items) => {
            // Keep them before you answer with 200: the provider does not send them again.
            for item in items {
                receiver.events.send(item).ok();
            }
            (StatusCode::OK, String::new())
        }
        Err(unreadable) => (StatusCode::BAD_REQUEST, unreadable.to_string()),
    }
}

/// What a webhook says, in a sentence.
pub(crate) fn describe(what: &Inbound) -> String {
    match what {
        Inbound::Message(message) => match &message.content {
            InboundContent::Button(button) => format!("tapped: {} ({})", button.title, button.id),
            InboundContent::List(row) => format!("chosen: {} ({})", row.title, row.id),
            InboundContent::Other { kind, text, .. } => {
                format!("{kind}: {}", text.as_deref().unwrap_or_default())
            }
            InboundContent::NumberChange { .. } => "the customer has a new number".to_owned(),
        },
        Inbound::Status(news) => format!("message {:?}: {}", news.external_ids, news.status),
        Inbound::Connection(news) if news.connected => "the number is connected".to_owned(),
        Inbound::Connection(_) => "the number is not connected any more".to_owned(),
        other => format!("{other:?}"),
    }
}
