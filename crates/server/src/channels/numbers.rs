//! An organization connects each number once.

use recado_core::{ChannelId, OrganizationId};
use recado_store::StoreError;
use secrecy::SecretString;

use crate::api::error::{ApiError, Reason};
use crate::app::App;

/// Returns the answer to an error of storing a channel; it names the channel that connects the number already.
pub(crate) async fn refusal(
    app: &App,
    organization: &OrganizationId,
    id: &ChannelId,
    number: &SecretString,
    error: StoreError,
) -> ApiError {
    if !matches!(error, StoreError::Conflict) {
        return error.into();
    }
    match app.store.channel_of_number(organization, number).await {
        Ok(Some(first)) if first.id != *id => ApiError::new(
            Reason::AlreadyExists,
            format!(
                "This number is connected already by the channel {}: use that one, or delete it first",
                first.id
            ),
        ),
        _ => error.into(),
    }
}

/// Stores the numbers of the channels that have none: they are older than that, or the master key was changed.
///
/// If two of them connect the same number, both go on, the older one has the number, and the log names them.
pub(crate) async fn fill(app: &App) -> Result<(), StoreError> {
    for channel in app.store.channels_without_number().await? {
        let number = match app.channels().number(&channel) {
            Ok(number) => number,
            Err(error) => {
                tracing::warn!(channel_id = %channel.id, %error, "cannot tell which number a channel connects");
                continue;
            }
        };
        match app.store.set_number(&channel, &number).await {
            Err(StoreError::Conflict) => {
                let organization = &channel.organization_id;
                let first = app.store.channel_of_number(organization, &number).await?;
                tracing::warn!(
                    channel_id = %channel.id,
                    first = first.map(|first| first.id.to_string()),
                    "two channels connect the same number: delete one of them"
                );
            }
            stored => stored?,
        }
    }
    Ok(())
}
