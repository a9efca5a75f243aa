//! What ZapperHUB needs to know of us.

use recado_core::FieldErrors;
use secrecy::SecretString;
use url::Url;

use crate::account::fields::{AccountField, AccountFields, BASE_URL, words};
use crate::account::form::{Form, Written, segments};
use crate::account::pasted;
use crate::registry::{ChannelConfig, Credentials, Defaults};

/// An instance of ZapperHUB, or a user of a wuzapi server.
///
/// The recipient's form is set on a value that [`hosted`](Self::hosted) or [`wuzapi`](Self::wuzapi) made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ZapperHubAccount {
    /// Sent as `X-Api-Key`, or as `token` to wuzapi.
    pub api_key: SecretString,
    /// Which API it is.
    pub dialect: Dialect,
    /// How a phone number is written.
    pub recipient_form: RecipientForm,
}

impl From<ZapperHubAccount> for Credentials {
    fn from(account: ZapperHubAccount) -> Self {
        Self::ZapperHub(account)
    }
}

impl ZapperHubAccount {
    /// Creates the account of an instance of the hosted API.
    #[must_use]
    pub fn hosted(instance_id: impl Into<String>, api_key: SecretString) -> Self {
        let instance_id = instance_id.into();
        Self::new(api_key, Dialect::ZapperApiV2 { instance_id })
    }

    /// Creates the account of a user of a wuzapi server, whose URL is the
    /// [`base_url`](crate::ChannelConfig::base_url) of its channel.
    #[must_use]
    pub const fn wuzapi(token: SecretString) -> Self {
        Self::new(token, Dialect::Wuzapi)
    }

    const fn new(api_key: SecretString, dialect: Dialect) -> Self {
        Self {
            api_key,
            dialect,
            recipient_form: RecipientForm::Digits,
        }
    }

    /// The credentials and settings that [`parse`] reads this account from.
    pub(crate) fn written(&self) -> (Written, Written) {
        let (mut credentials, mut settings) = (Written::default(), Written::default());
        let dialect = match &self.dialect {
            Dialect::ZapperApiV2 { instance_id } => {
                credentials.set(&INSTANCE_ID, instance_id);
                DialectName::ZapperApiV2
            }
            Dialect::Wuzapi => DialectName::Wuzapi,
        };
        credentials.set_secret(&API_KEY, Some(&self.api_key));
        settings.choose(&DIALECT, &DIALECTS, &dialect);
        settings.choose(&RECIPIENT_FORM, &RECIPIENT_FORMS, &self.recipient_form);
        (credentials, settings)
    }
}

/// The APIs under ZapperHUB's name that can send buttons.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// The hosted API.
    ZapperApiV2 {
        /// Names the instance, in every path.
        instance_id: String,
    },
    /// wuzapi in the vendor's version, on a host of one's own.
    Wuzapi,
}

/// How a phone number is written; all are documented (ZapperAPI, message addressing).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecipientForm {
    /// `5521988887777`
    Digits,
    /// `+5521988887777`
    Plus,
    /// `5521988887777@s.whatsapp.net`
    Jid,
}

/// The words for a dialect.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DialectName {
    ZapperApiV2,
    Wuzapi,
    ZapperMeow,
}

const DIALECTS: [(&str, DialectName); 2] = [
    ("zapperapi_v2", DialectName::ZapperApiV2),
    ("wuzapi", DialectName::Wuzapi),
];

const RECIPIENT_FORMS: [(&str, RecipientForm); 3] = [
    ("digits", RecipientForm::Digits),
    ("plus", RecipientForm::Plus),
    ("jid", RecipientForm::Jid),
];

const INSTANCE_ID: AccountField = AccountField::new(
    "instanceId",
    "The id of the instance, from ZapperHUB's panel. Only the dialect `wuzapi` does without it.",
)
.in_url("the id of the instance, with which its path begins")
.mistaken(|text| {
    pasted::is_spelled_phone_number(text)
        .then_some("This is a phone number; write the id of the instance, from ZapperHUB's panel")
});
const API_KEY: AccountField = AccountField::new(
    "apiKey",
    "The API key, from ZapperHUB's panel; for `wuzapi` the token of the user.",
)
.required()
.secret();
/// Its owner wrote it into the server.
const WUZAPI_TOKEN: AccountField = API_KEY.own_choice();
const DIALECT: AccountField = AccountField::new(
    "dialect",
    "The API that answers: `zapperapi_v2` is ZapperHUB's hosted one, `wuzapi` a server of your own, whose `baseUrl` is \
     required.",
)
.words(&words(&DIALECTS));
const RECIPIENT_FORM: AccountField = AccountField::new(
    "recipientForm",
    "How a phone number is written: `5521988887777`, `+5521988887777` or `5521988887777@s.whatsapp.net`.",
)
.words(&words(&RECIPIENT_FORMS));

/// The credentials and settings of a channel.
pub(crate) const FIELDS: AccountFields = AccountFields {
    credentials: &[INSTANCE_ID, API_KEY],
    settings: &[DIALECT, RECIPIENT_FORM, BASE_URL],
};

/// Recognizes `https://api.zapperapi.com/…/messages/buttons` and `https://…/chat/send/buttons`.
fn in_call(url: &Url) -> Option<&'static str> {
    let calls = [
        ["messages", "buttons"],
        ["messages", "text"],
        ["chat", "send"],
        ["session", "status"],
    ];
    let is_call = segments(url)
        .windows(2)
        .any(|pair| calls.iter().any(|call| pair == call));
    is_call.then_some(
        "Is the URL of a call; end it before the id of the instance, or before /chat or /session",
    )
}

pub(crate) fn parse(mut form: Form<'_>, defaults: &Defaults) -> Result<ChannelConfig, FieldErrors> {
    let recipient_form = form.choice(RECIPIENT_FORM.name, &RECIPIENT_FORMS);
    let own_url = form.base_url(in_call);
    let [hosted, wuzapi] = DIALECTS;
    let dialects = [hosted, wuzapi, ("zappermeow", DialectName::ZapperMeow)];
    let dialect = match form.choice(DIALECT.name, &dialects) {
        Some(DialectName::Wuzapi) => {
            // A wuzapi server has no instances; the id is taken so that a switch of dialect needs no other change.
            form.optional(&INSTANCE_ID);
            if form.lacks_setting(BASE_URL.name) {
                let problem = "Required: where your wuzapi server answers";
                form.fault("settings", BASE_URL.name, problem);
            } else if own_url.as_ref().and_then(Url::host_str)
                == Defaults::default().zapperhub_url.host_str()
            {
                // The token of a person's own server would go to the vendor.
                let problem = "Is ZapperHUB's hosted API; write where your wuzapi server answers";
                form.fault("settings", BASE_URL.name, problem);
            }
            Dialect::Wuzapi
        }
        name => {
            if name == Some(DialectName::ZapperMeow) {
                let problem = "ZapperMeow cannot send buttons yet; use zapperapi_v2 or wuzapi";
                form.fault("settings", DIALECT.name, problem);
            }
            let instance_id = form.required(&INSTANCE_ID);
            Dialect::ZapperApiV2 { instance_id }
        }
    };
    let api_key = form.required_secret(match dialect {
        Dialect::Wuzapi => &WUZAPI_TOKEN,
        Dialect::ZapperApiV2 { .. } => &API_KEY,
    });
    let base_url = own_url.unwrap_or_else(|| defaults.zapperhub_url.clone());
    let account = ZapperHubAccount {
        api_key,
        dialect,
        recipient_form: recipient_form.unwrap_or(RecipientForm::Digits),
    };
    form.finish(base_url, account)
}
