//! What a request names, as it is stored: each answers the 404 of its noun if the organization has no such thing.

use recado_core::{AgentId, ChannelId, ConversationId, OrganizationId, UserId};
use recado_store::{self as store, WebhookEndpointId};

use crate::api::error::ApiError;
use crate::api::noun::found;
use crate::app::App;

macro_rules! lookups {
    ($($name:ident = $get:ident($id:ty) -> $noun:ty;)+) => {$(
        pub(super) async fn $name(
            app: &App,
            organization: &OrganizationId,
            id: &$id,
        ) -> Result<$noun, ApiError> {
            found(app.store.$get(organization, id).await?)
        }
    )+};
}

lookups! {
    agent = get_agent(AgentId) -> store::Agent;
    channel = get_channel(ChannelId) -> store::Channel;
    conversation = get_conversation(ConversationId) -> store::Conversation;
    user = get_user(UserId) -> store::User;
    webhook_endpoint = get_webhook_endpoint(WebhookEndpointId) -> store::WebhookEndpoint;
}
