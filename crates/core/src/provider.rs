//! The three doors to WhatsApp.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Who carries the messages of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Meta's WhatsApp Cloud API.
    WhatsApp,
    /// Z-API, an unofficial API on a linked device.
    Zapi,
    /// ZapperHUB, also called ZapperAPI, an unofficial API on a linked device.
    ZapperHub,
}

/// A text that names none of the three providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("provider is one of whatsapp, zapi, zapperhub")]
pub struct UnknownProvider;

impl Provider {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::WhatsApp, Self::Zapi, Self::ZapperHub];

    /// The name in requests, answers and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WhatsApp => "whatsapp",
            Self::Zapi => "zapi",
            Self::ZapperHub => "zapperhub",
        }
    }

    /// The name that people use.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::WhatsApp => "WhatsApp Cloud API",
            Self::Zapi => "Z-API",
            Self::ZapperHub => "ZapperHUB",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, UnknownProvider> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.as_str() == text)
            .ok_or(UnknownProvider)
    }
}
