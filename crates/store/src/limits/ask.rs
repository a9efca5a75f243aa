//! What a send asks of its limits.

use recado_core::capabilities::{PairRate, Rate, SendLimit};
use recado_core::{ApiKeyId, ChannelId, Recipient};

use crate::costs::budget::Spending;
use crate::limits::rules::{Bucket, Rule};
use crate::prelude::*;

/// The limits that apply to a send.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SendLimits {
    /// The rate of the channel.
    pub channel: Option<Rate>,
    /// The person, and the rate of the channel to each person.
    pub recipient: Option<(Recipient, PairRate)>,
    /// The rate of the organization.
    pub organization: Option<Rate>,
    /// The API key of the caller, and its rate.
    pub api_key: Option<(ApiKeyId, Rate)>,
    /// What the message takes of the budget of the channel.
    pub budget: Option<Spending>,
}

/// What a send asks of its limits.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(super) at: i64,
    pub(super) limits: Vec<(SendLimit, String, Rule)>,
    pub(super) budget: Option<(ChannelId, Spending)>,
}

impl Ask {
    pub(crate) fn new(
        store: &Store,
        channel: &ChannelId,
        limits: &SendLimits,
        at: Timestamp,
    ) -> Self {
        let bucket = |rate| Rule::Bucket(Bucket::from(rate));
        let person = limits.recipient.as_ref().map(|(recipient, rate)| {
            let hash = store.key().recipient_hash(channel, recipient);
            let rule = Rule::Debt((*rate).into());
            (SendLimit::Recipient, format!("p:{hash}"), rule)
        });
        let of_channel = |rate| (SendLimit::Channel, format!("c:{channel}"), bucket(rate));
        let of_organization = |rate| (SendLimit::Organization, "o".to_owned(), bucket(rate));
        let key = limits.api_key.as_ref();
        let of_key =
            |(id, rate): &(ApiKeyId, Rate)| (SendLimit::ApiKey, format!("k:{id}"), bucket(*rate));
        let all = [
            limits.channel.map(of_channel),
            person,
            limits.organization.map(of_organization),
            key.map(of_key),
        ];
        Self {
            at: at.as_microsecond(),
            limits: all.into_iter().flatten().collect(),
            budget: limits
                .budget
                .clone()
                .map(|budget| (channel.clone(), budget)),
        }
    }

    /// Returns whether no limit applies.
    pub(crate) fn is_free(&self) -> bool {
        self.limits.is_empty() && self.budget.is_none()
    }
}
