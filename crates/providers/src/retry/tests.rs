//! The retry loop on a clock of its own: no test waits.

use recado_core::{Button, Buttons, capabilities};

use super::*;
use crate::channel::MockChannel;

fn message() -> OutboundMessage {
    OutboundMessage::new(
        "msg_1".parse().expect("an id"),
        "5521988887777".parse().expect("a phone number"),
        Buttons::new("Hi", [Button::new("a", "A")]).expect("a message"),
    )
}

fn error(kind: ErrorKind, retry_after: Option<u64>) -> ChannelError {
    ChannelError {
        retry_after: retry_after.map(Duration::from_secs),
        ..ChannelError::new("zapi", kind, "")
    }
}

/// A channel that fails with each of `errors`, then accepts; more calls than that fail the test.
fn failing(errors: Vec<ChannelError>) -> MockChannel {
    let mut channel = MockChannel::new();
    let calls = errors.len() + 1;
    let mut errors = errors.into_iter();
    channel
        .expect_send()
        .times(..=calls)
        .returning(move |_| errors.next().map_or_else(|| Ok(Receipt::default()), Err));
    channel
}

async fn run(channel: &MockChannel) -> (Result<Receipt, ChannelError>, Duration) {
    let start = Instant::now();
    let sent = send_with_retries(channel, &message(), &RetryPolicy::default()).await;
    (sent, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn two_unavailable_answers_are_followed_by_a_third_request_with_growing_pauses() {
    let channel = failing(vec![error(ErrorKind::Unavailable, None); 2]);
    let (sent, elapsed) = run(&channel).await;
    assert_eq!(sent, Ok(Receipt::default()));
    // 1 s and 2 s, each shortened by half at most.
    let whole = Duration::from_secs(3);
    assert!((whole / 2..=whole).contains(&elapsed), "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn the_third_error_is_the_last() {
    let mut channel = MockChannel::new();
    channel
        .expect_send()
        .times(3)
        .returning(|_| Err(error(ErrorKind::Unavailable, None)));
    let (sent, _) = run(&channel).await;
    assert_eq!(sent, Err(error(ErrorKind::Unavailable, None)));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_the_provider_asks_for_is_kept() {
    let channel = failing(vec![error(ErrorKind::Throttled, Some(7))]);
    let (sent, elapsed) = run(&channel).await;
    assert!(sent.is_ok());
    assert!(elapsed >= Duration::from_secs(7), "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_does_not_fit_ends_the_send_at_once() {
    let mut channel = MockChannel::new();
    let throttled = error(ErrorKind::Throttled, Some(8));
    let answer = throttled.clone();
    channel
        .expect_send()
        .once()
        .returning(move |_| Err(answer.clone()));
    assert_eq!(run(&channel).await, (Err(throttled), Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn nothing_else_is_ever_repeated() {
    for kind in [
        ErrorKind::Indeterminate,
        ErrorKind::Unauthorized,
        ErrorKind::Misconfigured,
        ErrorKind::NotConnected,
        ErrorKind::BillingBlocked,
        ErrorKind::Restricted,
        ErrorKind::InvalidRecipient,
        ErrorKind::ContentRefused,
        ErrorKind::WindowClosed,
        ErrorKind::Rejected,
    ] {
        let mut channel = MockChannel::new();
        channel
            .expect_send()
            .once()
            .returning(move |_| Err(error(kind, None)));
        assert_eq!(run(&channel).await.0, Err(error(kind, None)));
    }
}

/// A channel that never answers.
struct Silent;

#[async_trait::async_trait]
impl Channel for Silent {
    fn capabilities(&self) -> &'static recado_core::Capabilities {
        &capabilities::ZAPI
    }

    fn preview(&self, _: &OutboundMessage) -> Result<crate::Preview, ChannelError> {
        Err(error(ErrorKind::Rejected, None))
    }

    async fn send(&self, _: &OutboundMessage) -> Result<Receipt, ChannelError> {
        std::future::pending().await
    }

    async fn health(&self) -> Result<crate::Health, ChannelError> {
        Err(error(ErrorKind::Rejected, None))
    }

    fn verify_webhook(
        &self,
        _: &crate::WebhookCall<'_>,
    ) -> Result<crate::Admission, crate::WebhookRefused> {
        Err(crate::WebhookRefused::Forbidden)
    }

    fn parse_webhook(
        &self,
        _: Option<&str>,
        _: &[u8],
    ) -> Result<Vec<crate::Received>, crate::WebhookUnreadable> {
        Err(crate::WebhookUnreadable)
    }
}

#[tokio::test(start_paused = true)]
async fn silence_ends_with_the_budget_and_leaves_the_outcome_open() {
    let start = Instant::now();
    let sent = send_with_retries(&Silent, &message(), &RetryPolicy::default()).await;
    assert_eq!(
        sent.map_err(|error| error.kind),
        Err(ErrorKind::Indeterminate)
    );
    assert_eq!(start.elapsed().as_secs(), 15);
}

#[tokio::test(start_paused = true)]
async fn a_budget_and_a_pause_without_an_end_are_no_instants_beyond_time() {
    let policy = RetryPolicy {
        first_delay: Duration::MAX,
        max_attempts: u32::MAX,
        budget: Duration::MAX,
    };
    let channel = failing(vec![]);
    let sent = send_with_retries(&channel, &message(), &policy).await;
    assert_eq!(sent, Ok(Receipt::default()));
    let delay = policy.delay(u32::MAX - 1, &error(ErrorKind::Unavailable, None));
    assert!(delay >= Some(Duration::MAX / 2), "{delay:?}");
}
