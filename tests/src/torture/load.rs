//! What clients and customers do during a storm, and what they were told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use recado_sandbox::{Provider, Shape};
use tokio::time::Instant;

use super::asking::{Caller, Wish};
use super::history::{Answer, Content, Inbound, Period, Send, Way};
use super::side::{Conversation, Side, Tenant};

/// Customers of each channel who write without having a conversation.
const STRANGERS: u32 = 5;

/// Sends of a hundred that are batches.
const BATCHES: u32 = 8;

/// Most messages of a batch.
const MAX_BATCH: usize = 8;

/// Sends of a hundred that are repeated with a key until the client is told.
const REPEATED: u32 = 20;

/// Sends of a hundred that go through the queue.
const QUEUED: u32 = 20;

/// Longest pause of a client between two sends, in milliseconds.
const LONGEST_PAUSE: u64 = 120;

/// Longest that a customer takes to answer, in milliseconds.
const SLOWEST_CUSTOMER: u64 = 3000;

/// What clients and customers have done; clones share it.
#[derive(Clone)]
pub struct Journal {
    begun: Instant,
    written: Arc<Mutex<Written>>,
}

/// The lists of a journal.
#[derive(Default)]
pub struct Written {
    pub sends: Vec<Send>,
    pub inbound: Vec<Inbound>,
}

impl Journal {
    /// An empty journal, whose time begins now.
    pub fn new() -> Self {
        Self {
            begun: Instant::now(),
            written: Arc::default(),
        }
    }

    /// Returns the milliseconds since the storm began.
    pub fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Returns the time from an instant of the storm until now.
    pub fn since(&self, from: u64) -> Period {
        let until = self.now();
        Period { from, until }
    }

    /// Returns both lists as they are now.
    pub fn copy(&self) -> (Vec<Send>, Vec<Inbound>) {
        let written = self.written();
        (written.sends.clone(), written.inbound.clone())
    }

    /// Gives access to the lists.
    pub fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self::new()
    }
}

/// One client of an organization, and the customers that it writes to.
pub struct Sender {
    pub side: Arc<Side>,
    /// The place of the organization.
    pub tenant: usize,
    pub number: usize,
    pub journal: Journal,
    pub random: Rng,
}

/// A message that a customer has, and when the customer reacts.
struct Reaction {
    at: Instant,
    conversation: Conversation,
    message: String,
}

impl Sender {
    /// Sends one message after the other until the storm ends; customers tap, read and write meanwhile.
    pub async fn run(mut self, end: Instant) {
        let mut reactions = VecDeque::new();
        for count in 0_u64.. {
            if Instant::now() >= end {
                break;
            }
            if let Some(reaction) = self.send(count, end).await {
                reactions.push_back(reaction);
            }
            while let Some(due) = reactions.pop_front() {
                if due.at > Instant::now() {
                    reactions.push_front(due);
                    break;
                }
                self.react(&due.conversation, &due.message);
            }
            if self.random.u32(0..3) == 0 {
                self.write(count);
            }
            let pause = self.random.u64(0..LONGEST_PAUSE);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    fn tenant(&self) -> &Tenant {
        &self.side.tenants[self.tenant]
    }

    /// Sends one message or a batch; a message that was taken finds its customer.
    async fn send(&mut self, count: u64, end: Instant) -> Option<Reaction> {
        let side = Arc::clone(&self.side);
        let draw = self.random.u32(0..100);
        let items = if draw < BATCHES {
            self.random.usize(1..=MAX_BATCH)
        } else {
            1
        };
        let (mut conversations, mut wishes) = (Vec::new(), Vec::new());
        for item in 0..items {
            let place = self.random.usize(0..self.tenant().conversations.len());
            let conversation = self.tenant().conversations[place].clone();
            wishes.push(Wish {
                conversation: conversation.id.clone(),
                text: format!("{} {} {count}.{item}", self.tenant().id, self.number),
            });
            conversations.push(conversation);
        }
        let asked = self.journal.now();
        let mut caller = Caller {
            side: &side,
            tenant: &side.tenants[self.tenant],
            random: &mut self.random,
        };
        let (way, answers) = if draw < BATCHES {
            (Way::Batch, caller.batch(&wishes, end).await)
        } else if draw < BATCHES + REPEATED {
            (Way::Repeated, vec![caller.repeated(&wishes[0], end).await])
        } else {
            let is_queued = draw < BATCHES + REPEATED + QUEUED;
            let slot = caller.random.usize(0..side.slots.len());
            let way = if is_queued {
                Way::Queued
            } else {
                Way::Once(slot)
            };
            (way, vec![caller.once(slot, &wishes[0], is_queued).await?])
        };
        let accepted = match &answers[0] {
            Answer::Accepted { external_id, .. } => external_id.clone(),
            Answer::Queued { .. } | Answer::Refused { .. } | Answer::Nothing => None,
        };
        self.note(way, asked, wishes, answers);
        let wait = Duration::from_millis(self.random.u64(0..SLOWEST_CUSTOMER));
        Some(Reaction {
            at: Instant::now() + wait,
            conversation: conversations.swap_remove(0),
            message: accepted?,
        })
    }

    fn note(&self, way: Way, asked: u64, wishes: Vec<Wish>, answers: Vec<Answer>) {
        let ended = self.journal.now();
        let sends = wishes.into_iter().zip(answers).map(|(wish, answer)| Send {
            organization: self.tenant().id.clone(),
            conversation: wish.conversation,
            text: wish.text,
            way,
            asked,
            ended,
            answer,
        });
        self.journal.written().sends.extend(sends);
    }

    /// The customer reads, taps a button, or does both.
    fn react(&mut self, conversation: &Conversation, message: &str) {
        if self.random.bool() {
            // A message that the sandbox has forgotten cannot be read.
            let _ = self.side.sandbox.read(message);
        }
        if self.random.bool() {
            let button = self.random.usize(0..BUTTONS.len());
            let provider = self.tenant().accounts[conversation.account].provider;
            let shape = shape(provider, &mut self.random);
            let (tenant, journal) = (self.tenant(), &self.journal);
            tap(
                &self.side,
                tenant,
                journal,
                conversation,
                message,
                button,
                shape,
            );
        }
    }

    /// A customer writes, whom the organization may not know yet.
    fn write(&mut self, count: u64) {
        let accounts = &self.side.tenants[self.tenant].accounts;
        let place = self.random.usize(0..accounts.len());
        let account = &accounts[place];
        let customer = if self.random.bool() {
            format!("55219{place}000000{}", self.random.u32(0..STRANGERS))
        } else {
            format!("55119{place}000000{}", self.random.u32(0..4))
        };
        let text = format!("{} writes {} {count} ✅", account.channel, self.number);
        let at = self.journal.now();
        let (sandbox, provider) = (&self.side.sandbox, account.provider);
        let said = sandbox.say(provider, &account.id, &customer, &text);
        if let Ok(external_id) = said {
            self.journal.written().inbound.push(Inbound {
                organization: self.tenant().id.clone(),
                account: account.id.clone(),
                customer,
                external_id,
                content: Content::Text(text),
                at,
                acknowledged: false,
            });
        }
    }
}

/// The buttons of every message. No id has a `=`, which ends it in the options of the command line.
pub const BUTTONS: [(&str, &str); 3] = [("sim ✅&%", "Sim"), ("no", "Não"), ("\"3\"", "3 = 2 + 1")];

/// A customer taps a button of a message.
pub fn tap(
    side: &Side,
    tenant: &Tenant,
    journal: &Journal,
    conversation: &Conversation,
    message: &str,
    button: usize,
    shape: Option<Shape>,
) {
    let at = journal.now();
    let Ok(external_id) = side.sandbox.tap(message, button, shape) else {
        return;
    };
    let (id, title) = BUTTONS[button];
    journal.written().inbound.push(Inbound {
        organization: tenant.id.clone(),
        account: tenant.accounts[conversation.account].id.clone(),
        customer: conversation.customer.clone(),
        external_id,
        content: Content::Tap {
            message: message.to_owned(),
            button: (id.to_owned(), title.to_owned()),
        },
        at,
        acknowledged: false,
    });
}

/// One of the forms in which the provider tells a tap.
pub fn shape(provider: Provider, random: &mut Rng) -> Option<Shape> {
    let shapes: &[Shape] = match provider {
        Provider::Whatsapp => return None,
        Provider::Zapi => &[
            Shape::ButtonsResponseMessage,
            Shape::ButtonReply,
            Shape::ButtonReplyId,
            Shape::TemplateButtonReplyMessage,
        ],
        Provider::Zapperhub | Provider::Wuzapi => &[
            Shape::ButtonsResponseMessage,
            Shape::TemplateButtonReplyMessage,
            Shape::InteractiveResponseMessage,
        ],
    };
    random.choice(shapes).copied()
}
