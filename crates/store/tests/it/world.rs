//! What the tests start from: a fresh database and ready-made entries.

use std::fmt::Debug;
use std::panic::Location;
use std::time::Duration;

use jiff::Timestamp;
use recado_core::{
    AgentId, Button, Buttons, Content, ConversationId, MessageId, OrganizationId, Outcome,
    Provider, Warning,
};
use recado_store::testing::TestDatabase;
use recado_store::{
    Agent, Author, Channel, ChannelSecrets, Conversation, Freed, NewChannel, NewMessage,
    Organization, Page, Retention, SendLimits, SendResult, Store,
};
use serde_json::{Map, Value, json};
use sqlx::{AnyConnection, Connection};

/// Ends a server that used this store.
pub(crate) async fn end(store: &Store, now: i64) -> Freed {
    let membership = ok(store.join(None)).await;
    ok(membership.leave(at(now))).await
}

/// Removes every row whose time has passed; returns how many.
pub(crate) async fn prune(store: &Store, now: i64, retention: Retention) -> u64 {
    let (mut pruning, mut rows) = (store.pruning(at(now), retention, true), 0);
    while let Some(pruned) = ok(pruning.step()).await {
        rows += pruned.rows;
    }
    rows
}

/// Waits for what comes at once; if it takes too long, the failure names the line of the caller.
#[track_caller]
pub(crate) fn soon<T>(future: impl Future<Output = T>) -> impl Future<Output = T> {
    let caller = Location::caller();
    async move {
        let waited = tokio::time::timeout(Duration::from_mins(1), future).await;
        waited.unwrap_or_else(|_| panic!("{caller}: waited too long"))
    }
}

/// Waits for a call that succeeds.
#[track_caller]
pub(crate) fn ok<T, E: Debug>(call: impl Future<Output = Result<T, E>>) -> impl Future<Output = T> {
    let caller = Location::caller();
    async move {
        call.await
            .unwrap_or_else(|error| panic!("{caller}: {error:?}"))
    }
}

/// Waits for a call that succeeds and finds something.
#[track_caller]
pub(crate) fn some<T, E: Debug>(
    call: impl Future<Output = Result<Option<T>, E>>,
) -> impl Future<Output = T> {
    let caller = Location::caller();
    async move {
        ok(call)
            .await
            .unwrap_or_else(|| panic!("{caller}: nothing was found"))
    }
}

/// Checks that a call succeeds, and what it gives.
macro_rules! gives {
    ($call:expr => $value:expr) => {
        assert_eq!($crate::world::ok($call).await, $value)
    };
}
pub(crate) use gives;

/// Checks that a call fails with an error of this pattern.
macro_rules! refused {
    ($call:expr => $error:pat) => {
        match $call.await {
            Err($error) => {}
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("succeeded"),
        }
    };
}
pub(crate) use refused;

pub(crate) const ALL: Page = Page {
    after: None,
    limit: 1000,
};

/// A fresh database with the organizations `org_1` and `org_2`.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) database: TestDatabase,
}

impl World {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::fresh().await;
        let store = database.store().await;
        for id in ["org_1", "org_2"] {
            ok(store.create_organization(&organization(id), &by(1_000))).await;
        }
        Self { store, database }
    }

    /// The same, with the conversation `conv-456` in each of them.
    pub(crate) async fn with_conversations() -> Self {
        let world = Self::new().await;
        for owner in ["org_1", "org_2"] {
            let ours = conversation(owner, "conv-456");
            ok(world.store.create_conversation(&ours, None)).await;
        }
        world
    }

    /// A connection past the store.
    pub(crate) async fn raw(&self) -> AnyConnection {
        Self::raw_of(&self.database).await
    }

    /// A connection past every store.
    pub(crate) async fn raw_of(database: &TestDatabase) -> AnyConnection {
        ok(AnyConnection::connect(database.url())).await
    }
}

pub(crate) fn id<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().expect("an id")
}

/// A week in milliseconds: how long most rows are kept.
pub(crate) const WEEK: i64 = 7 * 24 * 60 * 60 * 1000;

pub(crate) fn at(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(millisecond).unwrap()
}

/// A command makes a change at that instant.
pub(crate) fn by(millisecond: i64) -> Author {
    Author::command_line(at(millisecond))
}

pub(crate) fn organization(text: &str) -> Organization {
    Organization {
        id: id(text),
        name: format!("Name of {text}"),
        suspended_at: None,
        guards_repeats: true,
        messages_per_second: None,
        created_at: at(1_000),
    }
}

pub(crate) fn agent(organization: &str, text: &str) -> Agent {
    Agent {
        id: id(text),
        organization_id: id(organization),
        name: "Ana ✅".into(),
        created_at: at(2_000),
    }
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else {
        panic!("an object")
    };
    map
}

pub(crate) fn channel(organization: &str, text: &str) -> NewChannel {
    NewChannel {
        id: id(text),
        organization_id: id(organization),
        provider: Provider::Zapi,
        name: "Sales".into(),
        number: None,
        settings: object(json!({ "buttonsEndpoint": "auto" })),
        agent_id: None,
        secrets: ChannelSecrets {
            credentials: object(json!({ "instanceToken": "credential-in-clear" })),
            webhook_secret: "webhook-secret-in-clear".into(),
        },
        created_at: at(3_000),
    }
}

pub(crate) async fn create_channel(store: &Store, organization: &str, text: &str) -> Channel {
    ok(store.create_channel(channel(organization, text), &by(3_000))).await
}

pub(crate) fn conversation(organization: &str, text: &str) -> Conversation {
    Conversation::new(
        id(organization),
        id(text),
        id("agent-123"),
        id("chn_1"),
        id("5521988887777"),
        at(4_000),
    )
}

/// Returns a value with a change.
pub(crate) fn with<T>(mut value: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut value);
    value
}

pub(crate) fn buttons() -> Buttons {
    let buttons = [Button::new("btn_sales", "Sales"), Button::new(" b ", "👩‍👩‍👧")];
    Buttons::new("Body\n\u{0}✅ 'quoted' \"twice\" $1 ?", buttons)
        .unwrap()
        .with_header(" Header ")
}

pub(crate) fn content() -> Content {
    buttons().into()
}

pub(crate) fn message(organization: &str, text: &str) -> NewMessage {
    NewMessage {
        id: id(text),
        organization_id: id(organization),
        conversation_id: id("conv-456"),
        agent_id: id("agent-123"),
        channel_id: id("chn_1"),
        external_id: None,
        content: content(),
        warnings: vec![Warning::new("body_text", "long")],
        limits: SendLimits::default(),
        created_at: at(5_000),
    }
}

pub(crate) fn accepted() -> SendResult {
    SendResult {
        outcome: Outcome::Accepted,
        external_id: Some("wamid.1".into()),
        provider_id: Some("zaap-1".into()),
        error: None,
    }
}

/// The end of a send that brought nothing but its outcome.
pub(crate) fn ended(outcome: Outcome) -> SendResult {
    SendResult {
        outcome,
        external_id: None,
        provider_id: None,
        error: None,
    }
}

pub(crate) fn org(number: u8) -> OrganizationId {
    id(&format!("org_{number}"))
}

pub(crate) fn msg(text: &str) -> MessageId {
    id(text)
}

pub(crate) fn conv() -> ConversationId {
    id("conv-456")
}

pub(crate) fn agent_id() -> AgentId {
    id("agent-123")
}
