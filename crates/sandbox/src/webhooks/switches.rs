//! The switches of what follows an accepted message, for all providers.

use serde::{Deserialize, Serialize};

use crate::address;

/// Switches of the webhooks; the defaults are a customer whose phone is on and a network that works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches, each a key in the settings"
)]
pub struct WebhookSettings {
    /// The steps of an accepted message; `read` comes with [`crate::Sandbox::read`] when it is not here.
    pub steps: Vec<Step>,
    /// Accepted messages fail: they are not shown, and this is reported in place of the steps.
    pub fail_with: Option<Failure>,
    /// How many more times every webhook is delivered.
    pub duplicate: u8,
    /// The order of the webhooks of one message.
    pub order: Order,
    /// The webhooks of a message are delivered, once each, before the request that sends it is answered.
    pub before_answer: bool,
    /// The most items in one call, where the provider's format can hold several.
    pub batch: usize,
    /// Nothing is delivered.
    pub drop: bool,
    /// Milliseconds before the first retry, twice as many before each further one; real ones wait up to days.
    pub retry_base_ms: u64,
    /// How often WhatsApp tries a delivery in all; wuzapi tries 5 times, the others once.
    pub attempts: u32,
    /// Milliseconds that a receiver has to answer.
    pub timeout_ms: u64,
    /// The most deliveries to one URL at the same time; with 1 they keep their order.
    pub parallel: usize,
    /// Webhooks may be registered for other machines than this one.
    pub any_host: bool,
    /// Z-API's callbacks carry the instance's token in the header `z-api-token` (observed).
    pub zapi_token: bool,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            steps: vec![Step::Sent, Step::Delivered],
            fail_with: None,
            duplicate: 0,
            order: Order::AsIs,
            before_answer: false,
            batch: 1,
            drop: false,
            retry_base_ms: 200,
            attempts: 8,
            timeout_ms: 10_000,
            parallel: 1,
            any_host: false,
            zapi_token: true,
        }
    }
}

/// A step of a message on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// WhatsApp has the message.
    Sent,
    /// The phone has it.
    Delivered,
    /// The customer has seen it.
    Read,
}

/// The order of the webhooks that follow one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As the steps happen.
    #[default]
    AsIs,
    /// The last first.
    Reversed,
    /// Any order.
    Shuffled,
}

/// How an accepted message fails.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Failure {
    /// Only messages to this recipient fail, in any notation.
    pub to: Option<String>,
    /// WhatsApp's code; 131047 when absent.
    pub code: Option<u32>,
    /// The words of the error; each provider has its own when absent.
    pub text: Option<String>,
    /// Z-API's `errorCode`, such as `SHADOW_BAN`.
    pub error_code: Option<String>,
}

impl Failure {
    /// Returns whether a message to this recipient, in the sandbox's notation, fails.
    pub(crate) fn hits(&self, recipient: &str) -> bool {
        let to = self.to.as_deref();
        to.is_none_or(|to| address::bare(to) == recipient)
    }
}
