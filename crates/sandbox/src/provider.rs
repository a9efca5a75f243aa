//! The simulated providers.

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
    /// All providers.
    pub(crate) const ALL: [Self; 4] = [Self::Whatsapp, Self::Zapi, Self::Zapperhub, Self::Wuzapi];

    /// The provider's word, as in JSON and in paths.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Zapi => "zapi",
            Self::Zapperhub => "zapperhub",
            Self::Wuzapi => "wuzapi",
        }
    }
}
