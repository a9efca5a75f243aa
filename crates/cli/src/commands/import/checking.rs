//! Checks every row before anything is created.

use std::collections::HashMap;

use recado_core::{AgentId, ConversationId, fields, fields::TextField};
use serde_json::json;

use super::channels::{Choice, Choices};
use super::checked::{Checked, Kind, Verdict};
use super::existing::{Existing, Parties};
use super::parsing::{Place, Row, Said, SaidConversation};
use super::recipient::{To, to};
use crate::{Failure, Result};

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
    ) -> Result<Self> {
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
    fn check_agent(&self) -> Result<()> {
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
                let named = (name.clone(), row.place.clone());
                self.named.insert(id.clone(), named);
                self.new_agent(&id, name)
            }
        };
        Some(Checked::new(row.place.clone(), Kind::Agent, id, verdict))
    }

    /// The agent of a row that has nothing but its id; another row may name it.
    fn nameless_agent(&self, row: &Row) -> Option<Checked> {
        let said = row.said.as_ref().ok()?;
        let id = said.agent_id.clone()?;
        let is_more = said.agent_name.is_some() || said.conversation.is_some();
        if is_more || self.named.contains_key(&id) {
            return None;
        }
        let verdict = if self.existing.agents.contains_key(&id) {
            Verdict::Present
        } else {
            Verdict::Wrong("the agent has no name: give it one".to_owned())
        };
        Some(Checked::new(row.place.clone(), Kind::Agent, id, verdict))
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
        let said = match row.said {
            Ok(said) => said,
            Err(problem) => {
                let (id, verdict) = (String::new(), Verdict::Wrong(problem));
                return Some(Checked::new(row.place, Kind::Row, id, verdict));
            }
        };
        let conversation = said.conversation.as_ref()?;
        let id = conversation.id.clone();
        let (parties, to) = match self.parts(&said, conversation) {
            Ok(parts) => parts,
            Err(verdict) => {
                return Some(Checked::new(row.place, Kind::Conversation, id, verdict));
            }
        };
        let verdict = self.new_conversation(&id, &row.place, &parties, &to.given);
        let mut checked = Checked::new(row.place, Kind::Conversation, id, verdict);
        checked.warning = to.warning;
        if checked.is_new() {
            checked.shared = self.shared(&parties);
            checked.notice = self.spelled_otherwise(&parties);
            self.planned.add(checked.id.clone(), parties);
        }
        Some(checked)
    }

    /// Says which other agent talks to the same phone.
    fn shared(&self, parties: &Parties) -> Option<String> {
        let mut talks = self.talks(parties);
        let (id, other) = talks.find(|(_, other)| other.agent != parties.agent)?;
        Some(format!(
            "agent {} talks to this phone over this channel as well, in conversation {id}: what the customer writes comes to one of the two",
            other.agent
        ))
    }

    /// Says which conversation of the same agent has another spelling of the number, in the words of the server.
    fn spelled_otherwise(&self, parties: &Parties) -> Option<String> {
        let mut talks = self.talks(parties);
        let (id, _) = talks.find(|(_, other)| other.agent == parties.agent)?;
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
        let mut problems = Vec::new();
        let id = conversation.id.parse::<ConversationId>();
        problems.extend(id.err().map(|error| format!("conversationId: {error}")));
        let agent = self.agent_of(said).map_err(Verdict::Wrong);
        let agent = unless_wrong(agent, &mut problems)?;
        let channel = self.choices.channel_of(conversation);
        let channel = unless_wrong(channel, &mut problems)?;
        let to = unless_wrong(to(conversation, channel), &mut problems)?;
        match (agent, channel, to) {
            (Some(agent), Some(channel), Some(to)) if problems.is_empty() => {
                let parties = Parties {
                    agent,
                    channel: channel.id.clone(),
                    to: to.canonical.clone(),
                };
                Ok((parties, to))
            }
            _ => Err(Verdict::Wrong(problems.join("; "))),
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
        let read = (parties.clone(), place.clone());
        self.read.insert(id.to_owned(), read);
        if let Some((other, elsewhere)) = self.parties.get(parties) {
            return Verdict::Wrong(format!(
                "the agent talks to this phone over this channel in conversation {other} ({elsewhere}): Recado has one conversation of the three, delete one of the rows"
            ));
        }
        let named = (id.to_owned(), place.clone());
        self.parties.insert(parties.clone(), named);
        let existing = self.existing;
        match (existing.parties(id), existing.conversation(parties)) {
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

/// Returns a part of a row, or adds what is wrong with it to the problems; a row that is left out has no problems.
fn unless_wrong<T>(
    part: Result<T, Verdict>,
    problems: &mut Vec<String>,
) -> Result<Option<T>, Verdict> {
    match part {
        Ok(part) => Ok(Some(part)),
        Err(Verdict::Wrong(problem)) => {
            problems.push(problem);
            Ok(None)
        }
        Err(left_out) => Err(left_out),
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
