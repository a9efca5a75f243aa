//! What Z-API needs to know of us.

use recado_core::{ButtonsMessage, FieldErrors};
use secrecy::SecretString;

use crate::config::{ChannelConfig, Credentials, Defaults};
use crate::form::Form;

/// An instance of Z-API; all three values are secrets, for two of them are in every URL.
#[derive(Debug, Clone)]
pub struct ZapiAccount {
    /// Names the instance.
    pub instance_id: SecretString,
    /// Proves that it is ours.
    pub instance_token: SecretString,
    /// The account's security token, needed once it is activated in the panel.
    pub client_token: Option<SecretString>,
    /// Which method carries the buttons.
    pub buttons_endpoint: ButtonsEndpoint,
    /// Whether webhooks must carry the instance token.
    pub webhook_token: WebhookToken,
}

/// What is made of the header `z-api-token` of a webhook (observed, undocumented).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookToken {
    /// Nothing.
    Ignored,
    /// It must be the instance token.
    Required,
}

/// Which of Z-API's two methods carries reply buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ButtonsEndpoint {
    /// `send-button-actions` if there is a header or footer, else `send-button-list`.
    Auto,
    /// Always `send-button-list`, whose tap is documented; header and footer become part of the text.
    List,
    /// Always `send-button-actions`.
    Actions,
}

impl ButtonsEndpoint {
    /// Whether this content goes to the method that has `title` and `footer`.
    pub(super) fn has_title_for(self, content: &ButtonsMessage) -> bool {
        match self {
            Self::Auto => content.header().is_some() || content.footer().is_some(),
            Self::List => false,
            Self::Actions => true,
        }
    }
}

pub(crate) fn parse(mut form: Form<'_>, defaults: &Defaults) -> Result<ChannelConfig, FieldErrors> {
    let endpoints = [
        ("auto", ButtonsEndpoint::Auto),
        ("list", ButtonsEndpoint::List),
        ("actions", ButtonsEndpoint::Actions),
    ];
    let webhook_tokens = [
        ("ignored", WebhookToken::Ignored),
        ("required", WebhookToken::Required),
    ];
    let account = ZapiAccount {
        // An id, which Z-API writes into every webhook; its length is Z-API's.
        instance_id: form.required("instanceId").into(),
        instance_token: form.required_secret("instanceToken"),
        client_token: form.optional_secret("clientToken"),
        buttons_endpoint: form
            .choice("buttonsEndpoint", &endpoints)
            .unwrap_or(ButtonsEndpoint::Auto),
        webhook_token: form
            .choice("webhookToken", &webhook_tokens)
            .unwrap_or(WebhookToken::Ignored),
    };
    let base_url = form.base_url().unwrap_or_else(|| defaults.zapi_url.clone());
    form.finish(ChannelConfig {
        base_url,
        credentials: Credentials::Zapi(account),
    })
}
