//! Contacts: the people whom an organization talks to.

use std::str::FromStr as _;
use std::time::{Duration, Instant};

use recado_core::{GivenRecipient, Phone, RecipientKind};
use recado_store::{AfterStep, Erased, Erasure};
use tokio::sync::watch;

use super::prelude::*;

/// Longest that a caller waits; the erasure goes on afterwards.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// Longest wait for the outcome of a message to the contact, or for a call from before the erasure to be applied; no message
/// is `sending` for longer.
const WAIT_TIMEOUT: Duration = Duration::from_mins(1);

/// How soon to ask again while another contact is erased, which takes seconds or minutes.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);

/// How often an erasure looks for the outcome or the call that it waits for.
const WAIT_POLL_INTERVAL: Duration = Duration::from_millis(100);

failures!(EraseFailures: &[Reason::RateLimited]);

/// The contact to erase.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[schema(example = json!({"address": "+55 11 90000-0002"}))]
pub(crate) struct ContactToErase {
    /// An address of the contact: a phone number with country code, a business-scoped user id or a LID. Conversations that
    /// share another address with one that has this address belong to the same contact.
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, required = true)]
    address: TextField,
}

/// Result of the erasure of a contact.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "address": "5511900000002", "phone": {"country": "BR", "formatted": "+55 11 90000-0002"},
    "complete": true, "conversations": 1, "messages": 12, "events": 30, "webhookCalls": 24
}))]
pub(crate) struct ErasedContact {
    /// The address in its canonical form.
    address: String,
    /// How the phone number was read; null if the address is not a phone number.
    phone: Option<Phone>,
    /// Whether everything is erased. If not, repeat the request: it is answered with `rate_limited` while the erasure goes
    /// on, and otherwise completes it.
    complete: bool,
    /// The number of conversations that were removed; 0 if no contact has the address, or if its conversations are erased
    /// already.
    conversations: u64,
    /// The number of messages that were removed, and of taps in groups that no longer tell who tapped.
    messages: u64,
    /// The number of events that were removed, or no longer tell of the contact.
    events: u64,
    /// The number of stored calls of providers that were removed because they name the contact.
    webhook_calls: u64,
}

/// Erase a contact
///
/// Removes everything that tells of one person, for good: conversations with their messages, events and deliveries, also
/// deliveries that wait, and stored calls of providers that name the person. In groups, taps stay without the person who tapped.
/// Addresses from before a number change are erased, too, if the provider told of the change and its event is still stored;
/// the address has to be one that the person has now.
/// Open event streams of the organization on the server that answers end; another server may still send events of about the last
/// 45 seconds to readers that are behind. What the person writes later comes from a new contact.
/// An organization erases one contact at a time on one server.
/// What was delivered to webhook endpoints before, and backups of the server, are not changed.
#[utoipa::path(post, path = "/contacts/erase",
    request_body = ContactToErase,
    responses((status = 200, description = "What was erased", body = ErasedContact), EraseFailures))]
pub(crate) async fn erase_contact(
    caller: Caller<Manages>,
    Body(contact): Body<ContactToErase>,
) -> Answer<ErasedContact> {
    let given = text(contact.address);
    let wrong = |message: &str| FieldErrors::field("address", message);
    let address = GivenRecipient::from_str(&given).map_err(|error| wrong(&error.to_string()))?;
    let address = address.recipient;
    if address.kind() == RecipientKind::Group {
        return Err(wrong("Is a group; give the address of one person").into());
    }
    let erasure =
        (caller.app.store).erase_contact(&caller.organization_id, &address, &caller.author);
    let erasure = erasure.ok_or_else(|| ApiError {
        retry_after: Some(RETRY_INTERVAL),
        ..ApiError::new(
            Reason::RateLimited,
            "A contact of the organization is being erased; wait until that has ended",
        )
    })?;
    let (progress, seen) = watch::channel(Erased::default());
    // It goes on when the caller hangs up.
    let erasing = run(
        Arc::clone(&caller.app),
        caller.organization_id,
        erasure,
        progress,
    );
    let erasing = tokio::spawn(caller.app.erasures.track_future(erasing));
    let complete = match tokio::time::timeout(ANSWER_TIMEOUT, erasing).await {
        Ok(Ok(ended)) => ended?,
        Ok(Err(error)) => return Err(ApiError::internal(error.to_string())),
        Err(_) => false,
    };
    let erased = *seen.borrow();
    Ok(Json(ErasedContact {
        phone: address.phone(),
        address: address.to_string(),
        complete,
        conversations: erased.conversations,
        messages: erased.messages,
        events: erased.events,
        webhook_calls: erased.webhook_calls,
    }))
}

/// Erases, says in the log how that ended, and returns whether everything is erased.
async fn run(
    app: Arc<App>,
    organization: OrganizationId,
    erasure: Erasure,
    progress: watch::Sender<Erased>,
) -> Result<bool, StoreError> {
    let ended = erase_all(&app, erasure, progress).await;
    match &ended {
        Ok(true) => {
            // They keep the newest events in memory.
            app.streams.close(&organization);
            tracing::info!(organization.id = %organization, "a contact is erased");
        }
        Ok(false) => {
            tracing::warn!(organization.id = %organization, "the erasure of a contact was given up: a message to it is being sent, a webhook call that names it is not applied, or the server ends");
        }
        Err(error) => {
            tracing::error!(organization.id = %organization, %error, "the erasure of a contact failed");
        }
    }
    ended
}

/// Erases until everything is erased, and returns whether it is.
async fn erase_all(
    app: &App,
    mut erasure: Erasure,
    progress: watch::Sender<Erased>,
) -> Result<bool, StoreError> {
    let mut waiting_since = None;
    while !app.stopping.is_cancelled() {
        let begun = Instant::now();
        let after = erasure.step().await?;
        progress.send_replace(erasure.erased());
        let pause = match after {
            AfterStep::Done => return Ok(true),
            // Sends have the database for at least half of the time.
            AfterStep::More => {
                waiting_since = None;
                begun.elapsed()
            }
            AfterStep::Waits => {
                let since = *waiting_since.get_or_insert(begun);
                if since.elapsed() > WAIT_TIMEOUT {
                    return Ok(false);
                }
                WAIT_POLL_INTERVAL
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = app.stopping.cancelled() => {}
        }
    }
    Ok(false)
}
