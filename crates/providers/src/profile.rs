//! What differs between the providers, as data.

use recado_core::{Capabilities, Provider};
use serde_json::Value;
use url::Url;

use crate::account::fields::AccountField;
use crate::error::ErrorKind;

/// What is special to one provider; `Profile::of` returns it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a provider"
)]
pub struct Profile {
    /// The provider.
    pub provider: Provider,
    /// The name of the provider in the names of types, such as `ZapperHub`.
    pub type_name: &'static str,
    /// The credentials of a channel: the account at the provider.
    pub credentials: &'static [AccountField],
    /// The settings of a channel: how the server talks to the provider.
    pub settings: &'static [AccountField],
    /// The URL at which the provider answers.
    pub base_url: &'static str,
    /// How the provider learns the URL of a channel's webhook.
    pub registration: Registration,
    /// Whether that URL ends with the webhook secret of the channel, because the provider signs nothing.
    pub webhook_secret_in_url: bool,
    /// Whether people need the webhook secret apart from the URL, because the provider asks for it or signs with it.
    pub webhook_secret_apart: bool,
    /// Whether the provider asks by a GET whether it may call a URL.
    pub challenges: bool,
    /// How a call is split that is for several numbers; `None` if every call is for one number.
    pub shared_webhook: Option<SharedWebhook>,
    /// Whether a message that the provider has accepted may wait at the provider, until
    /// [`Channel::cancel`](crate::Channel::cancel) takes it back.
    pub has_queue: bool,
    /// How many service messages of a number are free in each month; `None` if the provider says nothing about prices.
    pub free_service_messages: Option<u32>,
    /// ChatVolt's words for the provider; Recado writes the first one.
    pub chatvolt_words: &'static [&'static str],
    /// Returns what a channel with these settings carries.
    pub(crate) carries: fn(&Value) -> &'static Capabilities,
    /// Recognizes the URL of a call in the place of a base URL, and says where to end it.
    pub(crate) mistaken_base_url: fn(&Url) -> Option<&'static str>,
}

impl Profile {
    /// Returns what a channel with these settings carries.
    pub fn capabilities(&self, settings: &Value) -> &'static Capabilities {
        (self.carries)(settings)
    }

    /// Returns why no program can tell the provider to call this URL, or `None` if one can: a person has to set the
    /// webhook ([`ErrorKind::Rejected`]), or the URL is of the wrong form ([`ErrorKind::Misconfigured`]).
    pub fn registration_refusal(&self, url: &Url) -> Option<(ErrorKind, String)> {
        match self.registration {
            Registration::ByHand { instructions } => {
                let text = instructions.replace("{url}", url.as_str());
                Some((ErrorKind::Rejected, text))
            }
            Registration::Program { https_only: true } if url.scheme() != "https" => {
                let text = format!("{} calls https addresses only", self.provider.title());
                Some((ErrorKind::Misconfigured, text))
            }
            Registration::Program { .. } => None,
        }
    }
}

/// How a provider learns the URL of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Registration {
    /// [`Channel::register_webhook`](crate::Channel::register_webhook) tells it.
    Program {
        /// Whether the provider takes `https` URLs only.
        https_only: bool,
    },
    /// A person sets it at the provider.
    ByHand {
        /// Says where; `{url}` stands for the URL of the webhook.
        instructions: &'static str,
    },
}

/// The credentials that tell which channel an item of a shared call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedWebhook {
    /// The credential that is the number's id in the items of a call.
    pub number: &'static str,
    /// The credential that signs the calls; a call may be for the channels that share it, and for no others.
    pub secret: &'static str,
}
