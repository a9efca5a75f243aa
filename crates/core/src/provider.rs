//! The providers that Recado connects.

words! {
    /// The provider of a channel.
    pub enum Provider: UnknownProvider("provider is one of …") {
        /// Meta's WhatsApp Cloud API.
        WhatsApp = "whatsapp",
        /// Z-API, an unofficial API on a linked device.
        Zapi = "zapi",
        /// ZapperHUB, also called ZapperAPI, an unofficial API on a linked device.
        ZapperHub = "zapperhub",
    }
}

impl Provider {
    /// The name that people use.
    pub const fn title(self) -> &'static str {
        match self {
            Self::WhatsApp => "WhatsApp Cloud API",
            Self::Zapi => "Z-API",
            Self::ZapperHub => "ZapperHUB",
        }
    }

    /// Tells whether a business may send reply buttons only for 24 hours after the customer wrote or called.
    pub const fn has_service_window(self) -> bool {
        match self {
            Self::WhatsApp => true,
            Self::Zapi | Self::ZapperHub => false,
        }
    }

    /// Tells whether a phone may answer a message with the title of a button as a text (Z-API, observed: old phones).
    pub const fn has_title_taps(self) -> bool {
        match self {
            Self::Zapi => true,
            Self::WhatsApp | Self::ZapperHub => false,
        }
    }
}
