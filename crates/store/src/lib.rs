//! What Recado remembers, on SQLite or PostgreSQL.
//!
//! One concrete [`Store`]; one SQL text per operation, for both databases:
//!
//! - Columns are only `text`, `bigint` and `bytea`; placeholders are `$1`, `$2`, ….
//! - Ids and instants are parameters, never made in SQL; instants are kept in milliseconds.
//! - What is done for an organization names it in every statement, so that nobody reaches what is
//!   another's.
//! - An event is written in the transaction that makes it true, and its deliveries with it; whoever
//!   appends takes the organization's turn, so that the numbers of events follow the commits.
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

mod agents;
mod api_keys;
mod applications;
mod applying;
mod attempts;
mod audit;
mod backlogs;
mod backup;
mod batch;
mod bearer_secrets;
mod channel_changes;
mod channels;
mod columns;
mod connection;
mod contacts;
mod content;
mod conversations;
mod cursor;
mod deliveries;
mod delivering;
mod echoes;
mod erasure;
mod error;
mod event_log;
mod events;
mod fault;
pub mod files;
mod ids;
mod inbound;
mod key_loss;
mod key_rotation;
mod key_uses;
mod known_channels;
mod known_keys;
mod lock;
mod lost_claims;
mod master_key;
mod messages;
mod migrations;
mod moves;
mod numbers;
mod operator_keys;
mod ordering_keys;
mod organizations;
mod orphan_statuses;
mod people;
mod pools;
mod progress;
mod prune;
mod reading;
mod received;
mod removal;
mod replays;
mod retention;
mod secrets;
mod send_target;
mod senders;
mod sends;
mod servers;
mod set_aside;
mod signal;
mod skips;
mod statuses;
mod store;
mod suspension;
#[cfg(feature = "testing")]
pub mod testing;
mod turns;
mod users;
mod webhook_calls;
mod webhook_endpoint_changes;
mod webhook_endpoints;
mod webhook_secrets;
mod writer;

pub use agents::Agent;
pub use api_keys::{ApiKey, MAX_PERSONAL_KEYS};
pub use applications::{Application, Applied, FreshIds, Routed};
pub use audit::{Actor, AuditAction, AuditEntry, Author};
pub use backlogs::{Backlogs, COUNTED, ChannelCount, Queue, UNKNOWN_COUNTED};
pub use bearer_secrets::{ApiKeySecret, LinkSecret, SessionSecret};
pub use channel_changes::ChannelChange;
pub use channels::{Channel, NewChannel};
pub use conversations::{Conversation, ConversationFilter};
pub use cursor::{Cursor, CursorError, Listed, Page};
pub use deliveries::{
    Delivery, DeliveryAttempt, DeliveryKey, DeliveryStatus, UnknownDeliveryStatus,
};
pub use delivering::{AfterAttempt, ClaimLimits, DueDelivery};
pub use erasure::{AfterStep, Erased, Erasure};
pub use error::StoreError;
pub use events::{
    Event, EventBounds, EventFilter, EventId, EventIdError, EventKind, EventPage, UnknownEventKind,
};
pub use fault::DatabaseFault;
pub use ids::WebhookEndpointId;
pub use key_loss::{FreshSecrets, KeyLoss};
pub use key_rotation::KeyRotation;
pub use lock::{Holder, LockError, ServerLock};
pub use messages::{Content, Direction, Message, MessageError};
pub use organizations::Organization;
pub use pools::PoolUse;
pub use prune::{Pruned, Pruning, Retention};
pub use removal::Removal;
pub use secrets::{ChannelSecrets, MasterKey, MasterKeyError};
pub use send_target::{AgentOwner, SendTarget, TargetConversation};
pub use sends::{NewMessage, SendResult};
pub use servers::{Freed, LEASE, LEASE_RENEWAL, Membership};
pub use set_aside::{SetAsideCall, SetAsideReason, UnknownSetAsideReason};
pub use signal::EventSignal;
pub use store::{DatabaseKind, Store};
pub use users::{
    ACCOUNT_AND_ADDRESS_LIMIT, ACCOUNT_LIMIT, ADDRESS_LIMIT, LINK_LIFETIME, MAX_EMAIL_CHARS,
    MAX_SESSIONS, MAX_SIGN_INS, SESSION_IDLE_TIMEOUT, SESSION_LIFETIME, Session, SignInAttempt,
    SignInLimit, User,
};
pub use webhook_calls::{Backlog, WebhookCall};
pub use webhook_endpoint_changes::{HeaderChange, WebhookEndpointChange};
pub use webhook_endpoints::{
    NewWebhookEndpoint, UnknownWebhookFormat, WebhookEndpoint, WebhookFormat,
};
pub use webhook_secrets::{PreviousSecret, WebhookHeader, WebhookSecrets};
