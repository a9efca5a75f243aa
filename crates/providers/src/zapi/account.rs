//! The account at Z-API: credentials and settings of an instance.

use recado_core::Buttons;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::account::fields::{AccountField, Choices, word, words};
use crate::account::form::Form;
use crate::account::{Account, Written, pasted};

/// An instance of Z-API; all three values are secrets, for two of them are in every URL.
///
/// The other fields are set on a value that [`new`](Self::new) made.
#[derive(Debug, Clone)]
#[non_exhaustive]
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

impl ZapiAccount {
    /// Creates an account without a client token, with the settings that fit most.
    pub fn new(instance_id: impl Into<String>, instance_token: SecretString) -> Self {
        Self {
            instance_id: instance_id.into().into(),
            instance_token,
            client_token: None,
            buttons_endpoint: ButtonsEndpoint::default(),
            webhook_token: WebhookToken::default(),
        }
    }
}

/// What is made of the header `z-api-token` of a webhook (observed, undocumented).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookToken {
    /// Nothing.
    #[default]
    Ignored,
    /// It must be the instance token.
    Required,
}

/// Which of Z-API's two methods carries reply buttons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ButtonsEndpoint {
    /// `send-button-actions` if there is a header or footer, else `send-button-list`.
    #[default]
    Auto,
    /// Always `send-button-list`, whose tap is documented; header and footer become part of the text.
    List,
    /// Always `send-button-actions`.
    Actions,
}

impl ButtonsEndpoint {
    /// Whether this content goes to the method that has `title` and `footer`.
    pub(super) fn has_title_for(self, content: &Buttons) -> bool {
        match self {
            Self::Auto => content.header().is_some() || content.footer().is_some(),
            Self::List => false,
            Self::Actions => true,
        }
    }
}

const BUTTONS_ENDPOINTS: Choices<ButtonsEndpoint, 3> = [
    ("auto", ButtonsEndpoint::Auto),
    ("list", ButtonsEndpoint::List),
    ("actions", ButtonsEndpoint::Actions),
];
const WEBHOOK_TOKENS: Choices<WebhookToken, 2> = [
    ("ignored", WebhookToken::Ignored),
    ("required", WebhookToken::Required),
];

pub(super) const INSTANCE_ID: AccountField = AccountField {
    required: true,
    in_url: "the part between /instances/ and /token/",
    mistaken: |text| {
        pasted::is_spelled_phone_number(text)
            .then_some("This is a phone number; write the id of the instance, from Z-API's panel")
    },
    ..AccountField::new("instanceId", "The id of the instance, from Z-API's panel.")
};
pub(super) const INSTANCE_TOKEN: AccountField = AccountField {
    required: true,
    secret: true,
    in_url: "the part that follows /token/",
    ..AccountField::new(
        "instanceToken",
        "The token of the instance, from Z-API's panel.",
    )
};
pub(super) const CLIENT_TOKEN: AccountField = AccountField {
    secret: true,
    ..AccountField::new(
        "clientToken",
        "The account security token, if it is active in Z-API's panel.",
    )
};
pub(super) const BUTTONS_ENDPOINT: AccountField = AccountField {
    words: &words(&BUTTONS_ENDPOINTS),
    ..AccountField::new(
        "buttonsEndpoint",
        "The method of Z-API that carries buttons: `auto` takes `send-button-actions` if there is a header or footer, \
         and `send-button-list` otherwise; `list` and `actions` always take the method of their name.",
    )
};
pub(super) const WEBHOOK_TOKEN: AccountField = AccountField {
    words: &words(&WEBHOOK_TOKENS),
    ..AccountField::new(
        "webhookToken",
        "Whether a webhook of Z-API has to carry the token of the instance in the header `z-api-token`.",
    )
};

impl Account for ZapiAccount {
    fn written(&self) -> Written {
        let secret = |it: &'static AccountField, secret: Option<_>| {
            (it, secret.map(SecretString::expose_secret))
        };
        Written::new(
            [
                secret(&INSTANCE_ID, Some(&self.instance_id)),
                secret(&INSTANCE_TOKEN, Some(&self.instance_token)),
                secret(&CLIENT_TOKEN, self.client_token.as_ref()),
            ],
            [
                (
                    &BUTTONS_ENDPOINT,
                    word(&BUTTONS_ENDPOINTS, self.buttons_endpoint),
                ),
                (&WEBHOOK_TOKEN, word(&WEBHOOK_TOKENS, self.webhook_token)),
            ],
        )
    }

    /// Z-API's ids are unique wherever the base URL leads.
    fn number(&self, _: &Url) -> String {
        format!("zapi {}", self.instance_id.expose_secret())
    }
}

pub(crate) fn parse(form: &mut Form<'_>) -> ZapiAccount {
    ZapiAccount {
        // An id, which Z-API writes into every webhook; its length is Z-API's.
        instance_id: form.credential(&INSTANCE_ID).unwrap_or_default().into(),
        instance_token: form.secret(&INSTANCE_TOKEN).unwrap_or_default(),
        client_token: form.secret(&CLIENT_TOKEN),
        buttons_endpoint: form.choice(&BUTTONS_ENDPOINT, &BUTTONS_ENDPOINTS),
        webhook_token: form.choice(&WEBHOOK_TOKEN, &WEBHOOK_TOKENS),
    }
}
