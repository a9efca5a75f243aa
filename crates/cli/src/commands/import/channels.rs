//! The Recado channel of a conversation of ChatVolt.

use recado_core::capabilities::{Capabilities, WHATSAPP, WUZAPI_FORK, ZAPI, ZAPPERAPI_V2};
use recado_core::{ChannelId, Provider};

use super::checking::Verdict;
use super::existing::{Channel, Existing};
use super::parsing::SaidConversation;

/// ChatVolt's words for a channel, and the provider of each; ZapperHUB has its former name there.
const WORDS: [(&str, Provider); 5] = [
    ("whatsapp", Provider::WhatsApp),
    ("zapi", Provider::Zapi),
    ("zapperapi", Provider::ZapperHub),
    ("zapper", Provider::ZapperHub),
    ("zapperhub", Provider::ZapperHub),
];

/// ChatVolt's words for channels that are not WhatsApp.
const ELSEWHERE: [&str; 20] = [
    "api",
    "chatbox",
    "crisp",
    "dashboard",
    "form",
    "google_drive",
    "instagram",
    "instagramdm",
    "internal_chats",
    "mail",
    "mercadolivre",
    "mercadolivredm",
    "notion",
    "telegram",
    "twilio",
    "website",
    "wordpress",
    "youtube",
    "zapier",
    "zendesk",
];

/// The provider of ChatVolt's word.
fn provider(word: &str) -> Option<Provider> {
    let mut words = WORDS.iter();
    let known = words.find(|(known, _)| known.eq_ignore_ascii_case(word));
    known.map(|(_, provider)| *provider)
}

fn is_elsewhere(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    // Slack has a word for each kind of talk.
    word.starts_with("slack") || ELSEWHERE.contains(&&*word)
}

/// A choice of `--channel`.
#[derive(Clone)]
pub(crate) struct Choice {
    /// ChatVolt's word or id; a choice without one is for all of WhatsApp.
    word: Option<String>,
    pub(super) channel: ChannelId,
}

/// Reads `ID` or `WORD=ID`.
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

impl Existing {
    /// The channel of a conversation: as chosen, else the only one of its provider.
    pub(super) fn chosen(
        &self,
        choices: &[Choice],
        conversation: &SaidConversation,
    ) -> Result<&Channel, Verdict> {
        let word = conversation.channel.as_deref();
        let chosen_for = |own: &str| {
            let mut choices = choices.iter();
            choices.find(|choice| {
                let word = choice.word.as_deref();
                word.is_some_and(|word| word.eq_ignore_ascii_case(own))
            })
        };
        // One number of ChatVolt says more than the kind of channel.
        let credentials = conversation.credentials.as_deref();
        let own = credentials
            .and_then(chosen_for)
            .or_else(|| word.and_then(chosen_for));
        let of_all = choices.iter().find(|choice| choice.word.is_none());
        let chosen = match (own, word) {
            (Some(own), _) => Some(own),
            (None, Some(word)) if is_elsewhere(word) => {
                return Err(Verdict::LeftOut(format!("channel {word} is not WhatsApp")));
            }
            // A word of ChatVolt that is not known here may be a channel that is not WhatsApp.
            (None, Some(word)) if provider(word).is_none() => match self.channel(word) {
                Some(channel) => return Ok(channel),
                None if of_all.is_some() => {
                    return Err(Verdict::LeftOut(format!(
                        "channel {word} is not known: give --channel {word}=ID if it is WhatsApp"
                    )));
                }
                None => None,
            },
            (None, _) => of_all,
        };
        if let Some(chosen) = chosen {
            let channel = self.channel(chosen.channel.as_str());
            return channel.ok_or_else(|| Verdict::Wrong("the channel is gone".to_owned()));
        }
        let Some(word) = word else {
            return Err(Verdict::Wrong(
                "it names no channel: fill channel in, or give --channel".to_owned(),
            ));
        };
        self.channel_of_word(word).map_err(Verdict::Wrong)
    }

    fn channel_of_word(&self, word: &str) -> Result<&Channel, String> {
        let Some(provider) = provider(word) else {
            return Err(format!(
                "channel {word} is not known: write whatsapp, zapi or zapperapi, or give --channel {word}=ID"
            ));
        };
        let channels = self.channels.iter();
        let channels: Vec<_> = channels
            .filter(|channel| channel.provider == provider)
            .collect();
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

    /// The channel of that id.
    pub(super) fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }
}

impl Channel {
    /// What the channel carries.
    pub(super) fn capabilities(&self) -> &'static Capabilities {
        match self.provider {
            Provider::WhatsApp => &WHATSAPP,
            Provider::Zapi => &ZAPI,
            Provider::ZapperHub if self.is_wuzapi => &WUZAPI_FORK,
            Provider::ZapperHub => &ZAPPERAPI_V2,
        }
    }
}
