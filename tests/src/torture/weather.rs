//! Random faults of the providers, and random ways in which their webhooks come.

use fastrand::Rng;
use recado_sandbox::{Answer, Effect, Fault, Order, Provider, Sandbox, Step};
use serde_json::{Value, json};

/// Faults that are planned ahead for each provider.
const AHEAD: usize = 3;

/// What a proxy answers in the place of a provider.
const PROXY: &str = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";

/// What nothing can be read from.
const GARBAGE: [&str; 3] = ["", "{\"mess", "OK"];

/// An answer that takes so long counts as lost, in milliseconds: the sender waits for ten seconds.
const TOO_SLOW: u64 = 8000;

/// Keeps faults planned for every provider.
pub fn plan_faults(sandbox: &Sandbox, random: &mut Rng) {
    let planned = sandbox.faults();
    for provider in Provider::ALL {
        let ahead = planned
            .iter()
            .filter(|planned| planned.fault.provider == provider);
        for _ in ahead.count()..AHEAD {
            // Most requests go well.
            sandbox.fail_next(delay(provider, random.u64(0..40)), random.u32(3..12));
            sandbox.fail_next(fault(provider, random), random.u32(1..3));
        }
    }
}

fn fault(provider: Provider, random: &mut Rng) -> Fault {
    let effect = match random.u32(0..10) {
        0 => Effect::ResetBefore,
        1 => Effect::ResetAfter,
        2 => return delay(provider, random.u64(300..3000)),
        3 => Effect::Throttle,
        4 => Effect::Answer(proxy(random)),
        5 => Effect::AnswerAfter(proxy(random)),
        6 => Effect::Answer(vendor(provider)),
        7 => Effect::AnswerAfter(unclear(provider)),
        // An empty 200 of ZapperHUB means that the message is queued, so it comes after accepting alone.
        8 if provider == Provider::Zapperhub => Effect::Answer(proxy(random)),
        8 => Effect::Answer(garbage(random)),
        _ => Effect::AnswerAfter(garbage(random)),
    };
    Fault::new(provider, effect)
}

fn delay(provider: Provider, delay_ms: u64) -> Fault {
    Fault {
        delay_ms,
        ..Fault::new(provider, Effect::Delay)
    }
}

/// A proxy's answer, which says nothing of the message.
fn proxy(random: &mut Rng) -> Answer {
    Answer::new([500, 502, 503, 504][random.usize(0..4)], PROXY)
}

fn garbage(random: &mut Rng) -> Answer {
    let text = GARBAGE[random.usize(0..GARBAGE.len())];
    let body = if text.is_empty() {
        Value::Null
    } else {
        text.into()
    };
    Answer::new(200, body)
}

/// The vendor's own words for an outage.
fn vendor(provider: Provider) -> Answer {
    match provider {
        Provider::Whatsapp => Answer::new(
            503,
            json!({"error": {"message": "(#131016) Service unavailable", "type": "OAuthException",
                "code": 131_016, "error_data": {"messaging_product": "whatsapp", "details": "Service unavailable"},
                "fbtrace_id": "A1"}}),
        ),
        Provider::Zapi => Answer::new(500, json!({"error": "Internal Server Error"})),
        Provider::Zapperhub => unclear(provider),
        Provider::Wuzapi => Answer::new(
            500,
            json!({"code": 500, "error": "no session", "success": false}),
        ),
    }
}

/// JSON of the vendor that leaves open what became of the message.
fn unclear(provider: Provider) -> Answer {
    match provider {
        // Meta documents its own codes as definite, so this has none.
        Provider::Whatsapp => Answer::new(500, json!({"error": "upstream timed out"})),
        Provider::Zapi => Answer::new(500, json!({"error": "Internal Server Error"})),
        Provider::Zapperhub => Answer::new(
            503,
            json!({"statusCode": 503, "error": "Service Unavailable", "message": "The message was logged, try later"}),
        ),
        Provider::Wuzapi => Answer::new(
            500,
            json!({"code": 500, "error": "error sending message: timed out", "success": false}),
        ),
    }
}

/// Whether the sender of a request with that fault cannot know what became of its message.
pub fn loses_the_answer(fault: &Fault) -> bool {
    match &fault.effect {
        Effect::ResetBefore | Effect::ResetAfter | Effect::AnswerAfter(_) => true,
        Effect::Answer(answer) => answer.status < 400 || answer.status >= 500,
        Effect::Delay | Effect::Throttle => fault.delay_ms >= TOO_SLOW,
    }
}

/// Changes how webhooks come: shuffled, doubled, batched, many at a time, before the answer.
pub fn change_webhooks(sandbox: &Sandbox, random: &mut Rng) {
    let mut settings = sandbox.settings();
    let webhooks = &mut settings.webhooks;
    webhooks.steps = vec![Step::Sent, Step::Delivered];
    if random.u32(0..3) == 0 {
        webhooks.steps.push(Step::Read);
    }
    webhooks.duplicate = [0, 0, 1, 2][random.usize(0..4)];
    webhooks.order = [Order::AsIs, Order::Reversed, Order::Shuffled][random.usize(0..3)];
    webhooks.batch = [1, 1, 5, 20][random.usize(0..4)];
    webhooks.parallel = [1, 2, 4, 8][random.usize(0..4)];
    webhooks.before_answer = random.u32(0..5) == 0;
    webhooks.retry_base_ms = 50;
    sandbox.set_settings(settings);
}

/// Ends all faults, and lets webhooks come one after the other.
pub fn clear(sandbox: &Sandbox) {
    sandbox.clear_faults();
    let mut settings = sandbox.settings();
    settings.webhooks.before_answer = false;
    settings.webhooks.duplicate = 0;
    settings.webhooks.batch = 1;
    sandbox.set_settings(settings);
}
