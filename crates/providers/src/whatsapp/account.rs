//! What the Cloud API needs to know of us.

use recado_core::{FieldErrors, phone};
use secrecy::SecretString;
use url::Url;

use crate::account::fields::{AccountField, AccountFields, BASE_URL};
use crate::account::form::{Form, Written, segments};
use crate::registry::{ChannelConfig, Credentials, Defaults};

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
}

impl From<WhatsAppAccount> for Credentials {
    fn from(account: WhatsAppAccount) -> Self {
        Self::WhatsApp(account)
    }
}

impl WhatsAppAccount {
    /// Creates an account that sends; webhooks are proved by its [`app_secret`](Self::app_secret).
    #[must_use]
    pub fn new(phone_number_id: impl Into<String>, access_token: SecretString) -> Self {
        Self {
            phone_number_id: phone_number_id.into(),
            access_token,
            app_secret: None,
            verify_token: None,
            api_version: DEFAULT_VERSION.to_owned(),
        }
    }

    /// The credentials and settings that [`parse`] reads this account from.
    pub(crate) fn written(&self) -> (Written, Written) {
        let (mut credentials, mut settings) = (Written::default(), Written::default());
        credentials.set(&PHONE_NUMBER_ID, &self.phone_number_id);
        credentials.set_secret(&ACCESS_TOKEN, Some(&self.access_token));
        credentials.set_secret(&APP_SECRET, self.app_secret.as_ref());
        credentials.set_secret(&VERIFY_TOKEN, self.verify_token.as_ref());
        settings.set(&API_VERSION, &self.api_version);
        (credentials, settings)
    }
}

/// The Graph version of an account that names none.
pub(crate) const DEFAULT_VERSION: &str = "v25.0";

const PHONE_NUMBER_ID: AccountField = AccountField::new(
    "phoneNumberId",
    "The id of the number at Meta, digits only. It is not the telephone number.",
)
.required()
.in_url("the number's id, which follows the version in it")
.mistaken(|text| resembles_a_phone_number(text).then_some(IS_A_PHONE_NUMBER));
const ACCESS_TOKEN: AccountField = AccountField::new(
    "accessToken",
    "The access token of a system user that may send from the number.",
)
.required()
.secret();
const APP_SECRET: AccountField = AccountField::new(
    "appSecret",
    "The app secret, with which Meta signs its webhooks. Without it, no webhook of Meta is accepted.",
)
.secret();
const VERIFY_TOKEN: AccountField = AccountField::new(
    "verifyToken",
    "The verify token that is set in Meta's App Dashboard. Without it, the webhook secret of the channel is the verify token.",
)
.secret()
.own_choice();
const API_VERSION: AccountField = AccountField::new(
    "apiVersion",
    "The version of Meta's Graph API, such as `v25.0`.",
);

/// The credentials and settings of a channel.
pub(crate) const FIELDS: AccountFields = AccountFields {
    credentials: &[PHONE_NUMBER_ID, ACCESS_TOKEN, APP_SECRET, VERIFY_TOKEN],
    settings: &[API_VERSION, BASE_URL],
};

pub(crate) fn parse(mut form: Form<'_>, defaults: &Defaults) -> Result<ChannelConfig, FieldErrors> {
    let account = WhatsAppAccount {
        phone_number_id: form.required(&PHONE_NUMBER_ID),
        access_token: form.required_secret(&ACCESS_TOKEN),
        app_secret: form.optional_secret(&APP_SECRET),
        verify_token: form.optional_secret(&VERIFY_TOKEN),
        api_version: form
            .setting(API_VERSION.name)
            .unwrap_or_else(|| defaults.whatsapp_version.clone()),
    };
    if !account.phone_number_id.bytes().all(|b| b.is_ascii_digit()) {
        let problem = "Must be the number's id at Meta: digits only";
        form.fault("credentials", PHONE_NUMBER_ID.name, problem);
    }
    if !is_version(&account.api_version) {
        form.fault(
            "settings",
            API_VERSION.name,
            "Must be a Graph version such as v25.0",
        );
    }
    let base_url = form
        .base_url(in_call)
        .unwrap_or_else(|| defaults.whatsapp_url.clone());
    form.finish(base_url, account)
}

/// Error for a phone number in the place of its id.
pub(super) const IS_A_PHONE_NUMBER: &str = "This is a phone number; write the id that Meta's App Dashboard shows beside it, under WhatsApp > API setup";

/// Most digits of what is taken for a phone number: Meta's ids have 14 and more.
const MAX_PHONE_DIGITS: usize = 13;

/// Tells whether an id was probably meant as a phone number.
pub(super) fn resembles_a_phone_number(id: &str) -> bool {
    let is_spelled = !id.bytes().all(|byte| byte.is_ascii_digit());
    (is_spelled || id.len() <= MAX_PHONE_DIGITS) && phone::read(id).is_ok()
}

/// Recognizes `https://graph.facebook.com/v25.0/800000000000001/…`; a proxy may have a version of its own.
fn in_call(url: &Url) -> Option<&'static str> {
    let is_id = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let path = segments(url);
    // Meta's own host has nothing else there.
    let is_meta = url.host_str() == Some("graph.facebook.com");
    let is_call = (is_meta && path.iter().any(|segment| is_version(segment)))
        || path
            .windows(2)
            .any(|pair| is_version(pair[0]) && is_id(pair[1]));
    is_call.then_some("Is the URL of a call; end it before the version")
}

/// `^v\d{1,2}\.\d$`: Graph API versions.
pub(crate) fn is_version(text: &str) -> bool {
    let Some((major, minor)) = text.strip_prefix('v').and_then(|rest| rest.split_once('.')) else {
        return false;
    };
    let digits = |text: &str, most| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    digits(major, 2) && digits(minor, 1)
}
