//! What the organization has already.

use std::collections::HashMap;

use recado_core::{Capabilities, Provider, inbound::phone_variants};
use recado_providers::Profile;
use serde_json::Value;

use crate::{Client, Result};

#[derive(Default)]
pub(super) struct Existing {
    pub(super) agents: HashMap<String, String>,
    pub(super) channels: Vec<Channel>,
    conversations: HashMap<String, Parties>,
    ids: HashMap<Parties, String>,
    /// The ids of the conversations with each recipient over each channel.
    talks: HashMap<(String, String), Vec<String>>,
}

pub(super) struct Channel {
    pub(super) id: String,
    pub(super) provider: Provider,
    pub(super) capabilities: &'static Capabilities,
}

/// Who talks to whom; there is one conversation of each.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Parties {
    pub(super) agent: String,
    pub(super) channel: String,
    pub(super) to: String,
}

impl Existing {
    pub(super) async fn load(client: &Client) -> Result<Self> {
        let mut existing = Self::default();
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let (agents, channels) = (&mut existing.agents, &mut existing.channels);
        let listed = client.each(&["agents"], &[], |agent| {
            agents.insert(text(&agent, "id"), text(&agent, "name"));
        });
        listed.await?;
        let listed = client.each(&["channels"], &[], |channel| {
            // A newer server may know more providers; their channels are skipped.
            let Ok(provider) = text(&channel, "provider").parse::<Provider>() else {
                return;
            };
            channels.push(Channel {
                id: text(&channel, "id"),
                provider,
                capabilities: Profile::of(provider).capabilities(&channel["settings"]),
            });
        });
        listed.await?;
        let listed = client.each(&["conversations"], &[], |conversation| {
            existing.add(text(&conversation, "id"), Parties::of(&conversation));
        });
        listed.await?;
        Ok(existing)
    }

    pub(super) fn add(&mut self, id: String, parties: Parties) {
        let talks = self.talks.entry(parties.number()).or_default();
        talks.push(id.clone());
        self.ids.insert(parties.clone(), id.clone());
        self.conversations.insert(id, parties);
    }

    /// Who talks to whom in that conversation.
    pub(super) fn parties(&self, id: &str) -> Option<&Parties> {
        self.conversations.get(id)
    }

    /// The conversations with the same recipient over the same channel, in each spelling of its number.
    pub(super) fn talks(&self, parties: &Parties) -> impl Iterator<Item = (&String, &Parties)> {
        let spellings = phone_variants(&parties.to).into_iter();
        let ids = spellings.flat_map(|to| {
            let talks = self.talks.get(&(parties.channel.clone(), to));
            talks.into_iter().flatten()
        });
        ids.filter_map(|id| self.conversations.get_key_value(id))
    }

    pub(super) fn conversation(&self, parties: &Parties) -> Option<&str> {
        self.ids.get(parties).map(String::as_str)
    }
}

impl Parties {
    fn number(&self) -> (String, String) {
        (self.channel.clone(), self.to.clone())
    }

    /// Of a conversation as the server shows it.
    pub(super) fn of(conversation: &Value) -> Self {
        let text = |key: &str| conversation[key].as_str().unwrap_or_default().to_owned();
        Self {
            agent: text("agentId"),
            channel: text("channelId"),
            to: text("to"),
        }
    }
}
