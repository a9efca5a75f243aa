//! One gateway in this process, on a fresh database, with the sandbox beside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use recado_core::chatvolt::SendButtons;
use recado_core::{ApiKeyId, Provider as ChannelProvider};
use recado_providers::{Defaults, HttpClient, Profile, Registration, RetryPolicy, Timeouts};
use recado_sandbox::{Account, Provider, Sandbox, Urls, Webhook};
use recado_server::app::{
    App, AppParts, Clock, HEARTBEAT, MAX_ATTEMPTS_IN_FLIGHT, MAX_QUEUED_MIB, MAX_SENDS_IN_FLIGHT,
    MAX_WEBHOOK_ENDPOINTS,
};
use recado_server::costs::rates::Rates;
use recado_server::serve::ConnectionLimits;
use recado_store::testing::TestDatabase;
use recado_store::{ApiKey, ApiKeySecret, Author, ChannelSecrets, NewChannel, Retention, Store};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::callbacks::Callbacks;
use crate::client::Client;
use crate::json::text;
use crate::soon::soon;

/// The customer of the conversations that [`World::start`] opens.
pub const CUSTOMER: &str = "5511900000001";

/// A customer of none of them.
pub const OTHER_CUSTOMER: &str = "5511900000002";

/// The documentation's example, byte for byte.
pub const PUBLISHED_EXAMPLE: &str = SendButtons::EXAMPLE;

/// The providers' conversations in a world: provider, channel, conversation.
pub const CONVERSATIONS: [(&str, &str); 3] = [
    ("whatsapp", "conv-456"),
    ("zapi", "conv-zapi"),
    ("zapperhub", "conv-zapperhub"),
];

/// What a test may want to be different.
pub struct Options {
    pub clock: Clock,
    pub limits: ConnectionLimits,
    pub timeouts: Timeouts,
    pub retry: RetryPolicy,
    pub max_sends_in_flight: usize,
    pub max_attempts_in_flight: usize,
    pub heartbeat: Duration,
    pub server_name: Option<String>,
    pub retention: Retention,
    pub rates: Option<Arc<Rates>>,
    pub max_queued_mib: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            limits: ConnectionLimits::default(),
            timeouts: Timeouts::default(),
            retry: RetryPolicy {
                first_delay: Duration::from_millis(1),
                ..RetryPolicy::default()
            },
            max_sends_in_flight: MAX_SENDS_IN_FLIGHT,
            max_attempts_in_flight: MAX_ATTEMPTS_IN_FLIGHT,
            heartbeat: HEARTBEAT,
            server_name: None,
            retention: Retention::default(),
            rates: None,
            max_queued_mib: MAX_QUEUED_MIB,
        }
    }
}

/// A running gateway and everything around it; ends with the value.
pub struct World {
    pub database: TestDatabase,
    pub store: Store,
    pub app: Arc<App>,
    pub sandbox: Sandbox,
    pub sandbox_urls: Urls,
    pub url: String,
    pub operator: Client,
    /// Of the organization `demo`, which has `agent-123` and a conversation on each provider.
    pub client: Client,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl World {
    /// Starts a world with one organization.
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    /// Starts a world that differs.
    pub async fn with(options: Options) -> Self {
        let database = TestDatabase::fresh().await;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let (sandbox, sandbox_urls) = sandbox().await;
        let store = database.store().await;
        let operator_key = operator_key(&store).await;
        let (listener, url) = free_port().await;
        let app = app(&store, &sandbox_urls, &url, &options);
        let stopped = stop.clone().cancelled_owned();
        let running = recado_server::run(Arc::clone(&app), listener, options.limits, stopped);
        tasks.spawn(running);
        let operator = Client::new(&url, &operator_key);
        let key = organization(&operator, "demo").await;
        let client = operator.with_key(&key);
        open_conversations(&client, &CONVERSATIONS).await;
        Self {
            database,
            store,
            app,
            sandbox,
            sandbox_urls,
            url,
            operator,
            client,
            stop,
            tasks,
        }
    }

    /// Starts a world, and what the tests themselves call in the providers' name.
    pub async fn with_callbacks() -> (Self, Callbacks) {
        let world = Self::start().await;
        let callbacks = world.callbacks().await;
        (world, callbacks)
    }

    /// Starts a world whose simulated providers call it.
    pub async fn connected() -> Self {
        let world = Self::start().await;
        world.connect_webhooks().await;
        world
    }

    /// Starts a world whose clock is as far ahead as the test says; a later value counts at once.
    pub async fn with_clock() -> (Self, Ahead) {
        let ahead = Ahead::default();
        let options = Options {
            clock: ahead.clock(),
            ..Options::default()
        };
        (Self::with(options).await, ahead)
    }

    /// Returns the webhooks of the organization's channels, for a test that calls in the providers' name.
    pub async fn callbacks(&self) -> Callbacks {
        Callbacks::of(&self.client, &self.url).await
    }

    /// Sends the smallest message, which the provider accepts.
    pub async fn sent(&self, conversation: &str) -> Sent {
        let sent = self.client.accepted(smallest_body(conversation)).await;
        let text = |name: &str| text(&sent["message"][name]).to_owned();
        Sent {
            id: text("id"),
            external_id: text("externalId"),
        }
    }

    /// Tells the providers where to send their webhooks, as an operator would.
    pub async fn connect_webhooks(&self) {
        for (provider, _) in CONVERSATIONS {
            let channel = self.client.read(&format!("/channels/{provider}")).await;
            let simulated = provider.parse().expect("a provider");
            let mut webhook = Webhook::new(simulated, text(&channel["webhookUrl"]));
            webhook.secret = told_secret(provider, &channel).map(str::to_owned);
            self.sandbox
                .register_webhook(webhook)
                .await
                .expect("a registered webhook");
        }
    }

    /// Connects a number whose wuzapi server is the sandbox: channel `wuzapi`, conversation `conv-wuzapi`.
    pub async fn open_wuzapi(&self) {
        let channel = json!({
            "id": "wuzapi", "provider": "zapperhub", "name": "wuzapi", "credentials": credentials("wuzapi"),
            "settings": {"dialect": "wuzapi", "baseUrl": self.sandbox_urls.of(Provider::Wuzapi)},
        });
        self.client.create("/channels", channel).await;
        let (client, agent) = (&self.client, "agent-123");
        client.open("conv-wuzapi", agent, "wuzapi", CUSTOMER).await;
    }

    /// The events of the organization as soon as there are so many of that type.
    pub async fn events(&self, kind: &str, count: usize) -> Vec<Value> {
        let organization = "demo".parse().expect("an id");
        let mut subscription = self.store.subscribe_events(Some(&organization));
        let come = async {
            loop {
                let path = format!("/events?limit=1000&type={kind}");
                let events = self.client.list(&path).await;
                if events.len() >= count {
                    return events;
                }
                subscription.changed().await;
            }
        };
        soon(kind, come).await
    }

    /// Stops the server, waiting for what is in flight.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        soon("the server stops", self.tasks.wait()).await;
    }
}

/// The ids of an accepted message: ours, and the provider's.
#[derive(Debug, Clone)]
pub struct Sent {
    pub id: String,
    pub external_id: String,
}

/// How far the clock of a world is ahead of the present, in seconds.
#[derive(Debug, Clone, Default)]
pub struct Ahead(Arc<AtomicU64>);

impl Ahead {
    /// Moves the clock on.
    pub fn pass(&self, time: Duration) {
        self.0.fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    /// Returns the clock that it moves.
    pub fn clock(&self) -> Clock {
        let seconds = Arc::clone(&self.0);
        Clock::from_fn(move || {
            Timestamp::now() + Duration::from_secs(seconds.load(Ordering::SeqCst))
        })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Listens on a free port of this machine; returns its URL too.
pub async fn free_port() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
}

/// Serves that gateway on a free port, with nothing in the background, until the test ends; returns its URL.
pub async fn serve(app: &Arc<App>, limits: ConnectionLimits) -> String {
    let (listener, url) = free_port().await;
    let router = recado_server::router(Arc::clone(app)).expect("a router");
    let end = std::future::pending();
    tokio::spawn(recado_server::serve::serve(listener, router, limits, end));
    url
}

/// A sandbox, which runs until the test ends.
pub async fn sandbox() -> (Sandbox, Urls) {
    let sandbox = Sandbox::new();
    let urls = sandbox.serve_on_free_port().await.expect("a free port");
    (sandbox, urls)
}

/// A gateway on that database that does not run; what it would do in the background can be done by hand.
pub fn app(store: &Store, sandbox: &Urls, url: &str, options: &Options) -> Arc<App> {
    App::new(parts(store, sandbox, url, options))
}

/// The parts of a gateway on that database.
pub fn parts(store: &Store, sandbox: &Urls, url: &str, options: &Options) -> AppParts {
    let mut defaults = Defaults::default();
    for provider in ChannelProvider::ALL {
        let simulated = provider.as_str().parse().expect("a provider");
        *defaults.url_mut(provider) = sandbox.of(simulated).parse().expect("a URL");
    }
    AppParts {
        store: store.clone(),
        http: HttpClient::new(options.timeouts, true).expect("an HTTP client"),
        defaults,
        public_url: url.parse().expect("a URL"),
        clock: options.clock.clone(),
        retry: options.retry,
        max_sends_in_flight: options.max_sends_in_flight,
        max_attempts_in_flight: options.max_attempts_in_flight,
        heartbeat: options.heartbeat,
        max_webhook_endpoints: MAX_WEBHOOK_ENDPOINTS,
        max_queued_mib: options.max_queued_mib,
        server_name: options.server_name.clone(),
        retention: options.retention,
        rates: options.rates.clone(),
    }
}

/// A fresh operator key in the database.
pub async fn operator_key(store: &Store) -> String {
    let secret = ApiKeySecret::generate().expect("random bytes");
    let author = Author::command_line(Timestamp::now());
    let id = ApiKeyId::from_uuid(Uuid::now_v7());
    let key = ApiKey::new(id, None, "test operator", &secret, author.at);
    store
        .create_api_key(&key, &secret, &author)
        .await
        .expect("an operator key");
    secret.expose().to_owned()
}

/// Makes an organization of that id, and gives a key of it.
pub async fn organization(operator: &Client, id: &str) -> String {
    let organization = json!({"id": id, "name": id});
    operator.create("/organizations", organization).await;
    let keys = format!("/organizations/{id}/api-keys");
    let key = operator.create(&keys, json!({"name": "test"})).await;
    text(&key["key"]).to_owned()
}

/// Makes `agent-123`, a channel named like its provider, and a conversation on each.
pub async fn open_conversations(client: &Client, conversations: &[(&str, &str)]) {
    client.agent("agent-123").await;
    for &(provider, conversation) in conversations {
        client.connect(provider, provider).await;
        client
            .open(conversation, "agent-123", provider, CUSTOMER)
            .await;
    }
}

/// Stores a channel of the organization `demo` as servers did that checked less: with any credentials, and without
/// its number.
pub async fn store_channel(
    store: &Store,
    id: &str,
    provider: ChannelProvider,
    credentials: &Value,
) {
    let channel = NewChannel {
        id: id.parse().expect("an id"),
        organization_id: "demo".parse().expect("an id"),
        provider,
        name: id.to_owned(),
        settings: Map::new(),
        agent_id: None,
        number: None,
        secrets: ChannelSecrets {
            credentials: credentials.as_object().cloned().expect("an object"),
            webhook_secret: "secret".into(),
        },
        created_at: Timestamp::now(),
    };
    let author = Author::command_line(Timestamp::now());
    let created = store.create_channel(channel, &author).await;
    created.expect("a channel");
}

/// Returns the webhook secret of a channel if a program tells it to the provider, and not a person.
pub fn told_secret<'a>(provider: &str, channel: &'a Value) -> Option<&'a str> {
    let provider = provider.parse().expect("a provider");
    let by_program = matches!(
        Profile::of(provider).registration,
        Registration::Program { .. }
    );
    let secret = channel["webhookSecret"].as_str();
    secret.filter(|_| by_program)
}

/// The sandbox's account of that provider.
pub fn credentials(provider: &str) -> Value {
    let provider = provider.parse().expect("a provider");
    Account::working(provider).credentials_json()
}

/// Settings of a channel of WhatsApp that sends as fast as a test does.
pub fn unlimited() -> Value {
    json!({"messagesPerSecond": 100_000, "pairRate": "ignored"})
}

/// The smallest body that sends, with that text.
pub fn message_of(conversation: &str, text: &str) -> Value {
    let mut body = smallest_body(conversation);
    body["body_text"] = text.into();
    body
}

/// The smallest body that sends: five fields.
pub fn smallest_body(conversation: &str) -> Value {
    json!({"agentId": "agent-123", "conversationId": conversation, "body_text": "Hi", "button_1_id": "a", "button_1_title": "A"})
}
