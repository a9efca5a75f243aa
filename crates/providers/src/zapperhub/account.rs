//! The account at ZapperHUB: credentials and settings of an instance, or of a user of a wuzapi server.

use recado_core::words;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::account::fields::{AccountField, BASE_URL};
use crate::account::form::{Form, Section};
use crate::account::{Account, Written, pasted, secret};

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

impl ZapperHubAccount {
    /// Creates the account of an instance of the hosted API.
    pub fn hosted(instance_id: impl Into<String>, api_key: SecretString) -> Self {
        let instance_id = instance_id.into();
        Self::new(api_key, Dialect::ZapperApiV2 { instance_id })
    }

    /// Creates the account of a user of a wuzapi server, whose URL is the
    /// [`base_url`](crate::ChannelConfig::base_url) of its channel.
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

words! {
    /// How a phone number is written; all are documented (ZapperAPI, message addressing).
    #[derive(Default)]
    #[non_exhaustive]
    pub enum RecipientForm {
        /// `5521988887777`
        #[default]
        Digits = "digits",
        /// `+5521988887777`
        Plus = "plus",
        /// `5521988887777@s.whatsapp.net`
        Jid = "jid",
    }
}

words! {
    /// The names of the dialects; a new channel cannot choose `zappermeow`.
    #[derive(Default)]
    enum DialectName {
        #[default]
        ZapperApiV2 = "zapperapi_v2",
        Wuzapi = "wuzapi",
        ZapperMeow = "zappermeow",
    }
}

const HOSTED: &str = DialectName::ZapperApiV2.as_str();
pub(super) const WUZAPI: &str = DialectName::Wuzapi.as_str();

/// ZapperHUB's hosted API.
pub(super) const VENDOR_URL: &str = "https://api.zapperapi.com";

pub(super) const INSTANCE_ID: AccountField = AccountField {
    in_url: "the id of the instance, with which its path begins",
    mistaken: |text| {
        pasted::is_spelled_phone_number(text).then_some(
            "This is a phone number; write the id of the instance, from ZapperHUB's panel",
        )
    },
    ..AccountField::new(
        "instanceId",
        "The id of the instance, from ZapperHUB's panel. Only the dialect `wuzapi` does without it.",
    )
};
const HOSTED_INSTANCE_ID: AccountField = AccountField {
    required: true,
    ..INSTANCE_ID
};
pub(super) const API_KEY: AccountField = AccountField {
    required: true,
    secret: true,
    ..AccountField::new(
        "apiKey",
        "The API key, from ZapperHUB's panel; for `wuzapi` the token of the user.",
    )
};
/// Its owner wrote it into the server.
const WUZAPI_TOKEN: AccountField = AccountField {
    is_own_choice: true,
    ..API_KEY
};
pub(super) const DIALECT: AccountField = AccountField {
    words: &[HOSTED, WUZAPI],
    ..AccountField::new(
        "dialect",
        "The API that answers: `zapperapi_v2` is ZapperHUB's hosted one, `wuzapi` a server of your own, whose \
         `baseUrl` is required.",
    )
};
pub(super) const RECIPIENT_FORM: AccountField = AccountField {
    words: &RecipientForm::WORDS,
    ..AccountField::new(
        "recipientForm",
        "How a phone number is written: `5521988887777`, `+5521988887777` or `5521988887777@s.whatsapp.net`.",
    )
};

impl Account for ZapperHubAccount {
    fn written(&self) -> Written {
        let (dialect, instance_id) = match &self.dialect {
            Dialect::ZapperApiV2 { instance_id } => (HOSTED, Some(&**instance_id)),
            Dialect::Wuzapi => (WUZAPI, None),
        };
        Written::new(
            [(&INSTANCE_ID, instance_id), secret(&API_KEY, &self.api_key)],
            [
                (&DIALECT, Some(dialect)),
                (&RECIPIENT_FORM, Some(self.recipient_form.as_str())),
            ],
        )
    }

    /// The vendor's ids are unique wherever the base URL leads; a wuzapi server knows its users by their tokens.
    fn number(&self, base_url: &Url) -> String {
        match &self.dialect {
            Dialect::ZapperApiV2 { instance_id } => format!("zapperhub {instance_id}"),
            Dialect::Wuzapi => format!(
                "wuzapi {} {}",
                base_url.origin().ascii_serialization(),
                self.api_key.expose_secret()
            ),
        }
    }
}

pub(crate) fn parse(form: &mut Form<'_>, base_url: Option<&Url>) -> ZapperHubAccount {
    let recipient_form = form.choice(&RECIPIENT_FORM, RecipientForm::ALL);
    let dialect = match form.choice(&DIALECT, DialectName::ALL) {
        DialectName::Wuzapi => {
            // A wuzapi server has no instances; the id is taken so that a switch of dialect needs no other change.
            form.credential(&INSTANCE_ID);
            check_wuzapi_url(form, base_url);
            Dialect::Wuzapi
        }
        name => {
            if name == DialectName::ZapperMeow {
                let problem = "ZapperMeow cannot send buttons yet; use zapperapi_v2 or wuzapi";
                form.fault(Section::Settings, &DIALECT, problem);
            }
            let instance_id = form.credential(&HOSTED_INSTANCE_ID).unwrap_or_default();
            Dialect::ZapperApiV2 { instance_id }
        }
    };
    let api_key = form.secret(match dialect {
        Dialect::Wuzapi => &WUZAPI_TOKEN,
        Dialect::ZapperApiV2 { .. } => &API_KEY,
    });
    ZapperHubAccount {
        api_key: api_key.unwrap_or_default(),
        dialect,
        recipient_form,
    }
}

/// Tells whether a base URL is the vendor's, to whom the token of a person's own server would go.
pub(super) fn is_vendor(base_url: &Url) -> bool {
    base_url.host_str() == VENDOR_URL.strip_prefix("https://")
}

fn check_wuzapi_url(form: &mut Form<'_>, base_url: Option<&Url>) {
    if form.lacks_setting(&BASE_URL) {
        let problem = "Required: where your wuzapi server answers";
        form.fault(Section::Settings, &BASE_URL, problem);
    } else if base_url.is_some_and(is_vendor)
        && (form.gives(Section::Settings, BASE_URL.name)
            || form.gives(Section::Credentials, API_KEY.name))
    {
        let problem = "Is ZapperHUB's hosted API; write where your wuzapi server answers";
        form.fault(Section::Settings, &BASE_URL, problem);
    }
}
