//! What Recado remembers, on SQLite or PostgreSQL.
//!
//! One concrete [`Store`]; one SQL text per operation, for both databases:
//!
//! - Columns are only `text`, `bigint` and `bytea`; placeholders are `$1`, `$2`, ….
//! - Ids and instants are parameters, never made in SQL; instants are kept in milliseconds.
//! - Every statement names the organization, so that nobody reaches what is another's.
//! - What was acknowledged survives a power cut; every read and write has a deadline.
//! - Secrets are encrypted or hashed before they come near a statement.
//!
//! ```
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! use recado_store::{MasterKey, Organization, Store};
//!
//! # let directory = tempfile::tempdir()?;
//! # let url = format!("sqlite:{}/recado.db", directory.path().display());
//! let store = Store::connect(&url, MasterKey::generate()?).await?;
//! store.migrate().await?;
//! let acme = Organization {
//!     id: "org_acme".parse()?,
//!     name: "Acme".into(),
//!     created_at: jiff::Timestamp::UNIX_EPOCH,
//! };
//! store.create_organization(&acme).await?;
//! assert_eq!(store.get_organization(&acme.id).await?, Some(acme));
//! store.close().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![warn(missing_docs)]

mod agents;
mod api_keys;
mod channels;
mod columns;
mod connection;
mod content;
mod conversations;
mod cursor;
mod error;
mod known_keys;
mod messages;
mod organizations;
mod secrets;
mod send_target;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod writer;

pub use agents::Agent;
pub use api_keys::{ApiKey, ApiKeySecret};
pub use channels::{Channel, ChannelChange, NewChannel};
pub use conversations::Conversation;
pub use cursor::{Cursor, CursorError, Listed, Page};
pub use error::StoreError;
pub use messages::{Message, MessageError, NewMessage, SendResult};
pub use organizations::Organization;
pub use secrets::{ChannelSecrets, MasterKey, MasterKeyError};
pub use send_target::{AgentOwner, SendTarget, TargetConversation};
pub use store::{DatabaseKind, Store};
