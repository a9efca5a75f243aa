//! Erasing a contact: everything that tells of one person in one organization is removed, in bounded steps.
//!
//! The person's conversations go last, so that an erasure that was interrupted is begun again with the same address,
//! and finds what is left.

mod calls;
mod groups;
mod rows;

use std::collections::BTreeSet;
use std::fmt;

use recado_core::inbound::Person;
use recado_core::{ConversationId, OrganizationId, Recipient, RecipientKind};
use tokio::sync::OwnedSemaphorePermit;

use crate::audit::{AuditAction, Author, insert_entry};
use crate::columns::Columns;
use crate::contacts::spellings;
use crate::conversations::{self, Conversation, conversation_columns};
use crate::error::StoreError;
use crate::people;
use crate::store::Store;

/// Rows that one step looks at or removes.
const MAX_STEP_ROWS: i64 = 500;

/// What an erasure removed or emptied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Conversations with the person alone.
    pub conversations: u64,
    /// Messages of these, and taps of the person in groups.
    pub messages: u64,
    /// Events that told of the person.
    pub events: u64,
    /// Kept calls of providers that name the person.
    pub webhook_calls: u64,
}

/// What follows a step of an [`Erasure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterStep {
    /// Another step.
    More,
    /// A message to the person is being sent, and its outcome needs its row.
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
    person: Sought,
    phase: Phase,
    /// The conversations that this phase has not emptied yet; the last one is next.
    left: Vec<ConversationId>,
    /// The places in groups that are not looked at yet; the last one is next.
    places: Vec<groups::Place>,
    erased: Erased,
}

/// The person, by all addresses that are known.
struct Sought {
    /// The address that was given, in every spelling.
    given: Vec<Recipient>,
    /// The person as the conversations know it.
    known: Vec<Person>,
    /// The conversations with the person alone, in the order in which they were found.
    own: Vec<ConversationId>,
    groups: BTreeSet<ConversationId>,
}

#[derive(Clone)]
enum Phase {
    /// Writes to the audit log that the erasure has begun.
    Begin,
    /// Looks at all conversations behind this one; once more if this pass has found one.
    Find {
        after: String,
        found: bool,
    },
    /// Empties the conversations, which stay.
    Empty,
    /// Blanks the person in groups.
    Groups,
    /// Looks at the kept calls of providers behind this one.
    Calls {
        after: String,
    },
    /// Empties the conversations of what came meanwhile, and removes them.
    Sweep,
    /// Writes to the audit log what was erased.
    Record,
    Ended,
}

impl Store {
    /// Begins to erase the contact with this address from an organization; returns `None` while this process erases
    /// another contact of the organization. A group is not a contact: nothing is found.
    #[must_use]
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
            person: Sought {
                given,
                known: Vec::new(),
                own: Vec::new(),
                groups: BTreeSet::new(),
            },
            phase: Phase::Begin,
            left: Vec::new(),
            places: Vec::new(),
            erased: Erased::default(),
        })
    }
}

impl Sought {
    /// Returns whether this person is the one that is sought: by the address that was given, or by another address of a
    /// conversation that was found. A number may have passed on to another person, whom no such address finds.
    fn is(&self, person: &Person) -> bool {
        let has = |address: &Recipient| {
            let theirs = person.addresses().flat_map(spellings);
            theirs.into_iter().any(|spelling| spelling == *address)
        };
        self.given.iter().any(has)
            || self
                .known
                .iter()
                .any(|known| known.addresses().any(has) && people::may_be_same(known, person))
    }

    /// Adds a conversation if it is one with the person alone, or one of a group; tells whether the person became
    /// better known.
    fn add(&mut self, conversation: Conversation) -> bool {
        if conversation.recipient.kind() == RecipientKind::Group {
            self.groups.insert(conversation.id);
            return false;
        }
        let person = people::completed(&conversation.person, &people::of(&conversation.recipient));
        if self.own.contains(&conversation.id) || !self.is(&person) {
            return false;
        }
        self.own.push(conversation.id);
        self.known.push(person);
        true
    }

    /// Returns every address of the person.
    fn addresses(&self) -> impl Iterator<Item = &Recipient> {
        let known = self.known.iter().flat_map(Person::addresses);
        self.given.iter().chain(known)
    }
}

impl Erasure {
    /// What was erased so far.
    #[must_use]
    pub fn erased(&self) -> Erased {
        self.erased
    }

    /// Erases some more.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn step(&mut self) -> Result<AfterStep, StoreError> {
        self.phase = match self.phase.clone() {
            Phase::Begin => {
                self.record(AuditAction::ContactErasureBegun, None).await?;
                Phase::Find {
                    after: String::new(),
                    found: false,
                }
            }
            Phase::Find { after, found } => self.find(&after, found).await?,
            Phase::Empty => {
                if let Some(after) = self.empty(Emptied::Stays).await? {
                    return Ok(after);
                }
                self.places = groups::Place::all(&self.person.groups);
                Phase::Groups
            }
            Phase::Groups => {
                if self.blank_in_groups().await? {
                    Phase::Groups
                } else {
                    Phase::Calls {
                        after: String::new(),
                    }
                }
            }
            Phase::Calls { after } => {
                if let Some(after) = self.erase_calls(after).await? {
                    Phase::Calls { after }
                } else {
                    // In the order in which they were found: the last one goes first, for an erasure that begins again
                    // may find it only by an address of an earlier one.
                    self.left.clone_from(&self.person.own);
                    Phase::Sweep
                }
            }
            // A send may have begun before its conversation was gone, and ended now.
            Phase::Sweep => match self.empty(Emptied::Goes).await? {
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
    async fn find(&mut self, after: &str, mut found: bool) -> Result<Phase, StoreError> {
        let query = sqlx::query(concat!(
            "select ",
            conversation_columns!(),
            " from conversations c where c.organization_id = $1 and c.id > $2 \
             order by c.id limit $3 + 0"
        ))
        .bind(self.organization.as_str().to_owned())
        .bind(after.to_owned())
        .bind(MAX_STEP_ROWS);
        let rows = self.store.read_rows(query).await?;
        let mut last = None;
        for row in &rows {
            last = Some(Columns::new(row, "conversations", "id").get::<String>("id")?);
            found |= self.person.add(conversations::read(row)?);
        }
        Ok(match (last, found) {
            (Some(after), _) => Phase::Find { after, found },
            // By its other addresses the person may be found in more of them.
            (None, true) => Phase::Find {
                after: String::new(),
                found: false,
            },
            (None, false) => {
                self.left.clone_from(&self.person.own);
                Phase::Empty
            }
        })
    }

    /// Writes an entry of the audit log, which does not name the person.
    async fn record(&self, action: AuditAction, detail: Option<&str>) -> Result<(), StoreError> {
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

/// What becomes of a conversation that is empty.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Emptied {
    Stays,
    Goes,
}
