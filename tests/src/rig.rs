//! A gateway whose clock stands still and whose deliveries go out when the test says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::Client;
use crate::world::{open_conversations, operator_key};
use jiff::Timestamp;
use recado_core::inbound::{Choice, Contact, Inbound, InboundContent, InboundMessage};
use recado_core::{ConversationId, MessageId};
use recado_providers::{Defaults, HttpClient, RetryPolicy, Timeouts};
use recado_server::app::{
    App, AppParts, Clock, HEARTBEAT, MAX_SENDS_IN_FLIGHT, MAX_WEBHOOK_ENDPOINTS,
};
use recado_server::delivery::{Drained, drain};
use recado_server::serve::{ConnectionLimits, serve};
use recado_store::testing::TestDatabase;
use recado_store::{Application, FreshIds, Retention, Routed, Store, WebhookCall};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub struct Rig {
    pub app: Arc<App>,
    pub operator: Client,
    /// Of the organization `demo`, which has `agent-123` and the channel `zapi`.
    pub client: Client,
    milliseconds: Arc<AtomicI64>,
    stop: CancellationToken,
    _database: TestDatabase,
}

impl Rig {
    pub async fn start() -> Self {
        let database = TestDatabase::fresh().await;
        let store = database.store().await;
        let operator_key = operator_key(&store).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let milliseconds = Arc::new(AtomicI64::new(Timestamp::now().as_millisecond()));
        let app = app(store, &url, Arc::clone(&milliseconds));
        let router = recado_server::router(Arc::clone(&app)).expect("a router");
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        tokio::spawn(serve(
            listener,
            router,
            ConnectionLimits::default(),
            stopped,
        ));
        let operator = Client::new(&url, &operator_key);
        let client = operator.organization("demo").await;
        open_conversations(&client, &[("zapi", "conv-zapi")]).await;
        Self {
            app,
            operator,
            client,
            milliseconds,
            stop,
            _database: database,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.app.clock.now()
    }

    pub fn pass(&self, time: Duration) {
        let milliseconds = i64::try_from(time.as_millis()).expect("a short time");
        self.milliseconds.fetch_add(milliseconds, Ordering::SeqCst);
    }

    /// Delivers what is due.
    pub async fn drain(&self) -> Drained {
        drain(&self.app).await.expect("the database answers")
    }

    /// Adds an endpoint, and gives it with its secret.
    pub async fn endpoint(&self, body: Value) -> Value {
        self.client.create("/webhook-endpoints", body).await
    }

    /// A customer writes.
    pub async fn say(&self, phone: &str, text: &str) {
        let content = InboundContent::Other {
            kind: "text".to_owned(),
            text: Some(text.to_owned()),
        };
        self.receive(phone, content).await;
    }

    /// A customer taps.
    pub async fn tap(&self, phone: &str, id: &str, title: &str) {
        let choice = Choice::new(id, title);
        self.receive(phone, InboundContent::Button(choice)).await;
    }

    async fn receive(&self, phone: &str, content: InboundContent) {
        say(&self.app.store, "demo", self.now(), phone, content).await;
    }

    /// The events of the organization.
    pub async fn events(&self) -> Vec<Value> {
        self.client.list("/events?limit=1000").await
    }

    /// The deliveries of an endpoint.
    pub async fn deliveries(&self, endpoint: &Value) -> Vec<Value> {
        let path = format!("{}/deliveries?limit=100", path(endpoint));
        self.client.list(&path).await
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The path of an endpoint.
pub fn path(endpoint: &Value) -> String {
    format!(
        "/webhook-endpoints/{}",
        endpoint["id"].as_str().expect("an id")
    )
}

fn app(store: Store, url: &str, milliseconds: Arc<AtomicI64>) -> Arc<App> {
    let now = move || {
        let now = milliseconds.load(Ordering::SeqCst);
        Timestamp::from_millisecond(now).expect("an instant")
    };
    App::new(AppParts {
        store,
        http: HttpClient::new(Timeouts::default(), true).expect("an HTTP client"),
        defaults: Defaults::default(),
        public_url: url.parse().expect("a URL"),
        clock: Clock::from_fn(now),
        retry: RetryPolicy::default(),
        max_sends_in_flight: MAX_SENDS_IN_FLIGHT,
        heartbeat: HEARTBEAT,
        max_webhook_endpoints: MAX_WEBHOOK_ENDPOINTS,
        server_name: None,
        retention: Retention::default(),
    })
}

/// A message of a customer comes in over the channel `zapi`.
pub async fn say(
    store: &Store,
    organization: &str,
    at: Timestamp,
    phone: &str,
    content: InboundContent,
) {
    say_all(store, organization, at, vec![(phone.to_owned(), content)]).await;
}

/// Messages of customers come in by one call.
pub async fn say_all(
    store: &Store,
    organization: &str,
    at: Timestamp,
    said: Vec<(String, InboundContent)>,
) {
    let call = WebhookCall {
        id: format!("whc_{}", Uuid::now_v7().simple()),
        organization_id: organization.parse().expect("an id"),
        channel_id: "zapi".parse().expect("an id"),
        content_type: None,
        body: json!({"kept": true}).to_string().into_bytes(),
        received_at: at,
    };
    let items = said
        .into_iter()
        .map(|(phone, content)| routed(&phone, content));
    let application = Application {
        call_id: call.id.clone(),
        organization_id: call.organization_id.clone(),
        items: items.collect(),
        at,
        completes: true,
    };
    let claimed = at + Duration::from_mins(1);
    store.keep_webhook_call(&call, claimed).await.expect("kept");
    for applied in store.apply_webhooks(vec![application]).await {
        assert!(applied.expect("applied").events > 0);
    }
}

fn routed(phone: &str, content: InboundContent) -> Routed {
    let uuid = Uuid::now_v7();
    let item = Inbound::Message(InboundMessage::new(
        uuid.simple().to_string(),
        Contact::new([phone.parse().expect("a phone")]).named(Some("Ana".to_owned())),
        content,
    ));
    Routed {
        channel_id: "zapi".parse().expect("an id"),
        item,
        ids: FreshIds {
            message: MessageId::from_uuid(uuid),
            conversation: ConversationId::from_uuid(uuid),
        },
    }
}
