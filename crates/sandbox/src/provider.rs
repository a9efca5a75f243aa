//! The simulated providers.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One simulated API; its word is also the first segment of its paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Meta's WhatsApp Cloud API.
    Whatsapp,
    /// Z-API.
    Zapi,
    /// ZapperHUB's hosted API, version 2.
    Zapperhub,
    /// The wuzapi dialect, which `ZapperHUB`'s engine speaks.
    Wuzapi,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Whatsapp, Self::Zapi, Self::Zapperhub, Self::Wuzapi];

    /// Returns the provider's word, as in JSON and in paths.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Zapi => "zapi",
            Self::Zapperhub => "zapperhub",
            Self::Wuzapi => "wuzapi",
        }
    }

    /// Tells whether the provider verifies a URL before it sends webhooks there.
    pub(crate) const fn verifies_webhooks(self) -> bool {
        match self {
            Self::Whatsapp => true,
            Self::Zapi | Self::Zapperhub | Self::Wuzapi => false,
        }
    }
}

/// A word that is not a provider's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sandbox does not simulate this provider")]
pub struct UnknownProvider;

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(word: &str) -> Result<Self, UnknownProvider> {
        let found = Self::ALL.into_iter().find(|it| it.as_str() == word);
        found.ok_or(UnknownProvider)
    }
}
