//! The four kinds of channel, the sandbox, and a server with one canned answer.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use recado_core::{Button, Buttons, Content, MessageId, Provider};
use recado_providers::{
    Channel, ChannelConfig, ChannelError, Credentials, Defaults, HttpClient, OutboundMessage,
    Preview, Receipt, RetryPolicy, Timeouts, connect,
};
use recado_sandbox::{Account, Effect, Fault, Sandbox, Urls};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

/// Pauses short enough for tests.
pub(crate) const FAST: RetryPolicy = RetryPolicy {
    first_delay: Duration::from_millis(1),
    max_attempts: 3,
    budget: Duration::from_secs(15),
};

/// The four APIs that carry buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    WhatsApp,
    Zapi,
    ZapperHub,
    Wuzapi,
}

impl Subject {
    pub(crate) const ALL: [Self; 4] = [Self::WhatsApp, Self::Zapi, Self::ZapperHub, Self::Wuzapi];

    pub(crate) fn provider(self) -> Provider {
        match self {
            Self::WhatsApp => Provider::WhatsApp,
            Self::Zapi => Provider::Zapi,
            Self::ZapperHub | Self::Wuzapi => Provider::ZapperHub,
        }
    }

    pub(crate) fn simulator(self) -> recado_sandbox::Provider {
        match self {
            Self::WhatsApp => recado_sandbox::Provider::Whatsapp,
            Self::Zapi => recado_sandbox::Provider::Zapi,
            Self::ZapperHub => recado_sandbox::Provider::Zapperhub,
            Self::Wuzapi => recado_sandbox::Provider::Wuzapi,
        }
    }

    /// Credentials that the sandbox knows.
    pub(crate) fn credentials(self) -> Value {
        let account = Account::working(self.simulator());
        let credentials = account.credentials().into_iter();
        // A test of webhooks adds the secrets that it needs.
        let of_sends = credentials.filter(|(name, _)| !["appSecret", "verifyToken"].contains(name));
        of_sends.collect()
    }

    /// Credentials that the sandbox does not know; each secret is [`WRONG`].
    pub(crate) fn wrong_credentials(self) -> Value {
        let mut credentials = self.credentials();
        let secret = match self {
            Self::WhatsApp => "accessToken",
            Self::Zapi => "clientToken",
            Self::ZapperHub | Self::Wuzapi => "apiKey",
        };
        credentials[secret] = WRONG.into();
        credentials
    }

    pub(crate) fn settings(self, base_url: &str) -> Value {
        match self {
            Self::Wuzapi => json!({"baseUrl": base_url, "dialect": "wuzapi"}),
            _ => json!({"baseUrl": base_url}),
        }
    }

    /// A channel to `base_url` with the sandbox's credentials.
    pub(crate) fn channel(self, base_url: &str) -> Arc<dyn Channel> {
        self.channel_with(&self.credentials(), &self.settings(base_url))
    }

    /// The request that a channel to `base_url` would make.
    pub(crate) fn preview(self, base_url: &str, message: &OutboundMessage) -> Preview {
        let preview = self.channel(base_url).preview(message);
        preview.expect("a valid message")
    }

    pub(crate) fn channel_with(self, credentials: &Value, settings: &Value) -> Arc<dyn Channel> {
        let config = parse(self.provider(), credentials, settings).expect("a valid configuration");
        connect(&client(), config).expect("a channel")
    }
}

/// A secret to look for.
pub(crate) const WRONG: &str = "wr0ng+secret/value";

pub(crate) fn client() -> HttpClient {
    HttpClient::new(Timeouts::default(), true).expect("an HTTP client")
}

pub(crate) fn parse(
    provider: Provider,
    credentials: &Value,
    settings: &Value,
) -> Result<ChannelConfig, recado_core::FieldErrors> {
    let map = |value: &Value| value.as_object().cloned().unwrap_or_else(Map::new);
    Credentials::parse(
        provider,
        &map(credentials),
        &map(settings),
        &Defaults::default(),
    )
}

/// The simulated providers, running.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) urls: Urls,
}

impl World {
    pub(crate) async fn start() -> Self {
        let sandbox = Sandbox::new();
        let urls = sandbox.serve_on_free_port().await.expect("a free port");
        Self { sandbox, urls }
    }

    pub(crate) fn url(&self, subject: Subject) -> &str {
        self.urls.of(subject.simulator())
    }

    pub(crate) fn channel(&self, subject: Subject) -> Arc<dyn Channel> {
        subject.channel(self.url(subject))
    }

    /// Lets the next requests run into `effect`.
    pub(crate) fn fail_next(&self, subject: Subject, effect: Effect, times: u32) {
        let fault = Fault::new(subject.simulator(), effect);
        self.sandbox.fail_next(fault, times);
    }
}

/// A server that gives one answer to every request, and keeps what it was asked.
pub(crate) struct Canned {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// One request: its method and path, its headers and its JSON body.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Canned {
    pub(crate) async fn start(status: u16, headers: HeaderMap, body: impl Into<String>) -> Self {
        let (listener, address) = listen().await;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (keep, answered) = (asked.clone(), body.into());
        let status = StatusCode::from_u16(status).expect("an HTTP status");
        let router = Router::new().fallback(
            move |method: Method, uri: Uri, sent: HeaderMap, json: Bytes| {
                keep.lock().expect("a lock").push(Asked {
                    line: format!("{method} {uri}"),
                    headers: sent,
                    body: serde_json::from_slice(&json).unwrap_or_default(),
                });
                let answer = (status, headers.clone(), answered.clone());
                async move { answer }
            },
        );
        tokio::spawn(async move { axum::serve(listener, router).await });
        let url = format!("http://{address}");
        Self { url, asked }
    }

    /// The receipt of a message that this server accepts.
    pub(crate) async fn accepts(&self, subject: Subject, message: &OutboundMessage) -> Receipt {
        let sent = subject.channel(&self.url).send(message).await;
        sent.expect("accepted")
    }

    /// The error of a message that this server does not accept.
    pub(crate) async fn refuses(&self, subject: Subject) -> ChannelError {
        let sent = subject.channel(&self.url).send(&full()).await;
        sent.expect_err("refused")
    }

    pub(crate) fn requests(&self) -> usize {
        self.asked().len()
    }

    /// All requests, in their order.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("a lock").clone()
    }

    pub(crate) fn last(&self) -> Asked {
        self.asked().pop().expect("a request")
    }
}

/// A canned answer without headers of its own.
pub(crate) async fn canned(status: u16, body: impl Into<String>) -> Canned {
    Canned::start(status, HeaderMap::new(), body).await
}

pub(crate) async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    (listener, address)
}

/// A request as it goes over the wire.
pub(crate) fn shown(preview: &Preview) -> String {
    let headers = preview.headers.iter();
    let headers = headers.map(|(name, value)| format!("{name}: {value}\n"));
    let headers = headers.collect::<Vec<_>>().concat();
    let Preview {
        method, url, body, ..
    } = preview;
    format!("{method} {url}\n{headers}\n{body}")
}

/// Returns a JSON object with further members, or with others in the place of its own.
pub(crate) fn merged(mut object: Value, members: &Value) -> Value {
    let all = object.as_object_mut().expect("an object");
    all.extend(members.as_object().cloned().expect("an object"));
    object
}

/// A message with header, footer and two buttons.
pub(crate) fn full() -> OutboundMessage {
    message(
        "5521988887777",
        content(Some("Aurora ✅"), Some("Até 18h"), 2),
    )
}

/// A message of a body and two buttons.
pub(crate) fn plain() -> OutboundMessage {
    message("5521988887777", content(None, None, 2))
}

pub(crate) fn message(to: &str, content: impl Into<Content>) -> OutboundMessage {
    OutboundMessage::new(
        "msg_0199f3aa4a1e7c109d7b000000000001"
            .parse::<MessageId>()
            .expect("an id"),
        to.parse().expect("a recipient"),
        content,
    )
}

pub(crate) fn content(header: Option<&str>, footer: Option<&str>, buttons: u8) -> Buttons {
    let buttons = (1..=buttons).map(|n| Button::new(format!("visit:{n}"), format!("Opção {n}")));
    Buttons::new("Podemos confirmar a visita?\n*Quinta*, 10h", buttons)
        .expect("a message")
        .with_header(header.unwrap_or_default())
        .with_footer(footer.unwrap_or_default())
}
