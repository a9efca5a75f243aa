//! The database of Recado, on SQLite or PostgreSQL.
//!
//! One concrete [`Store`]; one SQL text per operation, for both databases:
//!
//! - Columns are only `text`, `bigint` and `bytea`; placeholders are `$1`, `$2`, ….
//! - Ids and instants are parameters, never made in SQL; instants are kept in milliseconds.
//! - Every statement for an organization names the organization, so that no caller reaches the data of another one.
//! - An event is written in the transaction that makes it true, and its deliveries with it. The transaction takes the
//!   organization lock, so that the numbers of events follow the commits.
//! - What was acknowledged survives a power cut; every read and write has a deadline.
//! - Secrets are encrypted or hashed before they come near a statement.
//! - A change of what an organization is made of is recorded in the transaction that makes it.
//!
//! ```
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! use recado_store::{Author, MasterKey, Organization, Store};
//!
//! # let directory = tempfile::tempdir()?;
//! # let url = format!("sqlite:{}/recado.db", directory.path().display());
//! let store = Store::connect(&url, MasterKey::generate()?).await?;
//! store.migrate().await?;
//! let acme = Organization {
//!     id: "org_acme".parse()?,
//!     name: "Acme".into(),
//!     suspended_at: None,
//!     guards_repeats: true,
//!     messages_per_second: None,
//!     created_at: jiff::Timestamp::UNIX_EPOCH,
//! };
//! store.create_organization(&acme, &Author::command_line(acme.created_at)).await?;
//! assert_eq!(store.get_organization(&acme.id).await?, Some(acme));
//! store.close().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![warn(missing_docs)]

mod backlogs;
mod backup;
mod costs;
mod db;
mod encryption;
mod erasure;
mod error;
mod events;
pub mod files;
mod inbound;
mod limits;
mod messages;
mod outbox;
mod prelude;
mod resources;
mod retention;
mod servers;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod users;
mod webhooks;

pub use backlogs::{Backlogs, COUNTED, ChannelCount, PausedCount, Queue, UNKNOWN_COUNTED};
pub use costs::CostCount;
pub use costs::budget::{Budget, BudgetLimit, BudgetUse, Spending};
pub use costs::month::{Month, MonthError};
pub use db::DatabaseKind;
pub use db::fault::DatabaseFault;
pub use db::lock::{Holder, LockError, ServerLock};
pub use db::noun::{Listable, Noun};
pub use db::page::{Cursor, CursorError, Listed, Page};
pub use db::pools::PoolUse;
pub use db::postgres_pool::MAX_POSTGRES_CONNECTIONS;
pub use encryption::loss::{FreshSecrets, KeyLoss};
pub use encryption::rotation::KeyRotation;
pub use encryption::{ChannelSecrets, MasterKey, MasterKeyError};
pub use erasure::{AfterStep, Erased, Erasure};
pub use error::{Result, StoreError};
pub use events::notifications::Subscription;
pub use events::{Event, EventBounds, EventFilter, EventId, EventIdError, EventPage};
pub use inbound::calls::{Backlog, WebhookCall};
pub use inbound::item::{Application, Applied, FreshIds, Routed};
pub use inbound::set_aside::{SetAsideCall, SetAsideReason, UnknownSetAsideReason};
pub use limits::limited::Limited;
pub use limits::{LimitLeft, SendLimits};
pub use messages::send_context::{AgentOwner, SendTarget, TargetConversation};
pub use messages::sends::{NewMessage, SendResult};
pub use messages::{Direction, Message, MessageContent};
pub use outbox::begin::Begun;
pub use outbox::due::QueueLimits;
pub use outbox::enqueue::Enqueue;
pub use outbox::queues::{MAX_QUEUES, QueuesDue};
pub use outbox::requeue::Postponed;
pub use outbox::{Attempt, ChannelQueue, SendTime};
pub use recado_core::WebhookEndpointId;
pub use resources::agents::Agent;
pub use resources::api_keys::{ApiKey, MAX_PERSONAL_KEYS};
pub use resources::audit::{Actor, AuditAction, AuditEntry, Author};
pub use resources::bearer_secrets::{ApiKeySecret, LinkSecret, SessionSecret};
pub use resources::channel_changes::{BudgetChange, ChannelChange};
pub use resources::channel_pauses::{FIRST_CHECK, MAX_CHECK};
pub use resources::channels::{Channel, ChannelPause, NewChannel};
pub use resources::conversations::{Conversation, ConversationFilter};
pub use resources::idempotency_keys::{FirstRequest, IdempotencyKey};
pub use resources::organizations::{Organization, OrganizationChange};
pub use resources::removal::Removal;
pub use retention::prune::Pruning;
pub use retention::{Pruned, Retention};
pub use servers::{Freed, LEASE, LEASE_RENEWAL, Membership};
pub use store::Store;
pub use users::{
    ACCOUNT_AND_ADDRESS_LIMIT, ACCOUNT_LIMIT, ADDRESS_LIMIT, LINK_LIFETIME, MAX_EMAIL_CHARS,
    MAX_SESSIONS, MAX_SIGN_INS, SESSION_IDLE_TIMEOUT, SESSION_LIFETIME, Session, SignInAttempt,
    SignInLimit, User,
};
pub use webhooks::claim::{ClaimLimits, DueDelivery};
pub use webhooks::deliveries::{
    AfterAttempt, Delivery, DeliveryAttempt, DeliveryKey, DeliveryStatus, UnknownDeliveryStatus,
};
pub use webhooks::endpoint_changes::{HeaderChange, WebhookEndpointChange};
pub use webhooks::endpoints::{
    NewWebhookEndpoint, UnknownWebhookFormat, WebhookEndpoint, WebhookFormat,
};
pub use webhooks::secrets::{PreviousSecret, WebhookHeader, WebhookSecrets};
