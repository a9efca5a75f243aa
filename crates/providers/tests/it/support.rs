//! The four kinds of channel, the sandbox, and a server with one canned answer.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use recado_core::{Button, Buttons, Content, MessageId, Provider};
use recado_providers::{
    Channel, ChannelConfig, Credentials, Defaults, HttpClient, OutboundMessage, RetryPolicy,
    Timeouts, connect,
};
use recado_sandbox::{Account, Sandbox, Urls};
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
        match subject {
            Subject::WhatsApp => &self.urls.whatsapp,
            Subject::Zapi => &self.urls.zapi,
            Subject::ZapperHub => &self.urls.zapperhub,
            Subject::Wuzapi => &self.urls.wuzapi,
        }
    }

    pub(crate) fn channel(&self, subject: Subject) -> Arc<dyn Channel> {
        subject.channel(self.url(subject))
    }
}

/// A server that gives one answer to every request, and keeps the last.
pub(crate) struct Canned {
    pub(crate) url: String,
    requests: Arc<AtomicUsize>,
    last: Arc<Mutex<Option<(String, HeaderMap, Value)>>>,
}

impl Canned {
    pub(crate) async fn start(status: u16, headers: HeaderMap, body: impl Into<String>) -> Self {
        let (listener, address) = listen().await;
        let requests = Arc::new(AtomicUsize::new(0));
        let last = Arc::new(Mutex::new(None));
        let (count, keep, body) = (requests.clone(), last.clone(), body.into());
        let router = Router::new().fallback(move |uri: Uri, sent: HeaderMap, json: Bytes| {
            count.fetch_add(1, Ordering::SeqCst);
            let json = serde_json::from_slice(&json).unwrap_or_default();
            *keep.lock().expect("a lock") = Some((uri.to_string(), sent, json));
            let status = StatusCode::from_u16(status).expect("an HTTP status");
            let answer = (status, headers.clone(), body.clone());
            async move { answer }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url: format!("http://{address}"),
            requests,
            last,
        }
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Path, headers and JSON body of the last request.
    pub(crate) fn last(&self) -> (String, HeaderMap, Value) {
        self.last
            .lock()
            .expect("a lock")
            .clone()
            .expect("a request")
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
