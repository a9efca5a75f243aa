//! `POST /messages/batch`: many messages at once, each with an answer of its own.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};
use recado_core::chatvolt::read_kind;
use recado_core::message::ContentKind;
use serde_json::value::RawValue;

use super::Message;
use super::buttons::example;
use crate::api::body::{BatchBody, check_names, names};
use crate::api::extract::DryRunSwitch;
use crate::api::idempotency;
use crate::api::routes::prelude::*;
use crate::api::timing::AskedTiming;
use crate::costs::estimate::{self, BatchCost, Chargeable};
use crate::send;

/// Conversations whose messages are stored at the same time.
const AT_ONCE: usize = 32;

/// Most bytes of one message.
const MAX_ITEM_BYTES: usize = 64 * 1024;

const ROUTE: &str = "POST /messages/batch";

/// The query, for the documentation; it is read as [`DryRunSwitch`].
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    non_snake_case,
    reason = "describes the request to the OpenAPI document; nothing constructs it"
)]
pub(crate) struct BatchQuery {
    /// With `true`, `1`, `yes` or an empty value, checks the messages and queues none.
    dryRun: Option<bool>,
}

/// The messages to send.
#[derive(ToSchema)]
#[schema(example = json!({"messages": [{"kind": "buttons", "idempotencyKey": "order-4711", "message": example()}]}))]
#[expect(
    dead_code,
    reason = "describes the request to the OpenAPI document; it is read as BatchBody"
)]
pub(crate) struct Batch {
    /// The messages, at most 1,000. Those of one conversation are sent in their order.
    // Not `max_items`: tools make arrays of that length.
    #[schema(min_items = 1)]
    messages: Vec<BatchMessage>,
}

/// One message of a batch.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "describes the request to the OpenAPI document; each message is read by itself"
)]
pub(crate) struct BatchMessage {
    /// The kind of the message, if it has the form of ChatVolt's requests.
    #[schema(value_type = Option<words::MessageKind>)]
    kind: Option<String>,
    /// With a `kind` the body that ChatVolt's route of the kind takes, such as `POST /messages/interactive/send-buttons` for
    /// `buttons`; without one the body of `POST /messages`.
    #[schema(value_type = Object)]
    message: Map<String, Value>,
    /// A text of your own for this message: a message with the same key and the same fields, within 24 hours, is queued
    /// once.
    #[schema(min_length = 1, max_length = 255)]
    idempotency_key: Option<String>,
    /// From when on the message may be sent, at most 30 days ahead: a time with its offset, such as `2026-12-01T09:00:00-03:00`.
    send_at: Option<Timestamp>,
}

/// What became of the messages of a batch.
#[derive(Serialize, ToSchema)]
pub(crate) struct BatchAnswer {
    /// How many messages were taken; with `dryRun=true`, how many would be.
    taken: usize,
    /// How many were refused.
    refused: usize,
    /// An answer for each message, in the order of the request.
    data: Vec<BatchItem>,
    /// With `dryRun=true`, what the messages that would be taken would cost if they were sent now, an entry for each channel.
    /// Channels whose provider says nothing about prices are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    costs: Option<Vec<BatchCost>>,
}

/// What became of one message of a batch.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchItem {
    /// The HTTP status that the message alone would be answered with: 202 if it waits in the queue, 200 if an earlier request
    /// with its key sent it, or with `dryRun=true` if it would be taken.
    status: u16,
    /// Whether the answer is that of an earlier request: one with the same key, or one with the same content whose outcome was
    /// unknown.
    replayed: bool,
    /// The message; absent if it was refused, and with `dryRun=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    message: Option<Message>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<BatchError>,
    /// How the message is charged, with `dryRun=true`.
    #[serde(skip)]
    chargeable: Option<Chargeable>,
}

/// Why a message of a batch was refused.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchError {
    /// What is wrong and what to change, in one sentence.
    error: String,
    /// The stable word for what went wrong.
    #[schema(value_type = words::ErrorReason)]
    reason: Reason,
    /// The provider's number for the error, where it is known.
    code: Option<i64>,
    /// The message that was stored, where there is one.
    #[schema(value_type = Option<String>)]
    message_id: Option<MessageId>,
    /// What is wrong with each field.
    #[schema(value_type = Option<Object>)]
    details: Option<Box<FieldErrors>>,
    /// How many seconds to wait, where a wait helps.
    retry_after: Option<u64>,
}

/// Send many messages
///
/// Each message is checked and queued by itself, and has its answer in the order of the request; the queue sends them. With
/// `dryRun=true` they are checked, and none is queued. To repeat a batch whose answer was lost, give each message an
/// `idempotencyKey`.
#[utoipa::path(post, path = "/messages/batch",
    params(BatchQuery),
    request_body = Batch,
    responses((status = 200, description = "An answer for each message", body = BatchAnswer)))]
pub(crate) async fn send_batch(
    caller: Caller<Sends>,
    DryRunSwitch(sends_nothing): DryRunSwitch,
    body: BatchBody,
) -> LongAnswer {
    // Given back when the batch is answered.
    let _room = body.room;
    let mut conversations: BTreeMap<String, Vec<(usize, Box<RawValue>)>> = BTreeMap::new();
    for (index, item) in body.messages.into_iter().enumerate() {
        let place: Place = serde_json::from_str(item.get()).unwrap_or_default();
        let conversation = place.message.conversation_id;
        let messages = conversations.entry(conversation).or_default();
        messages.push((index, item));
    }
    let known = names::<BatchMessage>();
    let taking = stream::iter(conversations.into_values().map(|messages| {
        let (caller, known) = (&caller, &known);
        async move { take_in_order(caller, messages, known, sends_nothing).await }
    }));
    let mut data: Vec<_> = taking.buffer_unordered(AT_ONCE).concat().await;
    data.sort_by_key(|(index, _)| *index);
    let data: Vec<_> = data.into_iter().map(|(_, item)| item).collect();
    let costs = if sends_nothing {
        let messages = data.iter().filter_map(|item| item.chargeable.clone());
        let costs = estimate::of_batch(&caller.app, &caller.organization_id, messages);
        Some(costs.await?)
    } else {
        None
    };
    let refused = data.iter().filter(|item| item.error.is_some()).count();
    caller.answer(&BatchAnswer {
        taken: data.len() - refused,
        refused,
        data,
        costs,
    })
}

/// Queues the messages of one conversation, one after the other, which is their order in it. If one could not be stored,
/// the rest is refused: queued before its repeat, it would overtake it.
async fn take_in_order(
    caller: &Caller<Sends>,
    messages: Vec<(usize, Box<RawValue>)>,
    known: &[String],
    sends_nothing: bool,
) -> Vec<(usize, BatchItem)> {
    let mut answers = Vec::with_capacity(messages.len());
    let mut is_away = false;
    for (index, item) in messages {
        let taken = if is_away {
            let sentence =
                "An earlier message of this conversation could not be stored; nothing was sent";
            Err(ApiError::new(Reason::Unavailable, sentence))
        } else {
            take(caller, &item, known, sends_nothing).await
        };
        let answer = taken.unwrap_or_else(|error| {
            let is_not_stored = matches!(
                error.reason,
                Reason::Unavailable | Reason::QueueFull | Reason::OutcomeUnknown
            );
            // The message of a repeated answer is stored.
            is_away |= is_not_stored && !error.is_replayed;
            BatchItem::from(error)
        });
        answers.push((index, answer));
    }
    answers
}

/// Where a message goes, as far as that can be read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Place {
    message: PlaceOfMessage,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PlaceOfMessage {
    conversation_id: String,
}

/// Checks one message, and queues it.
async fn take(
    caller: &Caller<Sends>,
    item: &RawValue,
    known: &[String],
    sends_nothing: bool,
) -> Result<BatchItem, ApiError> {
    if item.get().len() > MAX_ITEM_BYTES {
        let sentence = "A message of a batch has at most 64 KiB";
        return Err(ApiError::new(Reason::BodyTooLarge, sentence));
    }
    let Ok(Value::Object(mut item)) = serde_json::from_str(item.get()) else {
        return Err(FieldErrors::root("Expected object").into());
    };
    check_names(&item, known)?;
    let key = of_text(&mut item, "idempotencyKey")?;
    let key = key.map(|key| idempotency::of_item(ROUTE, &key, &item));
    let key = key.transpose()?;
    let send_at = of_text(&mut item, "sendAt")?;
    let kind = of_text(&mut item, "kind")?;
    let kind = kind.map(|kind| kind.parse::<ContentKind>()).transpose();
    let kind = kind.map_err(|_| {
        let words = ContentKind::ALL.map(ContentKind::as_str).join(", ");
        FieldErrors::field("kind", &format!("Is one of: {words}"))
    })?;
    let Some(Value::Object(body)) = item.remove("message") else {
        return Err(FieldErrors::field("message", "Expected object").into());
    };
    let request = match kind {
        Some(kind) => read_kind(kind, body)?,
        None => super::message::read(body)?,
    };
    let (app, organization) = (&caller.app, &caller.organization_id);
    let timing = AskedTiming::of_item(send_at.as_deref())?.timing();
    if sends_nothing {
        let ready = send::check(app, organization, request, timing).await?;
        return Ok(BatchItem {
            chargeable: ready.chargeable(),
            ..BatchItem::new(StatusCode::OK, false, None)
        });
    }
    let sent = super::send_for(caller, request, key, timing).await?;
    let status = super::status_of(&sent.message);
    let message = Some(sent.message.into());
    Ok(BatchItem::new(status, sent.is_replayed, message))
}

/// Takes a text out of an item.
fn of_text(item: &mut Map<String, Value>, name: &str) -> Result<Option<String>, FieldErrors> {
    match item.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(FieldErrors::field(name, "Expected string")),
    }
}

impl BatchItem {
    fn new(status: StatusCode, replayed: bool, message: Option<Message>) -> Self {
        Self {
            status: status.as_u16(),
            replayed,
            message,
            error: None,
            chargeable: None,
        }
    }
}

impl From<ApiError> for BatchItem {
    fn from(error: ApiError) -> Self {
        Self {
            status: error.reason.status().as_u16(),
            replayed: error.is_replayed,
            message: None,
            chargeable: None,
            error: Some(BatchError {
                retry_after: error.seconds_to_wait(),
                error: error.message,
                reason: error.reason,
                code: error.code,
                message_id: error.message_id,
                details: error.details,
            }),
        }
    }
}
