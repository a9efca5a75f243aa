//! The account at Meta: credentials and settings of a number of the Cloud API.

use recado_core::{phone, words};
use secrecy::SecretString;
use url::Url;

use crate::account::fields::AccountField;
use crate::account::form::{Form, Section};
use crate::account::{Account, Written, secret};

/// A number of the Cloud API and the token that may send from it.
///
/// The optional fields are set on a value that [`new`](Self::new) made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WhatsAppAccount {
    /// Meta's numeric id of the number; not the telephone number.
    pub phone_number_id: String,
    /// Sent as `Authorization: Bearer`.
    pub access_token: SecretString,
    /// Signs the webhooks.
    pub app_secret: Option<SecretString>,
    /// Proves the webhook's owner when Meta asks.
    pub verify_token: Option<SecretString>,
    /// The Graph version, such as `v25.0`.
    pub api_version: String,
    /// Whether the server keeps to Meta's rate to one person.
    pub pair_rate: PairRateCheck,
}

words! {
    /// Whether Meta's rate to one person is kept. Meta refuses what is too fast.
    #[derive(Default)]
    #[non_exhaustive]
    pub enum PairRateCheck {
        /// The server sends nothing that Meta would refuse.
        #[default]
        Kept = "kept",
        /// The server leaves it to Meta.
        Ignored = "ignored",
    }
}

impl WhatsAppAccount {
    /// Creates an account that sends; webhooks are proved by its [`app_secret`](Self::app_secret).
    pub fn new(phone_number_id: impl Into<String>, access_token: SecretString) -> Self {
        Self {
            phone_number_id: phone_number_id.into(),
            access_token,
            app_secret: None,
            verify_token: None,
            api_version: DEFAULT_VERSION.to_owned(),
            pair_rate: PairRateCheck::default(),
        }
    }
}

/// The Graph version of an account that names none.
pub(crate) const DEFAULT_VERSION: &str = "v25.0";

pub(super) const PHONE_NUMBER_ID: AccountField = AccountField {
    required: true,
    in_url: "the number's id, which follows the version in it",
    mistaken: |text| resembles_a_phone_number(text).then_some(IS_A_PHONE_NUMBER),
    ..AccountField::new(
        "phoneNumberId",
        "The id of the number at Meta, digits only. It is not the telephone number.",
    )
};
pub(super) const ACCESS_TOKEN: AccountField = AccountField {
    required: true,
    secret: true,
    ..AccountField::new(
        "accessToken",
        "The access token of a system user that may send from the number.",
    )
};
pub(super) const APP_SECRET: AccountField = AccountField {
    secret: true,
    ..AccountField::new(
        "appSecret",
        "The app secret, with which Meta signs its webhooks. Without it, no webhook of Meta is accepted.",
    )
};
pub(super) const VERIFY_TOKEN: AccountField = AccountField {
    secret: true,
    is_own_choice: true,
    ..AccountField::new(
        "verifyToken",
        "The verify token that is set in Meta's App Dashboard. Without it, the webhook secret of the channel is the verify token.",
    )
};
pub(super) const API_VERSION: AccountField = AccountField::new(
    "apiVersion",
    "The version of Meta's Graph API, such as `v25.0`.",
);

pub(super) const PAIR_RATE: AccountField = AccountField {
    words: &PairRateCheck::WORDS,
    ..AccountField::new(
        "pairRate",
        "Whether the server keeps to Meta's rate of messages to one person: `ignored` leaves it to Meta to refuse what is \
         too fast.",
    )
};

impl Account for WhatsAppAccount {
    fn written(&self) -> Written {
        Written::new(
            [
                (&PHONE_NUMBER_ID, Some(&*self.phone_number_id)),
                secret(&ACCESS_TOKEN, &self.access_token),
                secret(&APP_SECRET, self.app_secret.as_ref()),
                secret(&VERIFY_TOKEN, self.verify_token.as_ref()),
            ],
            [
                (&API_VERSION, Some(&*self.api_version)),
                (&PAIR_RATE, Some(self.pair_rate.as_str())),
            ],
        )
    }

    /// Meta's ids are unique wherever the base URL leads.
    fn number(&self, _: &Url) -> String {
        format!("whatsapp {}", self.phone_number_id)
    }
}

/// Reads an account; `default_version` is the version of an account that names none.
pub(crate) fn parse(form: &mut Form<'_>, default_version: &str) -> WhatsAppAccount {
    let account = WhatsAppAccount {
        phone_number_id: form.credential(&PHONE_NUMBER_ID).unwrap_or_default(),
        access_token: form.secret(&ACCESS_TOKEN).unwrap_or_default(),
        app_secret: form.secret(&APP_SECRET),
        verify_token: form.secret(&VERIFY_TOKEN),
        api_version: form
            .setting(&API_VERSION)
            .unwrap_or_else(|| default_version.to_owned()),
        pair_rate: form.choice(&PAIR_RATE, PairRateCheck::ALL),
    };
    if !account.phone_number_id.bytes().all(|b| b.is_ascii_digit()) {
        let problem = "Must be the number's id at Meta: digits only";
        form.fault(Section::Credentials, &PHONE_NUMBER_ID, problem);
    }
    if !is_version(&account.api_version) {
        let problem = "Must be a Graph version such as v25.0";
        form.fault(Section::Settings, &API_VERSION, problem);
    }
    account
}

/// Error for a phone number in the place of its id.
pub(super) const IS_A_PHONE_NUMBER: &str = "This is a phone number; write the id that Meta's App Dashboard shows beside it, under WhatsApp > API setup";

/// Most digits of what is taken for a phone number: Meta's ids have 14 and more.
const MAX_PHONE_DIGITS: usize = 13;

pub(super) fn resembles_a_phone_number(id: &str) -> bool {
    let is_spelled = !id.bytes().all(|byte| byte.is_ascii_digit());
    (is_spelled || id.len() <= MAX_PHONE_DIGITS) && phone::read(id).is_ok()
}

/// Tells whether a text is a version of the Graph API: `^v\d{1,2}\.\d$`.
pub(crate) fn is_version(text: &str) -> bool {
    let Some((major, minor)) = text.strip_prefix('v').and_then(|rest| rest.split_once('.')) else {
        return false;
    };
    let digits = |text: &str, most| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    digits(major, 2) && digits(minor, 1)
}
