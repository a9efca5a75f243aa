//! The checks of a message, before anything of it is stored.

use jiff::Timestamp;
use recado_core::request::SendRequest;
use recado_core::{AgentId, ConversationId, MessageId, OrganizationId, Warning, switch};
use recado_store::{AgentOwner, Channel, NewMessage, SendLimits};

use super::repeats::UNKNOWN_GUARDED;
use super::timing::Timing;
use super::{ReadySend, limits};
use crate::api::error::{ApiError, Reason};
use crate::api::noun::{missing, parsed};
use crate::app::App;
use crate::costs::budget;

/// Meta's code for a message outside the 24-hour window.
const WINDOW_CLOSED: i64 = 131_047;

/// Checks a request in the order of ChatVolt: agent, its owner, conversation, channel, window, limits.
///
/// Errors: the first check that fails; nothing was written and nothing was sent.
pub(crate) async fn check(
    app: &App,
    organization: &OrganizationId,
    request: SendRequest,
    timing: Timing,
) -> Result<ReadySend, ApiError> {
    // A text that is not an id cannot be the id of an agent: the agent is unknown, and the body is valid.
    let agent: Option<AgentId> = request.agent.as_deref().map(parsed).transpose()?;
    // No conversation has a fresh id, so that the 404 comes after the checks of the agent.
    let conversation = request
        .conversation
        .parse()
        .unwrap_or_else(|_| ConversationId::from_uuid(app.uuid()));
    let now = app.clock.now();
    timing.check(now)?;
    let target = app
        .store
        .send_target(
            organization,
            agent.as_ref(),
            &conversation,
            now - UNKNOWN_GUARDED,
        )
        .await?;
    match target.agent {
        // Another organization may have an agent of the same id.
        AgentOwner::Other if agent.is_none() => return Err(missing::<AgentId>()),
        AgentOwner::Missing if target.conversation.is_none() && agent.is_none() => {}
        owner => check_agent(owner)?,
    }
    let conversation = target.conversation.ok_or_else(missing::<ConversationId>)?;
    let stored = conversation.channel.ok_or_else(channel_deleted)?;
    let window = check_window(now, &stored, conversation.window_expires_at, timing)?;
    let pause = check_pause(&stored, timing)?;
    let channel = app.channels().ready(&stored)?;
    let mut warnings = request.check(channel.capabilities(), &conversation.recipient)?;
    warnings.extend(window.into_iter().chain(pause));
    let kind = request.content.kind();
    let rates = app.rates.as_deref();
    let (chargeable, budget) = budget::of_send(rates, &stored, &conversation.recipient, kind)?;
    let limits = limits::of_send(
        &stored,
        channel.capabilities(),
        &conversation.recipient,
        target.messages_per_second,
    );
    let id = MessageId::from_uuid(app.uuid());
    let message = NewMessage {
        // Stored before the call: if the server dies meanwhile, statuses still find the message.
        external_id: channel.preset_message_id(&id),
        id,
        organization_id: organization.clone(),
        conversation_id: conversation.id,
        agent_id: agent.unwrap_or(conversation.agent_id),
        channel_id: stored.id,
        content: request.content,
        warnings,
        limits: SendLimits { budget, ..limits },
        created_at: now,
    };
    Ok(ReadySend {
        channel,
        chargeable,
        is_paused: stored.paused.is_some(),
        recipient: conversation.recipient,
        message,
        follows_unknown: target.has_unknown,
    })
}

fn channel_deleted() -> ApiError {
    ApiError::new(
        Reason::UnsupportedChannel,
        "Unsupported Communication Channel: the conversation's channel was deleted; create it again, or another conversation",
    )
}

/// WhatsApp carries every kind but templates for 24 hours after the customer wrote; if that is not known, it is tried. The customer
/// may write again before a scheduled message is sent, so that a window which is closed by then is a warning.
fn check_window(
    now: Timestamp,
    channel: &Channel,
    expires_at: Option<Timestamp>,
    timing: Timing,
) -> Result<Option<Warning>, ApiError> {
    let at = match timing {
        Timing::Queued(Some(send_at)) => send_at,
        Timing::Now | Timing::Queued(None) => now,
    };
    let closed = is_closed(channel, expires_at, at);
    if closed && at > now {
        return Ok(Some(Warning::new(
            switch::SEND_AT,
            "WhatsApp's 24-hour window is closed by then, unless the customer writes before",
        )));
    }
    if closed {
        return Err(window_closed());
    }
    Ok(None)
}

/// A channel that a request paused sends nothing; one that does not work may work by now. What is queued waits for both.
fn check_pause(channel: &Channel, timing: Timing) -> Result<Option<Warning>, ApiError> {
    let Some(pause) = &channel.paused else {
        return Ok(None);
    };
    match timing {
        Timing::Now if pause.error.is_none() => {
            let sentence = format!(
                "The channel {} was paused at {}; nothing was sent; resume it, or have the message queued with Prefer: respond-async",
                channel.id, pause.since
            );
            Err(ApiError::new(Reason::ChannelPaused, sentence))
        }
        Timing::Now => Ok(None),
        Timing::Queued(_) => Ok(Some(Warning::new(
            "conversationId",
            "the channel of the conversation is paused: the message waits until it is resumed, and is rejected if that is too late",
        ))),
    }
}

/// Whether it is known that WhatsApp carries nothing but templates to the customer at an instant.
pub(crate) fn is_closed(channel: &Channel, expires_at: Option<Timestamp>, at: Timestamp) -> bool {
    channel.provider.has_service_window() && expires_at.is_some_and(|expires_at| at >= expires_at)
}

pub(crate) fn window_closed() -> ApiError {
    ApiError {
        code: Some(WINDOW_CLOSED),
        ..ApiError::new(
            Reason::WindowClosed,
            "(#131047) Re-engagement message: more than 24 hours have passed since the customer last wrote; nothing was sent; the customer has to write first",
        )
    }
}

fn check_agent(owner: AgentOwner) -> Result<(), ApiError> {
    match owner {
        AgentOwner::Caller => Ok(()),
        AgentOwner::Other => Err(ApiError::new(
            Reason::ForeignAgent,
            "UNAUTHORIZED: the agent does not belong to your organization",
        )),
        AgentOwner::Missing => Err(missing::<AgentId>()),
    }
}
