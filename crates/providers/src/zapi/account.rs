//! The account at Z-API: credentials and settings of an instance.

use recado_core::{Buttons, words};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::account::fields::AccountField;
use crate::account::form::Form;
use crate::account::{Account, Written, pasted, secret};

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

words! {
    /// Whether a webhook has to have the header `z-api-token` (observed, undocumented).
    #[derive(Default)]
    #[non_exhaustive]
    pub enum WebhookToken {
        /// The header is ignored.
        #[default]
        Ignored = "ignored",
        /// The header must be the instance token.
        Required = "required",
    }
}

words! {
    /// Which of Z-API's two methods carries reply buttons.
    #[derive(Default)]
    #[non_exhaustive]
    pub enum ButtonsEndpoint {
        /// `send-button-actions` if the message has a header or footer, else `send-button-list`.
        #[default]
        Auto = "auto",
        /// Always `send-button-list`, whose tap is documented; header and footer become part of the text.
        List = "list",
        /// Always `send-button-actions`.
        Actions = "actions",
    }
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
    words: &ButtonsEndpoint::WORDS,
    ..AccountField::new(
        "buttonsEndpoint",
        "The method of Z-API that carries buttons: `auto` takes `send-button-actions` if there is a header or footer, \
         and `send-button-list` otherwise; `list` and `actions` always take the method of their name.",
    )
};
pub(super) const WEBHOOK_TOKEN: AccountField = AccountField {
    words: &WebhookToken::WORDS,
    ..AccountField::new(
        "webhookToken",
        "Whether a webhook of Z-API has to carry the token of the instance in the header `z-api-token`.",
    )
};

impl Account for ZapiAccount {
    fn written(&self) -> Written {
        Written::new(
            [
                secret(&INSTANCE_ID, &self.instance_id),
                secret(&INSTANCE_TOKEN, &self.instance_token),
                secret(&CLIENT_TOKEN, self.client_token.as_ref()),
            ],
            [
                (&BUTTONS_ENDPOINT, Some(self.buttons_endpoint.as_str())),
                (&WEBHOOK_TOKEN, Some(self.webhook_token.as_str())),
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
        buttons_endpoint: form.choice(&BUTTONS_ENDPOINT, ButtonsEndpoint::ALL),
        webhook_token: form.choice(&WEBHOOK_TOKEN, WebhookToken::ALL),
    }
}
