//! A row that was checked, and what is to be done with it.

use serde_json::Value;

use super::parsing::Place;

pub(super) struct Checked {
    pub(super) place: Place,
    pub(super) kind: Kind,
    pub(super) id: String,
    /// What may be misunderstood about its phone number.
    pub(super) warning: Option<String>,
    /// Which other agent talks to the same phone.
    pub(super) shared: Option<String>,
    /// Warning about another spelling of the number, or the server's warnings.
    pub(super) notice: Option<String>,
    pub(super) verdict: Verdict,
}

impl Checked {
    pub(super) fn new(place: Place, kind: Kind, id: String, verdict: Verdict) -> Self {
        Self {
            place,
            kind,
            id,
            warning: None,
            shared: None,
            notice: None,
            verdict,
        }
    }

    pub(super) fn is_new(&self) -> bool {
        matches!(self.verdict, Verdict::Create(_))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Kind {
    Agent,
    Conversation,
    /// A row that cannot be read.
    Row,
}

/// What is to be done with a row.
#[derive(PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Verdict {
    /// It is created by this body.
    Create(Value),
    /// It is there, and is the same.
    Present,
    LeftOut(String),
    /// It has to be corrected.
    Wrong(String),
}
