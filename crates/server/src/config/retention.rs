//! How long rows are kept.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use recado_store::Retention;

/// How long the server keeps what it stores.
#[derive(Debug, Args)]
pub struct RetentionArgs {
    /// Days after which messages are removed, or `forever`
    #[arg(long = "retain-messages-days", env = "RECADO_RETAIN_MESSAGES_DAYS", value_name = "DAYS", default_value_t = Days::of(Retention::default().messages))]
    messages: Days,

    /// Days after which events are removed, or `forever`; an event stays as long as a delivery of it waits
    #[arg(long = "retain-events-days", env = "RECADO_RETAIN_EVENTS_DAYS", value_name = "DAYS", default_value_t = Days::of(Retention::default().events))]
    events: Days,

    /// Days after its end when a delivery to a webhook endpoint is removed, with its attempts, or `forever`; not later than events
    #[arg(long = "retain-deliveries-days", env = "RECADO_RETAIN_DELIVERIES_DAYS", value_name = "DAYS", default_value_t = Days::of(Retention::default().deliveries))]
    deliveries: Days,

    /// Days after which the applied webhook calls of providers are removed, or `forever`; on PostgreSQL up to a seventh later
    #[arg(long = "retain-webhook-calls-days", env = "RECADO_RETAIN_WEBHOOK_CALLS_DAYS", value_name = "DAYS", default_value_t = Days::of(Retention::default().webhook_calls))]
    webhook_calls: Days,

    /// Days after which webhook calls that are set aside are removed, or `forever`
    #[arg(long = "retain-set-aside-days", env = "RECADO_RETAIN_SET_ASIDE_DAYS", value_name = "DAYS", default_value_t = Days::of(Retention::default().set_aside_calls))]
    set_aside: Days,

    /// Days after which entries of the audit log are removed, or `forever`
    #[arg(long = "retain-audit-days", env = "RECADO_RETAIN_AUDIT_DAYS", value_name = "DAYS", default_value_t = Days::of(Retention::default().audit_log))]
    audit: Days,
}

impl RetentionArgs {
    pub fn retention(&self) -> Retention {
        Retention {
            messages: self.messages.duration(),
            events: self.events.duration(),
            deliveries: self.deliveries.duration(),
            webhook_calls: self.webhook_calls.duration(),
            set_aside_calls: self.set_aside.duration(),
            audit_log: self.audit.duration(),
        }
    }

    /// Returns the settings by the names of their variables.
    pub(super) fn described(&self) -> [(&'static str, String); 6] {
        [
            ("RETAIN_MESSAGES_DAYS", self.messages),
            ("RETAIN_EVENTS_DAYS", self.events),
            ("RETAIN_DELIVERIES_DAYS", self.deliveries),
            ("RETAIN_WEBHOOK_CALLS_DAYS", self.webhook_calls),
            ("RETAIN_SET_ASIDE_DAYS", self.set_aside),
            ("RETAIN_AUDIT_DAYS", self.audit),
        ]
        .map(|(name, days)| (name, days.to_string()))
    }
}

/// A number of days, or for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Days(Option<u16>);

const FOREVER: &str = "forever";
const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

impl Days {
    fn of(kept: Option<Duration>) -> Self {
        Self(kept.and_then(|kept| u16::try_from(kept.as_secs() / SECONDS_PER_DAY).ok()))
    }

    fn duration(self) -> Option<Duration> {
        let days = self.0?;
        Some(Duration::from_secs(u64::from(days) * SECONDS_PER_DAY))
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(days) => days.fmt(f),
            None => f.write_str(FOREVER),
        }
    }
}

impl FromStr for Days {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text == FOREVER {
            return Ok(Self(None));
        }
        // Zero may be meant as `forever` or as `at once`; neither is a guess to make.
        let days = text.parse().ok().filter(|days| *days > 0);
        days.map(|days| Self(Some(days)))
            .ok_or("expected a number of days from 1 to 65535, or `forever`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_a_number_or_forever() {
        for (text, read) in [
            ("1", Some(Some(1))),
            ("65535", Some(Some(65_535))),
            ("forever", Some(None)),
            ("0", None),
            ("", None),
            ("-1", None),
            ("7d", None),
            ("65536", None),
        ] {
            assert_eq!(text.parse().ok(), read.map(Days), "{text}");
            if let Some(days) = read {
                assert_eq!(Days(days).to_string(), text);
                assert_eq!(Days::of(Days(days).duration()), Days(days));
            }
        }
    }
}
