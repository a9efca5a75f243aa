//! `POST /conversation/message/{type}/{value}`: a plain text, as ChatVolt's clients send it.

use std::str::FromStr as _;

use recado_core::request::{self, SendRequest};
use recado_core::{GivenRecipient, Provider, RecipientKind, SendText};
use recado_providers::Profile;
use recado_store::{ConversationFilter, Page};

use super::{Asked, PreferParameter, SendAnswer, SendFailures, SendQuery, Sent, answer};
use crate::api::body::SendBody;
use crate::api::routes::prelude::*;

/// Most conversations of one agent with one person that are looked at: one for each channel.
const MAX_CONVERSATIONS: u32 = 100;

/// How a path names the conversation.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum AddressType {
    /// The id of the conversation.
    ConversationId,
    /// The phone number of the contact, with country code.
    Phone,
    /// The e-mail address of the contact, which no channel of Recado knows.
    Email,
}

/// The text to send.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the request to the OpenAPI document; nothing constructs it"
)]
#[expect(non_snake_case, reason = "ChatVolt's names")]
#[schema(example = json!({"message": "Your order has left our shop."}))]
pub(crate) struct SendTextBody {
    /// The text, up to 4096 characters.
    message: String,
    /// The id of the agent that sends the message. Without one, that of the conversation sends it; with `phone` it is required.
    agentId: Option<String>,
    /// With `phone`, the provider over which the message goes, in ChatVolt's word: `whatsapp`, `zapi` or `zapper`.
    channel: Option<String>,
    /// Whether the phone shows a preview of the first link, where the provider leaves that to the sender.
    linkPreview: Option<bool>,
}

/// Send a text
///
/// `type` says what `value` is: with `conversationId` the id of a conversation, with `phone` the number of a contact, whose
/// newest conversation with the agent over a channel of the provider `channel` is used. Contacts have no `email` here.
/// ChatVolt's `attachments` are refused. An example:
///
/// ```json
/// {"message": "Your order has left our shop."}
/// ```
///
/// A form with the same fields (`application/x-www-form-urlencoded`) is read as well.
#[utoipa::path(post, path = "/conversation/message/{type}/{value}",
    params(
        ("type" = AddressType, Path, description = "What `value` is"),
        ("value" = String, Path, description = "The id of the conversation, or the phone number of the contact"),
        SendQuery, PreferParameter, KeyParameter),
    request_body = SendTextBody,
    responses(
        (status = 200, description = "The provider took the message; with `dryRun=true`, what would be sent", body = SendAnswer),
        (status = 202, description = "The message waits in the queue", body = Sent,
            headers(("Location" = String, description = "Where the message is shown"))),
        SendFailures,
        TextFailures,
    ))]
pub(crate) async fn send_conversation_message(
    caller: Caller<Sends>,
    Path((address, value)): Path<(AddressType, String)>,
    asked: Asked,
    SendBody(mut body): SendBody,
) -> LongAnswer {
    let channel = body.get("channel").and_then(Value::as_str);
    let channel = channel.map(str::to_owned);
    let other = body.insert("conversationId".to_owned(), value.clone().into());
    let is_other = |other: &Value| {
        other
            .as_str()
            .is_some_and(|other| !other.is_empty() && other != value)
    };
    if matches!(address, AddressType::ConversationId) && other.as_ref().is_some_and(is_other) {
        let sentence = "Is another conversation than that of the path; leave it out";
        return Err(FieldErrors::field("conversationId", sentence).into());
    }
    let mut request = request::read::<SendText>(body)?;
    match address {
        AddressType::ConversationId => {}
        AddressType::Phone => {
            let newest = newest(&caller, &request, channel.as_deref(), &value).await?;
            // No conversation has an empty id: the 404 comes after the checks of the agent.
            request.conversation = newest.map(String::from).unwrap_or_default();
        }
        AddressType::Email => return Err(unsupported("contacts have no e-mail address")),
    }
    let answered = answer(caller, asked, request).await;
    answered.map_err(as_chatvolt)
}

failures!(TextFailures: &[Reason::MetaSessionExpired]);

/// Returns the newest conversation of the agent with a phone number over a channel of the provider, if there is one.
async fn newest(
    caller: &Caller<Sends>,
    request: &SendRequest,
    channel: Option<&str>,
    phone: &str,
) -> Result<Option<ConversationId>, ApiError> {
    let (Some(agent), Some(channel)) = (&request.agent, channel) else {
        let asked = [
            ("agentId", request.agent.is_none()),
            ("channel", channel.is_none()),
        ];
        let missing = asked.into_iter().filter(|(_, is_missing)| *is_missing);
        let sentence = vec!["Required with a phone number".to_owned()];
        return Err(ApiError::from(FieldErrors {
            fields: missing
                .map(|(name, _)| (name.to_owned(), sentence.clone()))
                .collect(),
            ..FieldErrors::default()
        }));
    };
    let provider = Provider::ALL.into_iter().find(|provider| {
        let words = Profile::of(*provider).chatvolt_words;
        words.contains(&channel)
    });
    let provider = provider.ok_or_else(|| unsupported("write whatsapp, zapi or zapper"))?;
    let to = GivenRecipient::from_str(phone).map(|given| given.recipient);
    let to = to.ok().filter(|to| to.kind() == RecipientKind::Phone);
    let Some(to) = to else {
        return Ok(None);
    };
    let filter = ConversationFilter {
        recipient: Some(to),
        agent: Some(parsed(agent)?),
        channel: None,
    };
    let page = Page {
        after: None,
        limit: MAX_CONVERSATIONS,
    };
    let store = &caller.app.store;
    let listed = store.list_conversations(&caller.organization_id, &filter, &page);
    let mut newest = None;
    for conversation in listed.await?.data {
        let channel =
            store.get::<store::Channel>(&caller.organization_id, &conversation.channel_id);
        if channel
            .await?
            .is_some_and(|channel| channel.provider == provider)
        {
            newest = Some(conversation.id);
        }
    }
    Ok(newest)
}

/// The refusal of a way to a customer that Recado does not have, which begins with ChatVolt's words.
fn unsupported(advice: &str) -> ApiError {
    let sentence = format!("Unsupported Communication Channel: {advice}");
    ApiError::new(Reason::UnsupportedChannel, sentence)
}

/// Says that a window is closed in ChatVolt's word, with its status: clients compare the whole error.
fn as_chatvolt(error: ApiError) -> ApiError {
    if error.reason != Reason::WindowClosed {
        return error;
    }
    ApiError {
        reason: Reason::MetaSessionExpired,
        message: "ERR_META_SESSION_EXPIRED_24H".to_owned(),
        ..error
    }
}
