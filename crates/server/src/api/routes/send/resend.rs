//! `POST /messages/{id}/resend`: a person decides what became of a message.

use super::{Asked, PreferParameter, SendAnswer, SendFailures, SendQuery, Sent, answer};
use crate::api::routes::prelude::*;
use crate::send;

/// How a message is sent again.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"acceptDuplicate": true}))]
pub(crate) struct Resend {
    /// Has a message sent again that may have arrived: its outcome is `unknown`, or the provider accepted it. The customer
    /// may get it twice.
    #[serde(default)]
    accept_duplicate: bool,
}

failures!(ResendFailures: &[Reason::DuplicatePossible, Reason::MessageUnderWay]);

/// Send a message again
///
/// Sends what a message of yours says as a new message in the same conversation. A message that surely did not arrive
/// (`rejected`, or `failed` and not canceled) is sent; one that may have arrived needs `acceptDuplicate`.
#[utoipa::path(post, path = "/messages/{id}/resend",
    params(SendQuery, PreferParameter, KeyParameter),
    request_body = Resend,
    responses(
        (status = 200, description = "The provider took the new message; with `dryRun=true`, what would be sent", body = SendAnswer),
        (status = 202, description = "The new message waits in the queue", body = Sent,
            headers(("Location" = String, description = "Where the message is shown"))),
        SendFailures,
        ResendFailures,
    ))]
pub(crate) async fn resend_message(
    caller: Caller<Sends>,
    Id(id): Id<MessageId>,
    asked: Asked,
    Body(body): Body<Resend>,
) -> LongAnswer {
    let (app, organization) = (&caller.app, &caller.organization_id);
    let request = send::again(app, organization, &id, body.accept_duplicate).await?;
    answer(caller, asked, request).await
}
