//! Checks every row before anything is created.

use std::collections::HashMap;

use recado_core::fields::{self, TextField};
use recado_core::{AgentId, ConversationId};
use serde_json::json;

use super::channels::{Choice, Choices};
use super::checked::{Checked, Kind, Verdict};
use super::existing::{Existing, Parties};
use super::parsing::{Place, Row, Said, SaidConversation};
use super::recipient::{To, to};
use crate::failure::Failure;

/// What is to be done, in the order of the rows, agents first.
pub(super) struct Plan {
    pub(super) agents: Vec<Checked>,
    pub(super) conversations: Vec<Checked>,
}

impl Plan {
    pub(super) fn new(
        rows: Vec<Row>,
        existing: &Existing,
        choices: &[Choice],
        agent: Option<&AgentId>,
    ) -> Result<Self, Failure> {
        let mut checker = Checker {
            existing,
            choices: Choices::new(choices, existing, &rows)?,
            agent,
            named: HashMap::new(),
            read: HashMap::new(),
            parties: HashMap::new(),
            planned: Existing::default(),
        };
        // The agent of a conversation may stand further down, or in the next file.
        let mut agents: Vec<_> = rows.iter().filter_map(|row| checker.agent(row)).collect();
        agents.extend(rows.iter().filter_map(|row| checker.nameless_agent(row)));
        checker.check_agent()?;
        let conversations = rows.into_iter().filter_map(|row| checker.conversation(row));
        Ok(Self {
            conversations: conversations.collect(),
            agents,
        })
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Checked> {
        self.agents.iter().chain(&self.conversations)
    }

    pub(super) fn has_errors(&self) -> bool {
        self.rows()
            .any(|row| matches!(row.verdict, Verdict::Wrong(_)))
    }
}

struct Checker<'a> {
    existing: &'a Existing,
    choices: Choices<'a>,
    agent: Option<&'a AgentId>,
    /// The agents with a name, and where each has it.
    named: HashMap<String, (String, Place)>,
    /// The conversations that were read, and where.
    read: HashMap<String, (Parties, Place)>,
    parties: HashMap<Parties, (String, Place)>,
    /// The conversations that are to be created.
    planned: Existing,
}

impl Checker<'_> {
    /// Checks that the agent of conversations without one exists, or is named in the rows.
    fn check_agent(&self) -> Result<(), Failure> {
        match self.agent.map(AgentId::as_str) {
            Some(id) if !self.is_known(id) => Err(Failure::Usage(format!(
                "agent {id} does not exist, and has no name in the files; see `recado agent list`"
            ))),
            _ => Ok(()),
        }
    }

    fn is_known(&self, agent: &str) -> bool {
        self.existing.agents.contains_key(agent) || self.named.contains_key(agent)
    }

    /// The agent of a row that gives it a name, unless an earlier one has given the same.
    fn agent(&mut self, row: &Row) -> Option<Checked> {
        let said = row.said.as_ref().ok()?;
        let (id, name) = (said.agent_id.clone()?, said.agent_name.as_ref()?);
        let verdict = match self.named.get(&id) {
            Some((first, _)) if name == first => return None,
            Some((_, place)) => Verdict::Wrong(format!(
                "the agent has another name in {place}: write one name everywhere"
            )),
            None => {
                self.named
                    .insert(id.clone(), (name.clone(), row.place.clone()));
                self.new_agent(&id, name)
            }
        };
        Some(Checked::agent(row, id, verdict))
    }

    /// The agent of a row that has nothing but its id; another row may name it.
    fn nameless_agent(&self, row: &Row) -> Option<Checked> {
        let said = row.said.as_ref().ok()?;
        let id = said.agent_id.clone()?;
        if said.agent_name.is_some() || said.conversation.is_some() || self.named.contains_key(&id)
        {
            return None;
        }
        let verdict = if self.existing.agents.contains_key(&id) {
            Verdict::Present
        } else {
            Verdict::Wrong("the agent has no name: give it one".to_owned())
        };
        Some(Checked::agent(row, id, verdict))
    }

    fn new_agent(&self, id: &str, name: &str) -> Verdict {
        if let Err(error) = id.parse::<AgentId>() {
            return Verdict::Wrong(format!("agentId: {error}"));
        }
        if let Err(fault) = fields::name(&TextField::from(name)) {
            return Verdict::Wrong(format!("the agent's name: {fault}"));
        }
        match self.existing.agents.get(id) {
            Some(known) if known == name => Verdict::Present,
            Some(known) => Verdict::Wrong(format!(
                "the agent exists with the name {known:?}: write that name, or leave it out"
            )),
            None => Verdict::Create(json!({"id": id, "name": name})),
        }
    }

    /// The conversation of a row, or what is wrong with a row that says nothing.
    fn conversation(&mut self, row: Row) -> Option<Checked> {
        let (place, mut id) = (row.place, String::new());
        let (mut warning, mut shared, mut notice) = (None, None, None);
        let mut kind = Kind::Conversation;
        let verdict = match row.said {
            Err(problem) => {
                kind = Kind::Row;
                Verdict::Wrong(problem)
            }
            Ok(said) => {
                let conversation = said.conversation.as_ref()?;
                id.clone_from(&conversation.id);
                let verdict = self.parts(&said, conversation);
                let verdict = verdict.map(|(parties, to)| {
                    warning = to.warning;
                    let verdict = self.new_conversation(&id, &place, &parties, &to.given);
                    if matches!(verdict, Verdict::Create(_)) {
                        shared = self.shared(&parties);
                        notice = self.spelled_otherwise(&parties);
                        self.planned.add(id.clone(), parties);
                    }
                    verdict
                });
                verdict.unwrap_or_else(|verdict| verdict)
            }
        };
        Some(Checked {
            place,
            kind,
            id,
            warning,
            shared,
            notice,
            verdict,
        })
    }

    /// Says which other agent talks to the same phone.
    fn shared(&self, parties: &Parties) -> Option<String> {
        let (id, other) = self
            .talks(parties)
            .find(|(_, other)| other.agent != parties.agent)?;
        Some(format!(
            "agent {} talks to this phone over this channel as well, in conversation {id}: what the customer writes comes to one of the two",
            other.agent
        ))
    }

    /// Says which conversation of the same agent has another spelling of the number, in the words of the server.
    fn spelled_otherwise(&self, parties: &Parties) -> Option<String> {
        let (id, _) = self
            .talks(parties)
            .find(|(_, other)| other.agent == parties.agent)?;
        Some(format!(
            "Is another spelling of the number of conversation {id} of the same agent and channel; use one of the two"
        ))
    }

    fn talks(&self, parties: &Parties) -> impl Iterator<Item = (&String, &Parties)> {
        let all = [self.existing, &self.planned].into_iter();
        all.flat_map(|all| all.talks(parties))
    }

    /// Who talks to whom, with everything that is wrong about it.
    fn parts(
        &self,
        said: &Said,
        conversation: &SaidConversation,
    ) -> Result<(Parties, To), Verdict> {
        let channel = match self.choices.channel_of(conversation) {
            Err(left_out @ Verdict::LeftOut(_)) => return Err(left_out),
            channel => channel,
        };
        let id = conversation.id.parse::<ConversationId>();
        let id = id.map_err(|error| format!("conversationId: {error}"));
        let agent = self.agent_of(said);
        let to = match to(conversation, channel.as_ref().ok().copied()) {
            Err(left_out @ Verdict::LeftOut(_)) => return Err(left_out),
            to => to,
        };
        match (id, agent, channel, to) {
            (Ok(_), Ok(agent), Ok(channel), Ok(to)) => {
                let parties = Parties {
                    agent,
                    channel: channel.id.clone(),
                    to: to.canonical.clone(),
                };
                Ok((parties, to))
            }
            (id, agent, channel, to) => {
                let problem = |verdict| match verdict {
                    Verdict::Wrong(problem) => Some(problem),
                    _ => None,
                };
                let channel = channel.err().and_then(problem);
                let problems = [id.err(), agent.err(), channel, to.err().and_then(problem)];
                let problems: Vec<_> = problems.into_iter().flatten().collect();
                Err(Verdict::Wrong(problems.join("; ")))
            }
        }
    }

    fn agent_of(&self, said: &Said) -> Result<String, String> {
        let chosen = self.agent.map(AgentId::as_str);
        let id = said.agent_id.as_deref().or(chosen).ok_or(
            "it names no agent: fill agentId in, or give --agent for all such conversations",
        )?;
        id.parse::<AgentId>()
            .map_err(|error| format!("agentId: {error}"))?;
        if self.is_known(id) {
            return Ok(id.to_owned());
        }
        Err(format!(
            "agent {id} does not exist, and has no name here: add the answer of `GET /agents`, or agentName"
        ))
    }

    fn new_conversation(
        &mut self,
        id: &str,
        place: &Place,
        parties: &Parties,
        to: &str,
    ) -> Verdict {
        if let Some((first, elsewhere)) = self.read.get(id) {
            return if first == parties {
                Verdict::LeftOut(format!("the same is in {elsewhere}"))
            } else {
                Verdict::Wrong(format!(
                    "the id is in {elsewhere} too, with another agent, channel or phone: delete one of the two"
                ))
            };
        }
        self.read
            .insert(id.to_owned(), (parties.clone(), place.clone()));
        if let Some((other, elsewhere)) = self.parties.get(parties) {
            return Verdict::Wrong(format!(
                "the agent talks to this phone over this channel in conversation {other} ({elsewhere}): Recado has one conversation of the three, delete one of the rows"
            ));
        }
        self.parties
            .insert(parties.clone(), (id.to_owned(), place.clone()));
        match (
            self.existing.parties(id),
            self.existing.conversation(parties),
        ) {
            (Some(known), _) if known == parties => Verdict::Present,
            (Some(known), _) => Verdict::Wrong(format!(
                "the conversation exists with {}: correct the row, or delete it",
                known.difference(parties)
            )),
            (None, Some(other)) => Verdict::Wrong(format!(
                "the agent talks to this phone over this channel already, in conversation {other}: use that id in your client, and delete the row"
            )),
            (None, None) => Verdict::Create(json!({
                "id": id, "agentId": parties.agent, "channelId": parties.channel, "to": to,
            })),
        }
    }
}

impl Parties {
    /// What these have that the others have not. A phone number is not repeated.
    fn difference(&self, others: &Self) -> String {
        if self.agent != others.agent {
            format!("agent {}", self.agent)
        } else if self.channel != others.channel {
            format!("channel {}", self.channel)
        } else {
            "another recipient".to_owned()
        }
    }
}
