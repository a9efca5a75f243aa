//! The storm: real servers under faults, and a checker that compares what each side saw.

pub mod accounts;
pub mod asking;
pub mod chaos;
pub mod checker;
mod counts;
pub mod gate;
pub mod history;
pub mod load;
pub mod observe;
pub mod postgres;
pub mod receiver;
pub mod rows;
pub mod side;
pub mod slot;
pub mod weather;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use fastrand::Rng;
use recado_store::MasterKey;
use secrecy::ExposeSecret as _;
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::chaos::{Chaos, Damage, Trouble};
use self::checker::Violation;
use self::history::{Answer, History, Way};
use self::load::{Journal, Sender};
use self::postgres::Postgres;
use self::rows::Clerk;
use self::side::{Side, Tenant};

/// Clients of each organization.
const SENDERS: usize = 3;

/// Messages of each organization whose answer was lost and whose customer taps them after the storm.
const LATE_TAPS: usize = 20;

/// Pause between two looks at whether the servers have settled.
const LOOK: Duration = Duration::from_millis(500);

/// What a storm is like.
pub struct Options {
    pub seed: u64,
    /// How long faults happen.
    pub time: Duration,
    /// How long the servers may take afterwards until every promise holds.
    pub settle: Duration,
    /// Without it only SQLite is under the storm.
    pub postgres: Option<Postgres>,
    /// Servers that share the PostgreSQL database.
    pub servers: usize,
    pub troubles: Vec<Trouble>,
}

/// What a storm showed.
pub struct Report {
    pub history: History,
    pub damage: Damage,
    /// Until every promise held, or the time was over.
    pub settled_after: Duration,
    /// What did not hold yet when all else did, or that the servers did not answer.
    pub held_last: Vec<String>,
    pub violations: Vec<Violation>,
    /// What servers did that they must not: end by themselves, or not end when asked.
    pub failures: Vec<String>,
    /// Of every server that has ended.
    pub logs: Vec<(String, String)>,
}

/// Lets the storm rage, lets the servers settle, and checks.
pub async fn run(options: Options) -> anyhow::Result<Report> {
    let mut random = Rng::with_seed(options.seed);
    let folder = tempfile::tempdir()?;
    let key = MasterKey::generate()?.to_base64();
    let file = format!("sqlite:{}", folder.path().join("recado.db").display());
    let database = |url| {
        [
            ("RECADO_DATABASE_URL", url),
            ("RECADO_MASTER_KEY", key.expose_secret()),
        ]
    };
    let mut sides = vec![Arc::new(
        Side::start("sqlite", &database(file.as_str()), 1, &mut random).await?,
    )];
    if let Some(postgres) = &options.postgres {
        let side = Side::start(
            "postgres",
            &database(&postgres.url),
            options.servers,
            &mut random,
        )
        .await?;
        sides.push(Arc::new(side));
    }
    let (journal, damage) = (Journal::new(), Damage::default());
    rage(&options, &sides, &journal, &damage, &mut random).await?;
    calm(&sides, &journal).await?;
    let sides: Vec<_> = sides.iter().map(AsRef::as_ref).collect();
    let begun = Instant::now();
    let Settled {
        history,
        violations,
        held_last,
    } = settle(&sides, &journal, &damage, begun + options.settle).await?;
    let settled_after = begun.elapsed();
    for slot in sides.iter().flat_map(|side| &side.slots) {
        slot.revive().await?;
        slot.stop().await?;
    }
    let (mut failures, mut logs) = (unanswered(&history), Vec::new());
    for side in &sides {
        for slot in &side.slots {
            let failed = slot.failures().into_iter();
            failures.extend(failed.map(|failure| format!("{}: {failure}", side.name)));
            let log = slot.logs().join("\n--- the server was started again ---\n");
            logs.push((format!("{}-{}", side.name, slot.number), log));
        }
    }
    Ok(Report {
        history,
        damage,
        settled_after,
        held_last,
        violations,
        failures,
        logs,
    })
}

/// Names the ways of which no client was told anything: such a way does not work, and its sends promise nothing. A file may
/// be too slow for a short storm.
fn unanswered(history: &History) -> Vec<String> {
    let told = |way| {
        let mut sends = history.sends.iter().filter(move |send| send.way == way);
        let is_asked = sends.clone().next().is_some();
        !is_asked || sends.any(|send| send.answer != Answer::Nothing)
    };
    let ways = [Way::Repeated, Way::Queued, Way::Batch];
    let silent = ways.into_iter().filter(|way| !told(*way));
    silent
        .map(|way| format!("no client was told what came of its messages: {way:?}"))
        .collect()
}

/// Lets clients, customers, providers and trouble do their work until the time is over.
async fn rage(
    options: &Options,
    sides: &[Arc<Side>],
    journal: &Journal,
    damage: &Damage,
    random: &mut Rng,
) -> anyhow::Result<()> {
    let end = Instant::now() + options.time;
    let mut tasks = JoinSet::new();
    for side in sides {
        for tenant in 0..side.tenants.len() {
            for number in 0..SENDERS {
                let sender = Sender {
                    side: Arc::clone(side),
                    tenant,
                    number,
                    journal: journal.clone(),
                    random: random.fork(),
                };
                tasks.spawn(async move {
                    sender.run(end).await;
                    Ok(())
                });
            }
        }
        let clerk = Clerk {
            side: Arc::clone(side),
            tenant: 0,
            journal: journal.clone(),
            random: random.fork(),
        };
        tasks.spawn(clerk.run(end));
        let weather = Chaos::weather(Arc::clone(side), random.fork(), end);
        tasks.spawn(async move {
            weather.await;
            Ok(())
        });
        let mut chaos = || Chaos {
            side: Arc::clone(side),
            journal: journal.clone(),
            damage: damage.clone(),
            troubles: options.troubles.clone(),
            random: random.fork(),
        };
        tasks.spawn(chaos().run(end));
        if let Some(postgres) = options.postgres.clone().filter(|_| side.name == "postgres") {
            tasks.spawn(chaos().database(postgres, options.time));
        }
    }
    while let Some(done) = tasks.join_next().await {
        done?.context("the storm itself failed")?;
    }
    Ok(())
}

/// Ends every fault. Customers who have a message whose answer was lost tap it now.
async fn calm(sides: &[Arc<Side>], journal: &Journal) -> anyhow::Result<()> {
    for side in sides {
        weather::clear(&side.sandbox);
        side.providers.open();
        for slot in &side.slots {
            slot.revive().await?;
        }
        side.lead_to_servers();
        for tenant in &side.tenants {
            tenant.receiver.recover();
            tap_lost(side, tenant, journal);
        }
    }
    Ok(())
}

fn tap_lost(side: &Side, tenant: &Tenant, journal: &Journal) {
    let (sends, _) = journal.copy();
    let told: HashSet<_> = sends
        .iter()
        .filter(|send| matches!(send.answer, Answer::Accepted { .. }))
        .map(|send| send.text.as_str())
        .collect();
    let shown = side.sandbox.phone_messages().into_iter();
    let lost = shown.filter(|shown| shown.body().is_some_and(|text| !told.contains(text)));
    let lost = lost.filter_map(|shown| {
        let conversation = tenant.conversations.iter().find(|conversation| {
            let account = &tenant.accounts[conversation.account];
            conversation.customer == shown.to && account.id == shown.from
        });
        Some((shown.message_id, conversation?))
    });
    for (message, conversation) in lost.take(LATE_TAPS) {
        load::tap(side, tenant, journal, conversation, &message, 0, None);
    }
}

/// What the last look showed.
struct Settled {
    history: History,
    violations: Vec<Violation>,
    held_last: Vec<String>,
}

/// Looks again and again until every promise holds, or the time is over.
async fn settle(
    sides: &[&Side],
    journal: &Journal,
    damage: &Damage,
    deadline: Instant,
) -> anyhow::Result<Settled> {
    let mut held_last = Vec::new();
    for side in sides {
        // What is not delivered by then was not taken, and promises nothing.
        let _ = tokio::time::timeout_at(deadline, side.sandbox.settled()).await;
    }
    loop {
        let observed = observe::history(sides, journal, damage).await;
        let is_over = Instant::now() >= deadline;
        match observed {
            Ok(history) => {
                let violations = checker::check(&history);
                if violations.is_empty() || is_over {
                    return Ok(Settled {
                        history,
                        violations,
                        held_last,
                    });
                }
                held_last = violations.iter().map(ToString::to_string).collect();
            }
            Err(error) if is_over => return Err(error),
            Err(error) => held_last = vec![format!("{error:#}")],
        }
        tokio::time::sleep(LOOK).await;
    }
}
