//! What a caller may do: scopes, and the roles of people, which are sets of scopes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

words! {
    /// One thing that a caller may be allowed to do.
    pub enum Scope: UnknownScope("a scope is one of …") {
        /// Show and list the data of the organization, and follow its events.
        Read = "read",
        /// Send messages and open conversations.
        Send = "send",
        /// Change what the organization is made of: agents, channels, webhook endpoints, API keys and users.
        Manage = "manage",
    }
}

/// A set of scopes that is not empty.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Scope>", into = "Vec<Scope>")]
pub struct Scopes(u8);

/// The error of a set of scopes that is empty or has an unknown word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScopes {
    /// The set has no scope.
    #[error("expected at least one of read, send, manage")]
    Empty,
    /// A word is not a scope.
    #[error(transparent)]
    Unknown(#[from] UnknownScope),
}

words! {
    /// The role of a user in the organization; a role is only a set of scopes.
    pub enum Role: UnknownRole("a role is one of …") {
        /// May do everything.
        Owner = "owner",
        /// May read and send.
        Agent = "agent",
        /// May read.
        Viewer = "viewer",
    }
}

impl Scope {
    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Scopes {
    /// Every scope.
    pub const ALL: Self = Self(Scope::Read.bit() | Scope::Send.bit() | Scope::Manage.bit());

    /// Collects scopes, which must not be empty; the same one twice is the same set.
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, InvalidScopes> {
        let bits = scopes.into_iter().fold(0, |bits, scope| bits | scope.bit());
        Self::from_bits(bits).ok_or(InvalidScopes::Empty)
    }

    /// Tells whether the scope is in the set.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Returns the scopes of the set, in the order of the documentation.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |scope| self.contains(*scope))
    }

    /// Returns the scopes that are in both sets, or `None` if they share none.
    pub const fn intersection(self, other: Self) -> Option<Self> {
        Self::from_bits(self.0 & other.0)
    }

    const fn from_bits(bits: u8) -> Option<Self> {
        if bits == 0 { None } else { Some(Self(bits)) }
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Writes the words with spaces between them, as they are stored: `read send`.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

impl FromStr for Scopes {
    type Err = InvalidScopes;

    /// Reads words with spaces between them.
    fn from_str(text: &str) -> Result<Self, InvalidScopes> {
        let scopes: Result<Vec<Scope>, _> = text.split_whitespace().map(str::parse).collect();
        Self::new(scopes?)
    }
}

impl TryFrom<Vec<Scope>> for Scopes {
    type Error = InvalidScopes;

    fn try_from(scopes: Vec<Scope>) -> Result<Self, InvalidScopes> {
        Self::new(scopes)
    }
}

impl From<Scopes> for Vec<Scope> {
    fn from(scopes: Scopes) -> Self {
        scopes.iter().collect()
    }
}

impl Role {
    /// Returns the scopes of a user with this role.
    pub const fn scopes(self) -> Scopes {
        match self {
            Self::Owner => Scopes::ALL,
            Self::Agent => Scopes(Scope::Read.bit() | Scope::Send.bit()),
            Self::Viewer => Scopes(Scope::Read.bit()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        for text in ["", "Read", "read ", "admin"] {
            assert_eq!(text.parse::<Scope>(), Err(UnknownScope), "{text:?}");
            assert_eq!(text.parse::<Role>(), Err(UnknownRole), "{text:?}");
        }
    }

    #[test]
    fn a_role_is_a_set_of_scopes() {
        let may = |role: Role| role.scopes().to_string();
        assert_eq!(may(Role::Owner), "read send manage");
        assert_eq!(may(Role::Agent), "read send");
        assert_eq!(may(Role::Viewer), "read");
        assert_eq!(Role::Owner.scopes(), Scopes::ALL);
    }

    #[test]
    fn a_set_of_scopes_is_the_same_in_json_and_in_text_in_any_order() {
        let scopes = Scopes::new([Scope::Manage, Scope::Read, Scope::Manage]);
        let scopes = scopes.expect("a set");
        assert_eq!(scopes.to_string(), "read manage");
        assert_eq!("manage  read".parse(), Ok(scopes));
        let json = serde_json::to_string(&scopes).expect("JSON");
        assert_eq!(json, r#"["read","manage"]"#);
        assert_eq!(serde_json::from_str::<Scopes>(&json).ok(), Some(scopes));
        assert_eq!(format!("{scopes:?}"), "{Read, Manage}");
        assert!(scopes.contains(Scope::Manage) && !scopes.contains(Scope::Send));
    }

    #[test]
    fn an_empty_set_and_an_unknown_scope_are_invalid() {
        assert_eq!(" ".parse::<Scopes>(), Err(InvalidScopes::Empty));
        let unknown = Err(InvalidScopes::Unknown(UnknownScope));
        assert_eq!("read write".parse::<Scopes>(), unknown);
        for json in ["[]", r#"["write"]"#, r#""read""#] {
            assert!(serde_json::from_str::<Scopes>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn what_two_sets_share_is_a_set_or_nothing() {
        let [send, manage] = [Scope::Send, Scope::Manage].map(|scope| Scopes::new([scope]));
        let (send, manage) = (send.expect("a set"), manage.expect("a set"));
        assert_eq!(send.intersection(Role::Agent.scopes()), Some(send));
        assert_eq!(manage.intersection(Role::Agent.scopes()), None);
    }
}
