//! The channels that the items of a webhook call name.

use std::collections::{BTreeSet, HashMap};

use recado_core::event::{ChannelConnectionData, EventData};
use recado_core::inbound::ConnectionUpdate;
use recado_core::message::MessageError;
use recado_core::{AgentId, ChannelId, Provider};
use serde_json::json;

use crate::events::append::{EventLog, NewEvent};
use crate::inbound::item::Effect;
use crate::prelude::*;
use crate::resources::channel_pauses;

pub(crate) struct KnownChannel {
    pub(crate) id: ChannelId,
    pub(crate) provider: Provider,
    /// The agent of conversations that customers begin: the channel's, or else the oldest one of the organization.
    pub(crate) agent: Option<AgentId>,
    connected: Option<bool>,
}

/// The channels of the organization that the items of one transaction name.
pub(crate) struct KnownChannels(HashMap<ChannelId, KnownChannel>);

static LOOK_UP: OverList = OverList::new(
    "select c.id, c.provider, c.connected, coalesce((select a.id from agents a \
     where a.organization_id = $1 and a.id = c.default_agent_id), (select a.id from agents a \
     where a.organization_id = $1 order by a.created_at, a.id limit 1)) as agent \
     from (select {owner} as organization, value ->> 'channel' as channel from {list}) n \
     cross join channels c where c.organization_id = n.organization and c.id = n.channel",
);

impl KnownChannels {
    pub(crate) async fn load(
        named: BTreeSet<&str>,
        log: &EventLog,
        connection: &mut Connection,
    ) -> Result<Self> {
        if named.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        let named: Vec<_> = named.iter().map(|id| json!({ "channel": id })).collect();
        let rows = log.over(&LOOK_UP, &named).fetch_all(connection).await?;
        let mut channels = HashMap::with_capacity(rows.len());
        for row in &rows {
            let columns = Columns::new(row, "channels", "id");
            let id: ChannelId = columns.get("id")?;
            let channel = KnownChannel {
                id: id.clone(),
                provider: columns.get("provider")?,
                agent: columns.get("agent")?,
                connected: columns.get("connected")?,
            };
            channels.insert(id, channel);
        }
        Ok(Self(channels))
    }

    pub(crate) fn get_mut(&mut self, id: &ChannelId) -> Option<&mut KnownChannel> {
        self.0.get_mut(id)
    }
}

/// The reason of a number that is not connected, as sends tell it.
const CHANNEL_DISCONNECTED: &str = "channel_disconnected";

/// What is told if the provider gives no reason.
const DISCONNECTED: &str = "the number is not connected to WhatsApp";

/// Stores whether the number is connected, and appends an event if that has changed. The queued messages of one that is
/// not connected wait.
pub(crate) async fn connect(
    update: &ConnectionUpdate,
    channel: &mut KnownChannel,
    log: &mut EventLog,
    connection: &mut Connection,
) -> Result<Effect> {
    let (organization, id, at) = (log.organization().clone(), channel.id.clone(), log.at());
    // Also if it is known: a send may have found out otherwise meanwhile.
    if update.connected {
        let check = channel_pauses::check_now(&organization, &id, at);
        check.run(&mut *connection).await?;
    }
    if channel.connected == Some(update.connected) {
        return Ok(Effect::Duplicate);
    }
    Query::new("update channels set connected = $3 where organization_id = $1 and id = $2")
        .id(log.organization())
        .id(&channel.id)
        .bind(i64::from(update.connected))
        .execute(connection)
        .await?;
    channel.connected = Some(update.connected);
    let data = ChannelConnectionData {
        detail: update.detail.clone(),
    };
    log.append(NewEvent {
        agent: None,
        channel: Some(channel.id.clone()),
        conversation: None,
        data: if update.connected {
            EventData::ChannelConnected(data)
        } else {
            EventData::ChannelDisconnected(data)
        },
    });
    if !update.connected {
        let sentence = update.detail.as_deref().unwrap_or(DISCONNECTED);
        let error = MessageError::new(CHANNEL_DISCONNECTED, sentence);
        let pause = channel_pauses::failing(&organization, &id, &error, at);
        pause.make(log, connection).await?;
    }
    Ok(Effect::Told)
}
