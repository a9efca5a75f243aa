//! A gateway whose clock stands still and whose deliveries go out when the test says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use recado_core::inbound::{Choice, Contact, Inbound, InboundContent, InboundMessage};
use recado_core::{ConversationId, MessageId};
use recado_sandbox::base_urls;
use recado_server::app::{App, Clock};
use recado_server::delivery::{Drained, drain};
use recado_server::serve::ConnectionLimits;
use recado_store::testing::TestDatabase;
use recado_store::{Application, FreshIds, Routed, Store};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Client;
use crate::callbacks::kept_call;
use crate::json::id;
use crate::receiver::Receiver;
use crate::world::{self, Options, open_conversations, operator_key};

pub struct Rig {
    pub app: Arc<App>,
    pub operator: Client,
    /// Of the organization `demo`, which has `agent-123` and the channel `zapi`.
    pub client: Client,
    milliseconds: Arc<AtomicI64>,
    _database: TestDatabase,
}

impl Rig {
    pub async fn start() -> Self {
        let database = TestDatabase::fresh().await;
        let store = database.store().await;
        let operator_key = operator_key(&store).await;
        let milliseconds = Arc::new(AtomicI64::new(Timestamp::now().as_millisecond()));
        let options = Options {
            clock: clock(Arc::clone(&milliseconds)),
            ..Options::default()
        };
        // No provider is called, and none calls.
        let nowhere = base_urls(([127, 0, 0, 1], 9).into());
        let app = world::app(&store, &nowhere, "http://127.0.0.1:9", &options);
        let url = world::serve(&app, ConnectionLimits::default()).await;
        let operator = Client::new(&url, &operator_key);
        let client = operator.organization("demo").await;
        open_conversations(&client, &[("zapi", "conv-zapi")]).await;
        Self {
            app,
            operator,
            client,
            milliseconds,
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

    /// Adds an endpoint at that receiver for events of one type.
    pub async fn endpoint_for(&self, event: &str, receiver: &Receiver) -> Value {
        let endpoint = json!({"url": receiver.url, "events": [event]});
        self.endpoint(endpoint).await
    }

    /// A customer writes.
    pub async fn say(&self, phone: &str, words: &str) {
        self.receive(phone, InboundContent::text(words)).await;
    }

    /// A customer taps.
    pub async fn tap(&self, phone: &str, id: &str, title: &str) {
        let choice = Choice::new(id, title);
        self.receive(phone, InboundContent::Button(choice)).await;
    }

    async fn receive(&self, phone: &str, content: InboundContent) {
        say(&self.app.store, self.now(), phone, content).await;
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

/// The path of an endpoint.
pub fn path(endpoint: &Value) -> String {
    format!("/webhook-endpoints/{}", id(endpoint))
}

fn clock(milliseconds: Arc<AtomicI64>) -> Clock {
    Clock::from_fn(move || {
        let now = milliseconds.load(Ordering::SeqCst);
        Timestamp::from_millisecond(now).expect("an instant")
    })
}

/// Something of a customer of the organization `demo` comes in over the channel `zapi`.
pub async fn say(store: &Store, at: Timestamp, phone: &str, content: InboundContent) {
    let id = format!("whc_{}", Uuid::now_v7().simple());
    let call = kept_call(&id, json!({"kept": true}).to_string(), at);
    let application = Application {
        call_id: call.id.clone(),
        organization_id: call.organization_id.clone(),
        items: vec![routed(phone, content)],
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
