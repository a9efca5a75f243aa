//! Which conversations a list has.

use std::fmt::Display;
use std::str::FromStr;

use recado_core::GivenRecipient;
use recado_store::ConversationFilter;
use serde::Deserialize;

use crate::api::error::ApiError;
use crate::api::routes::listing::wrong;

/// Which conversations are wanted.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConversationQuery {
    /// Lists only the conversations with this customer or group: a phone number with country code, a business-scoped
    /// user id, a LID or a group. A phone number is found with and without Brazil's ninth digit and the like.
    recipient: Option<String>,
    /// Lists only the conversations of this agent.
    agent_id: Option<String>,
    /// Lists only the conversations over this channel.
    channel_id: Option<String>,
}

impl ConversationQuery {
    pub(super) fn read(self) -> Result<ConversationFilter, ApiError> {
        Ok(ConversationFilter {
            recipient: parameter::<GivenRecipient>("recipient", self.recipient)?
                .map(|given| given.recipient),
            agent: parameter("agentId", self.agent_id)?,
            channel: parameter("channelId", self.channel_id)?,
        })
    }
}

/// Reads a parameter of the query; an empty one is not given.
fn parameter<T: FromStr<Err: Display>>(
    name: &str,
    text: Option<String>,
) -> Result<Option<T>, ApiError> {
    let given = text.filter(|text| !text.is_empty());
    let read = given.map(|text| text.parse()).transpose();
    read.map_err(|error: T::Err| wrong(name, &error.to_string()))
}
