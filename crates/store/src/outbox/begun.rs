//! What begins of a queue, and when more may.

use jiff::Timestamp;
use recado_core::capabilities::SendLimit;

use crate::limits::limited::Limited;
use crate::outbox::Attempt;

/// What was begun of one queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Begun {
    /// The attempts, in the order in which they are to be made.
    pub attempts: Vec<Attempt>,
    /// Whether more is due than was begun, now or as soon as these attempts have ended.
    pub has_more: bool,
    /// From when on a limit allows more of the queue, if one did not allow all.
    pub limited_until: Option<Timestamp>,
    /// When the first of the messages is due that wait for a limit of their person.
    pub next_due: Option<Timestamp>,
}

impl Begun {
    pub(super) fn note(&mut self, limited: Limited) {
        let noted = match limited.limit {
            SendLimit::Recipient => &mut self.next_due,
            SendLimit::Channel
            | SendLimit::Organization
            | SendLimit::ApiKey
            | SendLimit::Budget => &mut self.limited_until,
        };
        let earlier = noted.map_or(limited.until, |until| until.min(limited.until));
        *noted = Some(earlier);
    }
}
