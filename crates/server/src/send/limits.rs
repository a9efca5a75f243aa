//! The limits of sends: which of them apply to a send, and what a caller is told who has to wait.

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;
use recado_core::capabilities::{Capabilities, PairRate, Rate, SendLimit};
use recado_core::{ApiKeyId, Recipient};
use recado_providers::{Profile, messages_per_second};
use recado_store::{ApiKey, Channel, Limited, QueueLimits, SendLimits};

use crate::api::error::{ApiError, QuotaPolicy, Reason};
use crate::costs::budget;
use crate::costs::rates::Rates;
use crate::telemetry;

/// The rate of an API key.
pub(crate) type KeyRate = (ApiKeyId, Rate);

/// Returns the limits of a send over a channel to a person.
pub(crate) fn of_send(
    channel: &Channel,
    carries: &Capabilities,
    recipient: &Recipient,
    organization: Option<NonZeroU32>,
) -> SendLimits {
    SendLimits {
        recipient: carries.pair_rate.map(|rate| (recipient.clone(), rate)),
        ..of_channel(channel, carries, organization)
    }
}

/// Returns the limits of all sends over a channel. The rate in the settings of the channel takes the place of the
/// provider's.
pub(crate) fn of_channel(
    channel: &Channel,
    carries: &Capabilities,
    organization: Option<NonZeroU32>,
) -> SendLimits {
    let published = carries.send_rate.map(|published| published.rate);
    SendLimits {
        channel: messages_per_second(&channel.settings).or(published),
        organization: organization.map(Rate::per_second),
        ..SendLimits::default()
    }
}

/// Returns the rate of an API key, if it has one.
pub(crate) fn of_key(key: &ApiKey) -> Option<KeyRate> {
    let rate = key.messages_per_minute.map(Rate::per_minute);
    rate.map(|rate| (key.id.clone(), rate))
}

/// Returns the limits of the queued messages of a channel, which an API key of this rate has queued.
pub(crate) fn of_queue(
    channel: &Channel,
    organization: Option<NonZeroU32>,
    api_key: Option<KeyRate>,
    rates: Option<&Rates>,
) -> QueueLimits {
    let settings = serde_json::Value::Object(channel.settings.clone());
    let carries = Profile::of(channel.provider).capabilities(&settings);
    QueueLimits {
        all: SendLimits {
            api_key,
            ..of_channel(channel, carries, organization)
        },
        pair: carries.pair_rate,
        budget: budget::of_queue(rates, channel),
    }
}

/// Returns the error of a send that a limit does not allow yet, and counts it.
pub(crate) fn refusal(
    limited: Limited,
    limits: &SendLimits,
    carries: &Capabilities,
    now: Timestamp,
) -> ApiError {
    telemetry::limited(limited.limit);
    let wait = limited.until.duration_since(now);
    let wait = Duration::try_from(wait).unwrap_or_default();
    ApiError {
        // The header has at least one second.
        retry_after: Some(wait),
        policy: policy(limited.limit, limits).map(Box::new),
        ..ApiError::new(
            Reason::RateLimited,
            sentence(limited.limit, limits, carries),
        )
    }
}

fn sentence(limit: SendLimit, limits: &SendLimits, carries: &Capabilities) -> String {
    let rate = |rate: Option<Rate>| rate.map(|rate| rate.to_string()).unwrap_or_default();
    match (limit, carries.send_rate, &limits.recipient) {
        (SendLimit::Channel, Some(published), _) if Some(published.rate) == limits.channel => {
            format!(
                "The number of this channel sends at most {}, as its provider takes no more ({}); the setting messagesPerSecond of the channel changes it",
                published.rate, published.source.text
            )
        }
        (SendLimit::Channel, ..) => format!(
            "The number of this channel sends at most {}, as the setting messagesPerSecond of the channel says",
            rate(limits.channel)
        ),
        (SendLimit::Recipient, _, recipient) => {
            let (person, pair) = recipient.as_ref().map_or_else(
                || (String::new(), String::new()),
                |(person, pair)| (person.masked(), pair_words(pair)),
            );
            format!(
                "{} takes {pair}; this message is to {person}",
                carries.title
            )
        }
        (SendLimit::Organization, ..) => format!(
            "Your organization sends at most {}, as the operator of this server says",
            rate(limits.organization)
        ),
        (SendLimit::Budget, ..) => "The budget of this channel is used up".to_owned(),
        (SendLimit::ApiKey, ..) => format!(
            "This API key sends at most {}, as its messagesPerMinute says",
            rate(limits.api_key.as_ref().map(|(_, rate)| *rate))
        ),
    }
}

fn pair_words(pair: &PairRate) -> String {
    format!(
        "{} from a number to one person, or up to {} at once and then none for as long as they count ({})",
        pair.rate(),
        pair.burst,
        pair.source.text
    )
}

/// Returns the limit as the headers of an answer name it.
fn policy(limit: SendLimit, limits: &SendLimits) -> Option<QuotaPolicy> {
    let (quota, window) = match limit {
        SendLimit::Channel => of_rate(limits.channel?),
        SendLimit::Recipient => {
            let (_, pair) = limits.recipient.as_ref()?;
            (pair.burst.get(), pair.pause * pair.burst.get())
        }
        SendLimit::Organization => of_rate(limits.organization?),
        SendLimit::ApiKey => of_rate(limits.api_key.as_ref()?.1),
        SendLimit::Budget => return None,
    };
    Some(QuotaPolicy {
        name: limit.as_str(),
        quota,
        window,
    })
}

fn of_rate(rate: Rate) -> (u32, Duration) {
    (rate.messages().get(), rate.period())
}

#[cfg(test)]
mod tests {
    use recado_core::capabilities::{WHATSAPP, ZAPI};
    use rstest::rstest;

    use super::*;

    fn rate(messages: u32) -> Rate {
        Rate::per_second(NonZeroU32::new(messages).expect("not zero"))
    }

    fn limits() -> SendLimits {
        let person = "5511900000001".parse().expect("a recipient");
        SendLimits {
            channel: Some(rate(80)),
            recipient: WHATSAPP.pair_rate.map(|pair| (person, pair)),
            organization: Some(rate(100)),
            budget: None,
            api_key: Some((
                "key_1".parse().expect("an id"),
                Rate::per_minute(NonZeroU32::MIN),
            )),
        }
    }

    #[rstest]
    #[case(SendLimit::Channel, &["number of this channel", "80 messages a second", "Meta, throughput"])]
    #[case(SendLimit::Recipient, &["1 message in 6 seconds", "up to 45", "55…01", "Meta, pair rate"])]
    #[case(SendLimit::Organization, &["Your organization", "100 messages a second", "operator"])]
    #[case(SendLimit::ApiKey, &["This API key", "1 message a minute", "messagesPerMinute"])]
    fn the_sentence_names_the_limit_its_number_and_whose_it_is(
        #[case] limit: SendLimit,
        #[case] says: &[&str],
    ) {
        let sentence = sentence(limit, &limits(), &WHATSAPP);
        for part in says {
            assert!(sentence.contains(part), "{sentence}");
        }
        assert!(!sentence.contains("5511900000001"), "{sentence}");
    }

    #[rstest]
    #[case::in_place_of_the_providers(&WHATSAPP)]
    #[case::where_the_provider_publishes_none(&ZAPI)]
    fn a_rate_of_the_channel_names_the_setting(#[case] carries: &Capabilities) {
        let limits = SendLimits {
            channel: Some(rate(20)),
            ..limits()
        };
        let sentence = sentence(SendLimit::Channel, &limits, carries);
        assert!(
            sentence.contains("20 messages a second, as the setting messagesPerSecond"),
            "{sentence}"
        );
    }
}
