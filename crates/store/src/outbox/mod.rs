//! The outbox: messages that wait for their turn or their time.
//!
//! A row stands beside its message from the moment it is queued until the message has an outcome. Of each
//! conversation only the first row is due (`next_at`), so that its messages leave in their order; whatever changes the
//! rows of a conversation holds the organization lock. An attempt is written down in one transaction (`calling`, and
//! the message is `sending`) before the provider is called: if the server ends then, the message is `unknown`.

pub(crate) mod begin;
pub(crate) mod cancel;
pub(crate) mod due;
pub(crate) mod enqueue;
pub(crate) mod lost;
pub(crate) mod order;
pub(crate) mod queues;
pub(crate) mod requeue;

use std::fmt;

use recado_core::{ApiKeyId, ChannelId, Recipient};

use crate::messages::Message;
use crate::prelude::*;

/// When a queued message may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendTime {
    /// From when on.
    pub send_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// What waits for one channel. The messages of an API key that has a rate wait in a queue of their own, so that they wait
/// for its rate and delay no others.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelQueue {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The channel.
    pub channel_id: ChannelId,
    /// The API key that queued the messages, if it has a rate.
    pub api_key_id: Option<ApiKeyId>,
}

/// A queued message that a server is about to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The message, which is `sending` now.
    pub message: Message,
    /// With whom.
    pub recipient: Recipient,
    /// Until when WhatsApp carries messages other than templates; `None` if that is not known.
    pub window_expires_at: Option<Timestamp>,
    /// How many attempts there were before that count.
    pub attempts: u32,
    /// Its number among all attempts of the message.
    pub fence: i64,
    /// When the message is given up.
    pub expires_at: Timestamp,
}

impl fmt::Display for ChannelQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.organization_id, self.channel_id)?;
        match &self.api_key_id {
            Some(key) => write!(f, " {key}"),
            None => Ok(()),
        }
    }
}

impl ChannelQueue {
    /// Reads what `Display` writes; no id has a space.
    fn read(text: &str) -> Option<Self> {
        let mut ids = text.split(' ');
        Some(Self {
            organization_id: ids.next()?.parse().ok()?,
            channel_id: ids.next()?.parse().ok()?,
            api_key_id: ids.next().map(str::parse).transpose().ok()?,
        })
    }
}
