//! What a provider says about an account: it has no id, so a hash of it tells whether it was told before.

use recado_core::ChannelId;
use recado_core::event::{ChannelAlertData, EventData};
use recado_core::inbound::AccountAlert;

use crate::events::append::{EventLog, NewEvent};
use crate::inbound::item::Effect;
use crate::prelude::*;

/// Appends the event of an alert, unless the same was said in the last days.
pub(crate) async fn tell(
    alert: &AccountAlert,
    channel: &ChannelId,
    log: &mut EventLog,
    connection: &mut Connection,
) -> Result<Effect> {
    let noted = Query::new(
        "insert into channel_alerts (organization_id, channel_id, digest, created_at) values ($1, $2, $3, $4) \
         on conflict do nothing",
    )
    .id(log.organization())
    .id(channel)
    .text(&alert.digest)
    .instant(log.at())
    .execute(connection)
    .await?;
    if noted == 0 {
        return Ok(Effect::Duplicate);
    }
    log.append(NewEvent {
        agent: None,
        channel: Some(channel.clone()),
        conversation: None,
        data: EventData::ChannelAlert(ChannelAlertData {
            field: alert.field.clone(),
            severity: alert.severity,
            account: alert.account.clone(),
            detail: alert.detail.clone(),
            code: alert.code,
            value: alert.value.clone(),
        }),
    });
    Ok(Effect::Told)
}
