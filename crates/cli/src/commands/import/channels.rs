//! The Recado channel of a conversation of ChatVolt.

use std::collections::{BTreeSet, HashMap};

use recado_core::{ChannelId, Provider};
use recado_providers::Profile;

use super::checked::Verdict;
use super::existing::{Channel, Existing};
use super::parsing::{Row, SaidConversation};
use crate::{Failure, Result};

/// Words of the conversations that an error names.
const MAX_SHOWN: usize = 10;

/// ChatVolt's words for channels that are not WhatsApp.
const ELSEWHERE: &str = "api chatbox crisp dashboard form google_drive instagram instagramdm \
    internal_chats mail mercadolivre mercadolivredm notion telegram twilio website wordpress \
    youtube zapier zendesk";

fn provider(word: &str) -> Option<Provider> {
    let is_word_of = |provider: &Provider| {
        let mut words = Profile::of(*provider).chatvolt_words.iter();
        words.any(|known| known.eq_ignore_ascii_case(word))
    };
    Provider::ALL.into_iter().find(is_word_of)
}

fn is_elsewhere(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    // Slack has a word for each kind of talk.
    word.starts_with("slack") || ELSEWHERE.split(' ').any(|known| known == word)
}

#[derive(Clone)]
pub(crate) struct Choice {
    /// ChatVolt's word or id; a choice without one is for all of WhatsApp.
    word: Option<String>,
    channel: ChannelId,
}

pub(crate) fn choice(text: &str) -> Result<Choice, recado_core::IdError> {
    let (word, channel) = match text.split_once('=') {
        Some((word, channel)) => (Some(word.to_owned()), channel),
        None => (None, text),
    };
    Ok(Choice {
        word,
        channel: channel.parse()?,
    })
}

/// The choices of `--channel` with the channels that they lead to.
pub(super) struct Choices<'a> {
    existing: &'a Existing,
    of_all: Option<&'a Channel>,
    /// By ChatVolt's words and ids in lower case.
    of_words: HashMap<String, &'a Channel>,
}

impl<'a> Choices<'a> {
    /// Takes the choices for these rows; fails if two contradict each other, or one is for none of the rows.
    pub(super) fn new(given: &[Choice], existing: &'a Existing, rows: &[Row]) -> Result<Self> {
        let mut choices = Self {
            existing,
            of_all: None,
            of_words: HashMap::new(),
        };
        for Choice { word, channel } in given {
            let found = existing.channel(channel.as_str()).ok_or_else(|| {
                Failure::Usage(format!(
                    "channel {channel} does not exist; see `recado channel list`"
                ))
            })?;
            let earlier = match word {
                None => choices.of_all.replace(found),
                Some(word) => choices.of_words.insert(word.to_ascii_lowercase(), found),
            };
            if let Some(Channel { id, .. }) = earlier {
                let what = word.as_deref().unwrap_or("all conversations on WhatsApp");
                return Err(Failure::Usage(format!(
                    "--channel names two channels for {what}, {id} and {channel}: give one, or WORD=ID for each part"
                )));
            }
        }
        choices.check_words(rows)?;
        Ok(choices)
    }

    /// Checks that each word is one of a conversation in the rows.
    fn check_words(&self, rows: &[Row]) -> Result<()> {
        let (mut words, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for row in rows {
            // What cannot be read may have the word.
            let Ok(said) = &row.said else { return Ok(()) };
            if let Some(said) = &said.conversation {
                words.extend(said.channel.as_ref().map(|word| word.to_ascii_lowercase()));
                ids.extend(said.credentials.as_ref().map(|id| id.to_ascii_lowercase()));
            }
        }
        let mut given: Vec<_> = self.of_words.keys().collect();
        given.sort_unstable();
        let unknown = |word: &&&String| !words.contains(**word) && !ids.contains(**word);
        let Some(word) = given.iter().find(unknown) else {
            return Ok(());
        };
        let shown: Vec<_> = words.iter().map(String::as_str).take(MAX_SHOWN).collect();
        let there = if shown.is_empty() {
            "no conversation names a channel".to_owned()
        } else {
            format!("the conversations have {}", shown.join(", "))
        };
        Err(Failure::Usage(format!(
            "--channel {word}=… is for no conversation of the files: {there}"
        )))
    }

    /// The channel of a conversation: as chosen, else the only one of its provider.
    pub(super) fn channel_of(
        &self,
        conversation: &SaidConversation,
    ) -> Result<&'a Channel, Verdict> {
        let word = conversation.channel.as_deref();
        let chosen_for = |own: &str| self.of_words.get(&own.to_ascii_lowercase()).copied();
        // One number of ChatVolt says more than the kind of channel.
        let own = conversation.credentials.as_deref().and_then(chosen_for);
        let own = own.or_else(|| word.and_then(chosen_for));
        if let Some(own) = own {
            return Ok(own);
        }
        let Some(word) = word else {
            let fault = "it names no channel: fill channel in, or give --channel";
            return self.of_all.ok_or_else(|| Verdict::Wrong(fault.to_owned()));
        };
        if is_elsewhere(word) {
            return Err(Verdict::LeftOut(format!("channel {word} is not WhatsApp")));
        }
        match (provider(word), self.existing.channel(word), self.of_all) {
            (Some(_), _, Some(chosen)) | (None, Some(chosen), _) => Ok(chosen),
            // A word of ChatVolt that is not known here may be a channel that is not WhatsApp.
            (None, None, Some(_)) => Err(Verdict::LeftOut(format!(
                "channel {word} is not known: give --channel {word}=ID if it is WhatsApp"
            ))),
            (_, _, None) => (self.existing.channel_of_word(word)).map_err(Verdict::Wrong),
        }
    }
}

impl Existing {
    fn channel_of_word(&self, word: &str) -> Result<&Channel, String> {
        let Some(provider) = provider(word) else {
            return Err(format!(
                "channel {word} is not known: write whatsapp, zapi or zapperapi, or give --channel {word}=ID"
            ));
        };
        let channels = self.channels.iter();
        let channels: Vec<_> = channels.filter(|it| it.provider == provider).collect();
        match channels[..] {
            [channel] => Ok(channel),
            [] => Err(format!(
                "you have no {} channel: create one with `recado channel create`, or give --channel {word}=ID",
                provider.title()
            )),
            _ => {
                let ids: Vec<_> = channels.iter().map(|channel| &*channel.id).collect();
                Err(format!(
                    "there are several {} channels ({}): give --channel {word}=ID",
                    provider.title(),
                    ids.join(", ")
                ))
            }
        }
    }

    pub(super) fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }
}
