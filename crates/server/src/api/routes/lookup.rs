//! What a request names, as it is stored: each answers the 404 of its noun if the organization has no such thing.

use recado_core::{AgentId, ChannelId, ConversationId, OrganizationId, UserId};
use recado_store::{self as store, WebhookEndpointId};

use crate::api::error::ApiError;
use crate::api::noun::found;
use crate::app::App;

macro_rules! lookups {
    ($($name:ident($id:ty) -> $noun:ty;)+) => {$(
        pub(super) async fn $name(
            app: &App,
            organization: &OrganizationId,
            id: &$id,
        ) -> Result<$noun, ApiError> {
            found(app.store.get::<$noun>(organization, id).await?)
        }
    )+};
}

lookups! {
    agent(AgentId) -> store::Agent;
    channel(ChannelId) -> store::Channel;
    conversation(ConversationId) -> store::Conversation;
    user(UserId) -> store::User;
    webhook_endpoint(WebhookEndpointId) -> store::WebhookEndpoint;
}
