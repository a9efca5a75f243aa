//! What Z-API needs to know of us.

use recado_core::{Content, FieldErrors};
use secrecy::SecretString;
use url::Url;

use crate::account::fields::{AccountField, AccountFields, BASE_URL, words};
use crate::account::form::{Form, Written, segments};
use crate::account::pasted;
use crate::registry::{ChannelConfig, Credentials, Defaults};

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

impl From<ZapiAccount> for Credentials {
    fn from(account: ZapiAccount) -> Self {
        Self::Zapi(account)
    }
}

impl ZapiAccount {
    /// Creates an account without a client token, with the settings that fit most.
    #[must_use]
    pub fn new(instance_id: impl Into<String>, instance_token: SecretString) -> Self {
        Self {
            instance_id: instance_id.into().into(),
            instance_token,
            client_token: None,
            buttons_endpoint: ButtonsEndpoint::Auto,
            webhook_token: WebhookToken::Ignored,
        }
    }

    /// The credentials and settings that [`parse`] reads this account from.
    pub(crate) fn written(&self) -> (Written, Written) {
        let (mut credentials, mut settings) = (Written::default(), Written::default());
        credentials.set_secret(&INSTANCE_ID, Some(&self.instance_id));
        credentials.set_secret(&INSTANCE_TOKEN, Some(&self.instance_token));
        credentials.set_secret(&CLIENT_TOKEN, self.client_token.as_ref());
        settings.choose(
            &BUTTONS_ENDPOINT,
            &BUTTONS_ENDPOINTS,
            &self.buttons_endpoint,
        );
        settings.choose(&WEBHOOK_TOKEN, &WEBHOOK_TOKENS, &self.webhook_token);
        (credentials, settings)
    }
}

/// What is made of the header `z-api-token` of a webhook (observed, undocumented).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookToken {
    /// Nothing.
    Ignored,
    /// It must be the instance token.
    Required,
}

/// Which of Z-API's two methods carries reply buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
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
    pub(super) fn has_title_for(self, content: &Content) -> bool {
        let Content::Buttons(content) = content;
        match self {
            Self::Auto => content.header().is_some() || content.footer().is_some(),
            Self::List => false,
            Self::Actions => true,
        }
    }
}

const BUTTONS_ENDPOINTS: [(&str, ButtonsEndpoint); 3] = [
    ("auto", ButtonsEndpoint::Auto),
    ("list", ButtonsEndpoint::List),
    ("actions", ButtonsEndpoint::Actions),
];
const WEBHOOK_TOKENS: [(&str, WebhookToken); 2] = [
    ("ignored", WebhookToken::Ignored),
    ("required", WebhookToken::Required),
];

const INSTANCE_ID: AccountField =
    AccountField::new("instanceId", "The id of the instance, from Z-API's panel.")
        .required()
        .in_url("the part between /instances/ and /token/")
        .mistaken(|text| {
            pasted::is_spelled_phone_number(text).then_some(
                "This is a phone number; write the id of the instance, from Z-API's panel",
            )
        });
const INSTANCE_TOKEN: AccountField = AccountField::new(
    "instanceToken",
    "The token of the instance, from Z-API's panel.",
)
.required()
.secret()
.in_url("the part that follows /token/");
const CLIENT_TOKEN: AccountField = AccountField::new(
    "clientToken",
    "The account security token, if it is active in Z-API's panel.",
)
.secret();
const BUTTONS_ENDPOINT: AccountField = AccountField::new(
    "buttonsEndpoint",
    "The method of Z-API that carries buttons: `auto` takes `send-button-actions` if there is a header or footer, and \
     `send-button-list` otherwise; `list` and `actions` always take the method of their name.",
)
.words(&words(&BUTTONS_ENDPOINTS));
const WEBHOOK_TOKEN: AccountField = AccountField::new(
    "webhookToken",
    "Whether a webhook of Z-API has to carry the token of the instance in the header `z-api-token`.",
)
.words(&words(&WEBHOOK_TOKENS));

/// The credentials and settings of a channel.
pub(crate) const FIELDS: AccountFields = AccountFields {
    credentials: &[INSTANCE_ID, INSTANCE_TOKEN, CLIENT_TOKEN],
    settings: &[BUTTONS_ENDPOINT, WEBHOOK_TOKEN, BASE_URL],
};

/// Recognizes `https://api.z-api.io/instances/…/token/…`; a proxy may have `instances` in a path of its own.
fn in_call(url: &Url) -> Option<&'static str> {
    let path = segments(url);
    // Z-API's own host has nothing else there.
    let is_vendor = url.host_str() == Some("api.z-api.io");
    let is_call = (is_vendor && path.contains(&"instances"))
        || path
            .windows(3)
            .any(|part| part[0] == "instances" && part[2] == "token");
    is_call.then_some(
        "Is the URL of an instance; end it before /instances, and write the id and the token of the instance as \
         credentials",
    )
}

pub(crate) fn parse(mut form: Form<'_>, defaults: &Defaults) -> Result<ChannelConfig, FieldErrors> {
    let account = ZapiAccount {
        // An id, which Z-API writes into every webhook; its length is Z-API's.
        instance_id: form.required(&INSTANCE_ID).into(),
        instance_token: form.required_secret(&INSTANCE_TOKEN),
        client_token: form.optional_secret(&CLIENT_TOKEN),
        buttons_endpoint: form
            .choice(BUTTONS_ENDPOINT.name, &BUTTONS_ENDPOINTS)
            .unwrap_or(ButtonsEndpoint::Auto),
        webhook_token: form
            .choice(WEBHOOK_TOKEN.name, &WEBHOOK_TOKENS)
            .unwrap_or(WebhookToken::Ignored),
    };
    let base_url = form
        .base_url(in_call)
        .unwrap_or_else(|| defaults.zapi_url.clone());
    form.finish(base_url, account)
}
