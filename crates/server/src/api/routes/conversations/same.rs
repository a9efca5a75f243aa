//! Other conversations of the same agent, channel and number.

use recado_core::RecipientKind;
use recado_core::inbound::phone_variants;
use recado_store as store;

use crate::api::error::{ApiError, Reason};
use crate::app::App;

/// Returns a warning if the agent has a conversation over this channel with another spelling of the same number, such as
/// without Brazil's ninth digit.
pub(super) async fn spelled_otherwise(
    app: &App,
    new: &store::Conversation,
) -> Result<Option<String>, ApiError> {
    if new.recipient.kind() != RecipientKind::Phone {
        return Ok(None);
    }
    let spellings = phone_variants(new.recipient.as_str());
    let Some(Ok(other)) = spellings.get(1).map(|spelling| spelling.parse()) else {
        return Ok(None);
    };
    let same =
        app.store
            .find_conversation(&new.organization_id, &new.agent_id, &new.channel_id, &other);
    Ok(same.await?.map(|same| {
        format!(
            "Is another spelling of the number of conversation {} of the same agent and channel; use one of the two",
            same.id
        )
    }))
}

/// Says which conversation is there already: the one of that id, or the same one under another id.
pub(super) async fn taken(app: &App, new: &store::Conversation) -> Result<ApiError, ApiError> {
    let same = app
        .store
        .find_conversation(
            &new.organization_id,
            &new.agent_id,
            &new.channel_id,
            &new.recipient,
        )
        .await?;
    let message = same.map_or_else(
        || "Already exists: another conversation has this id; choose another one".to_owned(),
        |same| format!("Already exists: this agent talks to this recipient over this channel in conversation {}; use that one", same.id),
    );
    Ok(ApiError::new(Reason::AlreadyExists, message))
}
