//! Erasing a contact: all data of one person in one organization is removed, in bounded steps.
//!
//! The person's conversations go last, so that an erasure that was interrupted is begun again with the same address,
//! and finds what is left.

mod calls;
mod groups;
mod number_changes;
mod rows;
mod subject;

use std::collections::BTreeSet;
use std::fmt;

use recado_core::{ConversationId, Recipient, RecipientKind};
use tokio::sync::OwnedSemaphorePermit;

use crate::prelude::*;
use crate::resources::audit::{AuditAction, Author, insert_entry};
use crate::resources::contacts::spellings;
use crate::resources::conversations::Conversation;

use self::subject::DataSubject;

const FIRST_PASS: Phase = Phase::Find {
    after: String::new(),
    found: false,
};

const MAX_STEP_ROWS: i64 = 500;

/// How much an erasure removed or emptied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Conversations with the person alone.
    pub conversations: u64,
    /// Messages of these, and taps of the person in groups.
    pub messages: u64,
    /// Events about the person.
    pub events: u64,
    /// Kept calls of providers that name the person.
    pub webhook_calls: u64,
}

/// What follows a step of an [`Erasure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterStep {
    /// Another step.
    More,
    /// A message to the person is being sent, and its outcome needs its row; or a call from before the erasure that names
    /// the person is not applied yet.
    Waits,
    /// Nothing: everything is erased.
    Done,
}

/// The erasure of one person.
pub struct Erasure {
    /// An organization erases one contact at a time.
    _turn: OwnedSemaphorePermit,
    store: Store,
    organization: OrganizationId,
    author: Author,
    subject: DataSubject,
    phase: Phase,
    /// The conversations that are not removed yet; the last one is next.
    left: Vec<ConversationId>,
    /// The scans of groups that have not ended; the last one is next.
    scans: Vec<GroupScan>,
    /// Whether a provider webhook from before the erasure was applied since it began: it may have created a
    /// conversation.
    must_look_again: bool,
    erased: Erased,
}

#[derive(Clone)]
enum Phase {
    /// Writes to the audit log that the erasure has begun.
    Begin,
    /// Looks for number changes among the events behind this one.
    NumberChanges {
        after: i64,
    },
    /// Looks at all conversations behind this one; once more if this pass has found one.
    Find {
        after: String,
        found: bool,
    },
    /// Blanks the person in groups.
    Groups,
    /// Looks at the kept calls of providers behind this one.
    Calls {
        after: String,
    },
    /// Empties the conversations, and removes them.
    Conversations,
    /// Writes to the audit log what was erased.
    Record,
    Ended,
}

/// A scan of a group's conversation: of the messages behind an instant and an id, or of the events behind a number.
#[derive(Clone)]
enum GroupScan {
    Messages(ConversationId, i64, String),
    Events(ConversationId, i64),
}

impl GroupScan {
    fn all(groups: &BTreeSet<ConversationId>) -> Vec<Self> {
        let beginning = Timestamp::MIN.as_millisecond();
        let scans = groups.iter().map(|group| {
            [
                Self::Messages(group.clone(), beginning, String::new()),
                Self::Events(group.clone(), 0),
            ]
        });
        scans.flatten().collect()
    }
}

/// The next step of the scan of stored provider webhooks.
enum NextCalls {
    /// Behind this one.
    Behind(String),
    /// At the same position, as soon as a call that is not applied yet is applied.
    Wait,
    End,
}

impl Store {
    /// Begins to erase the contact with this address from an organization; returns `None` while this process erases
    /// another contact of the organization. A group is not a contact: nothing is found.
    pub fn erase_contact(
        &self,
        organization: &OrganizationId,
        address: &Recipient,
        author: &Author,
    ) -> Option<Erasure> {
        let turn = self.erasing().try_take(organization)?;
        let given = match address.kind() {
            RecipientKind::Group => Vec::new(),
            _ => spellings(address),
        };
        Some(Erasure {
            _turn: turn,
            store: self.clone(),
            organization: organization.clone(),
            author: author.clone(),
            subject: DataSubject::new(given),
            phase: Phase::Begin,
            left: Vec::new(),
            scans: Vec::new(),
            must_look_again: false,
            erased: Erased::default(),
        })
    }
}

impl Erasure {
    /// Returns how much was erased so far.
    pub fn erased(&self) -> Erased {
        self.erased
    }

    /// Erases some more.
    pub async fn step(&mut self) -> Result<AfterStep> {
        self.phase = match self.phase.clone() {
            Phase::Begin => {
                self.record(AuditAction::ContactErasureBegun, None).await?;
                Phase::NumberChanges { after: 0 }
            }
            Phase::NumberChanges { after } => match self.look_for_number_changes(after).await? {
                Some(after) => Phase::NumberChanges { after },
                None => FIRST_PASS,
            },
            Phase::Find { after, found } => self.find(&after, found).await?,
            Phase::Groups => {
                if self.blank_in_groups().await? {
                    Phase::Groups
                } else {
                    Phase::Calls {
                        after: String::new(),
                    }
                }
            }
            Phase::Calls { after } => match self.erase_calls(after).await? {
                NextCalls::Behind(after) => Phase::Calls { after },
                NextCalls::Wait => {
                    self.must_look_again = true;
                    return Ok(AfterStep::Waits);
                }
                NextCalls::End if std::mem::take(&mut self.must_look_again) => {
                    self.subject.forget_changes();
                    Phase::NumberChanges { after: 0 }
                }
                NextCalls::End => {
                    // In the order in which they were found: the last one goes first, for an erasure that begins again
                    // may find it only by an address of an earlier one.
                    self.left.clone_from(&self.subject.own);
                    Phase::Conversations
                }
            },
            Phase::Conversations => match self.remove_conversations().await? {
                Some(after) => return Ok(after),
                None => Phase::Record,
            },
            Phase::Record => {
                let detail = self.erased.to_string();
                self.record(AuditAction::ContactErased, Some(&detail))
                    .await?;
                Phase::Ended
            }
            Phase::Ended => return Ok(AfterStep::Done),
        };
        Ok(AfterStep::More)
    }

    /// Looks for conversations with the person among the next ones of the organization.
    async fn find(&mut self, after: &str, mut found: bool) -> Result<Phase> {
        let query =
            Conversation::select("where organization_id = $1 and id > $2 order by id limit $3")
                .id(&self.organization)
                .bind(after.to_owned())
                .bind(MAX_STEP_ROWS);
        if after.is_empty() {
            self.subject.learn_former_addresses();
        }
        let rows = self.store.read_rows(query).await?;
        let mut last = None;
        for row in &rows {
            last = Some(Conversation::columns(row).get::<String>("id")?);
            found |= self.subject.add(Conversation::of(row)?);
        }
        Ok(match (last, found) {
            (Some(after), _) => Phase::Find { after, found },
            // By its other addresses the person may be found in more of them.
            (None, true) => FIRST_PASS,
            (None, false) => {
                self.scans = GroupScan::all(&self.subject.groups);
                Phase::Groups
            }
        })
    }

    async fn record(&self, action: AuditAction, detail: Option<&str>) -> Result<()> {
        let entry = self.author.entry(
            insert_entry!("$2"),
            Some(&self.organization),
            action,
            None,
            detail,
        );
        self.store.write_count(entry).await.map(drop)
    }
}

impl fmt::Display for Erased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            conversations,
            messages,
            events,
            webhook_calls,
        } = self;
        write!(
            f,
            "conversations: {conversations}, messages: {messages}, events: {events}, webhook calls: {webhook_calls}"
        )
    }
}
