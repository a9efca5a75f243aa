//! The shapes of a channel in requests and answers.

use std::num::NonZeroU32;

use recado_core::message::MessageError;
use recado_core::{Money, Provider};
use recado_providers::Profile;
use recado_store::BudgetLimit;
use secrecy::{ExposeSecret as _, SecretString};

use crate::api::openapi::accounts;
use crate::api::routes::prelude::*;

/// The channel to create.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
#[schema(example = json!({"provider": "whatsapp", "name": "Main number", "credentials": {"phoneNumberId": "106540352242922", "accessToken": "EAAGExample"}}))]
pub(crate) struct NewChannel {
    /// The provider that carries the messages.
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, required = true)]
    pub(super) provider: TextField,
    /// The name of the channel, for people.
    #[validate(custom(function = "name"))]
    #[schema(value_type = String, required = true, min_length = 1, max_length = 256, pattern = r"\S")]
    pub(super) name: TextField,
    /// The id of the channel, if you want to choose it; unique on the whole server, since webhook URLs carry it.
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<String>, pattern = r"^[A-Za-z0-9._:-]{0,64}$")]
    pub(super) id: TextField,
    /// The agent of conversations that customers begin; without it, the first agent of the organization.
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<String>)]
    pub(super) agent_id: TextField,
    /// How the provider is talked to.
    #[schema(value_type = Option<Object>)]
    pub(super) settings: Value,
    /// The account at the provider.
    #[schema(value_type = Object, required = true)]
    pub(super) credentials: Value,
}

/// The changes of a channel; fields that are left out stay.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
#[schema(example = json!({"name": "Second number"}))]
pub(crate) struct ChannelPatch {
    /// The name of the channel, for people.
    #[validate(custom(function = "not_blank"))]
    #[schema(value_type = Option<String>, max_length = 256)]
    pub(super) name: TextField,
    /// The agent of conversations that customers begin.
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<String>)]
    pub(super) agent_id: TextField,
    /// All settings of the channel, which replace the present ones.
    #[schema(schema_with = accounts::settings)]
    pub(super) settings: Value,
    /// The credentials that change; null removes one that is optional. Tokens, keys and secrets have at least 8 characters.
    #[schema(schema_with = accounts::changes)]
    pub(super) credentials: Value,
    /// The budget for each month; null removes it.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<BudgetForm>)]
    pub(super) budget: Option<Value>,
}

/// The budget to set: an amount or a number of messages.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": "150.00", "stop": true}))]
pub(super) struct BudgetForm {
    /// An amount in the currency of the prices that the operator of this server keeps, as a text such as `150.00`.
    #[schema(value_type = Option<String>)]
    pub(super) amount: Option<Money>,
    /// A number of messages. Those that the provider reports as free do not count.
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 4_294_967_295_u64)]
    pub(super) messages: Option<NonZeroU32>,
    /// Whether messages over the budget are refused; otherwise they are sent, and only the events `channel.budget` tell.
    /// Left out, it stays as it is: at first, they are sent.
    pub(super) stop: Option<bool>,
}

/// How much the messages of a channel may cost in a month.
#[derive(Serialize, ToSchema)]
pub(super) struct Budget {
    /// The amount, a decimal text such as `150.00`; null if the budget is a number of messages.
    #[schema(value_type = Option<String>)]
    amount: Option<Money>,
    /// The currency of the amount.
    currency: Option<String>,
    /// The number of messages; null if the budget is an amount.
    #[schema(value_type = Option<u64>)]
    messages: Option<u32>,
    /// Whether messages over the budget are refused.
    stop: bool,
}

impl From<store::Budget> for Budget {
    fn from(budget: store::Budget) -> Self {
        let (amount, messages) = match budget.limit {
            BudgetLimit::Amount(amount) => (Some(amount), None),
            BudgetLimit::Messages(messages) => (None, Some(messages)),
        };
        Self {
            amount,
            currency: budget.currency,
            messages,
            stop: budget.stop,
        }
    }
}

/// A connected WhatsApp number.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Channel {
    /// The id of the channel.
    #[schema(value_type = String)]
    id: ChannelId,
    /// The provider that carries the messages.
    #[schema(value_type = String)]
    provider: Provider,
    /// The name of the channel, for people.
    name: String,
    /// How the provider is talked to.
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
    /// The names of the credentials that are set. Their values are never shown.
    credentials_set: Vec<String>,
    /// The agent of conversations that customers begin; the first agent of the organization if it is null.
    #[schema(value_type = Option<String>)]
    agent_id: Option<AgentId>,
    /// Whether the provider says that the number is connected; null before it says anything.
    connected: Option<bool>,
    /// Why queued messages of the channel wait; null if they are sent.
    paused: Option<ChannelPause>,
    /// How much its messages may cost in a month; null if that is not limited.
    budget: Option<Budget>,
    /// The URL that the provider calls; null if a secret stands in it and the caller does not have the scope `manage`.
    webhook_url: Option<String>,
    /// The secret that ZapperHUB sends back as a bearer token, or the verify token that Meta asks for unless the credentials have one. Only callers with the scope `manage` see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    webhook_secret: Option<String>,
    /// The time at which it was created.
    created_at: Timestamp,
    /// The time of its last change.
    updated_at: Timestamp,
}

/// A pause of a channel: its queued messages wait.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChannelPause {
    /// Since when.
    since: Timestamp,
    /// Why the channel does not work; null if a request paused it.
    error: Option<MessageError>,
    /// When the provider is asked next whether the channel works again; null if a request has to resume it.
    next_check_at: Option<Timestamp>,
}

impl From<store::ChannelPause> for ChannelPause {
    fn from(pause: store::ChannelPause) -> Self {
        Self {
            since: pause.since.into(),
            error: pause.error,
            next_check_at: pause.check_at.map(Into::into),
        }
    }
}

/// Returns the channel as answers show it.
pub(super) fn shape(
    app: &App,
    channel: store::Channel,
    secrets: Secrets,
) -> Result<Channel, ApiError> {
    let store::ChannelSecrets {
        credentials,
        webhook_secret: secret,
    } = app.store.secrets(&channel)?;
    let provider = channel.provider;
    let is_shown = secrets == Secrets::Shown;
    let profile = Profile::of(provider);
    let shown_url = is_shown || !profile.webhook_secret_in_url;
    let shown_secret = is_shown && profile.webhook_secret_apart;
    Ok(Channel {
        webhook_secret: shown_secret.then(|| secret.expose_secret().to_owned()),
        webhook_url: shown_url.then(|| webhook_url(app, &channel, &secret)),
        id: channel.id,
        provider,
        name: channel.name,
        settings: stated(channel.settings),
        credentials_set: stated(credentials)
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
        agent_id: channel.agent_id,
        connected: channel.connected,
        paused: channel.paused.map(Into::into),
        budget: channel.budget.map(Into::into),
        created_at: channel.created_at.into(),
        updated_at: channel.updated_at.into(),
    })
}

/// Returns the URL at which the provider calls the channel.
pub(crate) fn webhook_url(app: &App, channel: &store::Channel, secret: &SecretString) -> String {
    let base = app.public_url.as_str().trim_end_matches('/');
    let url = format!("{base}/webhooks/{}/{}", channel.provider, channel.id);
    if Profile::of(channel.provider).webhook_secret_in_url {
        format!("{url}/{}", secret.expose_secret())
    } else {
        url
    }
}

/// Returns the fields of an object that say something: as everywhere, null and an empty text are the same as nothing.
pub(super) fn stated(mut fields: Map<String, Value>) -> Map<String, Value> {
    fields.retain(|_, value| !value.is_null() && *value != "");
    fields
}
