//! What happened in a storm, as plain data: what each side saw, without a word of the server's own code.
//!
//! Times are milliseconds since the storm began.

use std::collections::{HashMap, HashSet};

/// Everything that the checker compares.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Per organization: the API's view, and what its receiver got.
    pub organizations: Vec<Organization>,
    /// What clients asked for, and what they were told.
    pub sends: Vec<Send>,
    /// Every send that the sandbox handled, in order.
    pub handled: Vec<Handled>,
    /// What customers wrote and tapped.
    pub inbound: Vec<Inbound>,
    /// Statuses of our messages that a server took with 200.
    pub statuses: Vec<ToldStatus>,
    /// Moments in which an answer may have been lost without a trace in the sandbox.
    pub losses: Vec<Loss>,
    /// Short stops of servers: several within one send may last longer than an answer is waited for.
    pub pauses: Vec<Loss>,
    /// When the database did not answer.
    pub outages: Vec<Period>,
}

/// One organization, by the API and by its webhook endpoint.
#[derive(Debug, Clone, Default)]
pub struct Organization {
    pub id: String,
    /// The channel of each account at a provider.
    pub channels: HashMap<String, String>,
    /// By id.
    pub conversations: HashMap<String, Conversation>,
    /// Outbound messages only.
    pub messages: Vec<Message>,
    /// In the order of the list.
    pub events: Vec<Event>,
    /// Deliveries that the receiver took, in the order in which it took them.
    pub arrivals: Vec<Event>,
    /// Deliveries whose signature is wrong, or which are not JSON.
    pub refused_arrivals: Vec<String>,
}

/// A channel and a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    pub channel: String,
    pub customer: String,
}

/// An outbound message by the API.
#[derive(Debug, Clone)]
pub struct Message {
    pub id: String,
    pub conversation: String,
    /// The body, which no other message of the storm has.
    pub text: String,
    pub status: String,
    pub external_id: Option<String>,
}

/// An event by the list, or as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    pub id: String,
    pub kind: String,
    pub organization: String,
    pub conversation: Option<String>,
    pub message_id: Option<String>,
    pub external_id: Option<String>,
    pub in_reply_to: Option<String>,
    pub text: Option<String>,
    /// Id and title.
    pub button: Option<(String, String)>,
    pub phone: Option<String>,
}

/// One call of a client.
#[derive(Debug, Clone)]
pub struct Send {
    pub organization: String,
    pub conversation: String,
    pub text: String,
    pub way: Way,
    /// When the client asked first, and when it stopped waiting, with or without an answer.
    pub asked: u64,
    pub ended: u64,
    pub answer: Answer,
}

/// How a client asks for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// One call of this server, without an `Idempotency-Key`.
    Once(usize),
    /// Calls of any servers with one key, until the client is told what came of it.
    Repeated,
    /// One call for the queue, from which any server sends the message later.
    Queued,
    /// An item of a batch, which is repeated with the same keys.
    Batch,
    /// A row of a file, which the command line sends and continues after each interruption.
    Row,
}

impl Way {
    /// Whether the message is sent after its client was told.
    pub const fn is_queued(self) -> bool {
        matches!(self, Self::Queued | Self::Batch)
    }

    /// Whether the client asks again under the same key.
    pub const fn is_repeated(self) -> bool {
        matches!(self, Self::Repeated | Self::Batch | Self::Row)
    }

    /// Whether that server may have sent the message.
    pub fn may_be_of(self, server: usize) -> bool {
        !matches!(self, Self::Once(asked) if asked != server)
    }
}

/// What a client was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The client hung up, or the connection broke.
    Nothing,
    Accepted {
        message_id: String,
        external_id: Option<String>,
    },
    /// The message waits in the queue.
    Queued { message_id: String },
    Refused {
        status: u16,
        reason: String,
        message_id: Option<String>,
    },
}

/// One request for a send, as the sandbox handled it.
#[derive(Debug, Clone)]
pub struct Handled {
    pub text: String,
    /// The sandbox's account that was used, and the recipient.
    pub account: String,
    pub customer: String,
    /// The id of the message, if the sandbox took it.
    pub accepted: Option<String>,
    /// Whether the answer was lost or makes no sense, so that the sender cannot know what came of it.
    pub answer_lost: bool,
}

/// What a customer did.
#[derive(Debug, Clone)]
pub struct Inbound {
    pub organization: String,
    pub account: String,
    pub customer: String,
    pub external_id: String,
    pub content: Content,
    pub at: u64,
    /// Whether a server took it with 200.
    pub acknowledged: bool,
}

/// What a customer wrote, or which button of which of our messages was tapped.
#[derive(Debug, Clone)]
pub enum Content {
    Text(String),
    Tap {
        /// The sandbox's id of our message.
        message: String,
        button: (String, String),
    },
}

/// A status that a server took with 200.
#[derive(Debug, Clone)]
pub struct ToldStatus {
    pub external_id: String,
    /// Our own id of the message, where the provider carries it.
    pub own_id: Option<String>,
    pub status: String,
}

/// A server died or was stopped, or its connections were cut.
#[derive(Debug, Clone)]
pub struct Loss {
    /// `None`: every server of the organizations was hit.
    pub server: Option<usize>,
    pub organizations: HashSet<String>,
    pub period: Period,
}

/// From and until.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    pub from: u64,
    pub until: u64,
}

impl Period {
    /// Whether the two have an instant in common.
    pub const fn overlaps(self, other: Self) -> bool {
        self.from <= other.until && other.from <= self.until
    }

    /// Returns how long both last together.
    pub const fn shared(self, other: Self) -> u64 {
        let from = if self.from > other.from {
            self.from
        } else {
            other.from
        };
        let until = if self.until < other.until {
            self.until
        } else {
            other.until
        };
        until.saturating_sub(from)
    }
}
