//! The switches of the simulators; the defaults are an account in good health without limits.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::WebhookSettings;

/// All switches, per provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Settings {
    /// WhatsApp Cloud API.
    pub whatsapp: WhatsappSettings,
    /// Z-API.
    pub zapi: ZapiSettings,
    /// `ZapperHUB` v2.
    pub zapperhub: ZapperhubSettings,
    /// wuzapi.
    pub wuzapi: WuzapiSettings,
    /// What follows an accepted message, for all providers.
    pub webhooks: WebhookSettings,
}

/// Switches of the WhatsApp Cloud API; phone numbers are digits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct WhatsappSettings {
    /// Refuse more than 80 messages a second of one number (130429).
    pub throughput_limit: bool,
    /// Refuse more than one message in 6 s, or a burst of 45, to one recipient (131056).
    pub pair_limit: bool,
    /// Test-number mode: only these recipients are allowed (131030).
    pub allowed_recipients: Option<BTreeSet<String>>,
    /// Brazilian numbers that WhatsApp knows without the ninth digit, in either form.
    pub without_ninth_digit: BTreeSet<String>,
    /// Recipients whose 24-hour window is closed (131047).
    pub closed_windows: BTreeSet<String>,
    /// When a closed window is reported.
    pub window_mode: WindowMode,
    /// Refuse line breaks in titles and headers (invented).
    pub strict_newlines: bool,
    /// How webhooks name customers.
    pub bsuid_mode: BsuidMode,
}

/// When WhatsApp reports a closed window (observed: mostly afterwards).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowMode {
    /// The message is accepted, and fails by webhook.
    #[default]
    Async,
    /// The message is refused at once.
    Sync,
}

/// How a webhook names a customer with a phone number (Meta, business-scoped user ids).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BsuidMode {
    /// The phone number.
    #[default]
    Off,
    /// The phone number and the business-scoped user id.
    Both,
    /// The business-scoped user id.
    Only,
}

/// Switches of Z-API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ZapiSettings {
    /// The phone is linked; otherwise messages wait, and appear after it is linked again.
    pub connected: bool,
    /// The instance is paid for.
    pub subscribed: bool,
    /// Every call is refused as one from this address.
    pub blocked_ip: Option<String>,
    /// Unknown paths are answered with 200, as some tenants observe.
    pub not_found_with_200: bool,
}

impl Default for ZapiSettings {
    fn default() -> Self {
        Self {
            connected: true,
            subscribed: true,
            blocked_ip: None,
            not_found_with_200: false,
        }
    }
}

/// Switches of `ZapperHUB` v2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ZapperhubSettings {
    /// The device's connection.
    pub connection: Connection,
    /// Where a success carries the id.
    pub response_shape: ResponseShape,
    /// Unknown keys are dropped and not refused.
    pub strip_unknown_keys: bool,
    /// How webhooks write a message's time.
    pub message_timestamp: MessageTimestamp,
    /// The legacy webhook gets no `messages.update`, which the vendor leaves open.
    pub legacy_without_updates: bool,
}

/// How `ZapperHUB` writes a message's time, which differs between libraries (observed).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageTimestamp {
    /// Seconds since 1970.
    #[default]
    Number,
    /// `{"low":…,"high":…,"unsigned":true}`
    Long,
}

/// How a `ZapperHUB` device is connected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    /// Connected.
    #[default]
    Open,
    /// Paired, not connected.
    Close,
    /// Not paired: the status carries a QR code.
    Unpaired,
}

/// The body of `ZapperHUB`'s success, which the vendor does not publish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseShape {
    /// `{"key":{"id":…}}`
    #[default]
    KeyObject,
    /// `{"key":"…"}`
    KeyString,
    /// `{"id":"…"}`
    Id,
    /// `{"messageId":"…"}`
    MessageId,
    /// `{"jobId":"…"}`, the id of a job and not of the message
    Job,
    /// No body.
    Empty,
}

/// Switches of wuzapi.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct WuzapiSettings {
    /// The session with WhatsApp.
    pub session: Session,
    /// How a success writes its time.
    pub timestamp: TimestampShape,
    /// The format of webhooks (`WEBHOOK_FORMAT`).
    pub webhook_format: WebhookFormat,
}

/// The format of wuzapi's webhooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookFormat {
    /// A form with the event as JSON in `jsonData`.
    #[default]
    Form,
    /// The event as JSON.
    Json,
}

/// The session of a wuzapi user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Session {
    /// Connected and logged in.
    #[default]
    Open,
    /// Never connected.
    None,
    /// Connected, not logged in.
    LoggedOut,
}

/// How wuzapi writes a time, which differs between versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimestampShape {
    /// Seconds since 1970.
    #[default]
    Integer,
    /// RFC 3339 text.
    Rfc3339,
}
