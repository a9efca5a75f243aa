//! What happens to servers, connections and the database during a storm.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::ValueEnum;
use fastrand::Rng;
use tokio::time::{Instant, MissedTickBehavior};

use super::history::{Loss, Period};
use super::load::Journal;
use super::postgres::Postgres;
use super::side::Side;
use super::weather;

/// A paused server that is continued after this time may find that its answers came too late, in milliseconds.
const TOO_LONG: u64 = 8000;

/// How long after a cut a connection may still be thought to stand, in milliseconds.
const AFTERSHOCK: u64 = 1000;

/// One kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Trouble {
    /// kill -9 of a server
    Kill,
    /// SIGTERM and a restart of a server
    Restart,
    /// SIGSTOP of a server for up to four seconds
    Pause,
    /// SIGSTOP of a server for longer than its claims last; in storms of a minute and more
    LongPause,
    /// The providers refuse connections, and cut those that stand
    Cut,
    /// A restart of PostgreSQL
    DatabaseRestart,
    /// PostgreSQL is away for up to four seconds
    DatabaseStop,
}

/// What the checker must know of the trouble.
#[derive(Clone, Default)]
pub struct Damage {
    written: Arc<Mutex<Written>>,
}

/// The trouble so far.
#[derive(Default, Clone)]
pub struct Written {
    /// The moments in which answers were lost.
    pub losses: Vec<Loss>,
    /// When servers were stopped shortly.
    pub pauses: Vec<Loss>,
    /// When the database was away.
    pub outages: Vec<Period>,
    /// Everything that was done, in the order of its end.
    pub strikes: Vec<Strike>,
}

/// One trouble.
#[derive(Debug, Clone)]
pub struct Strike {
    pub trouble: Trouble,
    /// The name of the side, and the number of the server that was chosen.
    pub side: &'static str,
    pub server: Option<usize>,
    pub period: Period,
}

impl Damage {
    /// Returns what has happened so far.
    pub fn copy(&self) -> Written {
        self.change(|written| written.clone())
    }

    fn struck(&self, strike: Strike) {
        self.change(|written| written.strikes.push(strike));
    }

    fn lost(&self, side: &Side, server: Option<usize>, period: Period) {
        let loss = Loss::of(side, server, period);
        self.change(|written| written.losses.push(loss));
    }

    fn paused(&self, side: &Side, server: usize, period: Period) {
        let pause = Loss::of(side, Some(server), period);
        self.change(|written| written.pauses.push(pause));
    }

    fn change<T>(&self, change: impl FnOnce(&mut Written) -> T) -> T {
        change(&mut self.written.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Loss {
    fn of(side: &Side, server: Option<usize>, period: Period) -> Self {
        Self {
            server,
            organizations: side.organizations(),
            period,
        }
    }
}

/// Lets so many milliseconds pass. How long a trouble lasts, and how far two are apart, is a part of the load. A cut has to
/// be shorter than `AFTERSHOCK`.
async fn lasts(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// What troubles one side.
pub struct Chaos {
    pub side: Arc<Side>,
    pub journal: Journal,
    pub damage: Damage,
    pub troubles: Vec<Trouble>,
    pub random: Rng,
}

impl Chaos {
    /// Makes one trouble after the other until the storm ends; every server runs afterwards.
    pub async fn run(mut self, end: Instant) -> anyhow::Result<()> {
        use Trouble::{Cut, Kill, LongPause, Pause, Restart};
        let mut kinds = vec![Kill, Kill, Restart, Pause, Cut, LongPause];
        kinds.retain(|kind| self.troubles.contains(kind));
        loop {
            lasts(self.random.u64(500..2500)).await;
            if Instant::now() >= end {
                return Ok(());
            }
            let Some(trouble) = self.random.choice(&kinds).copied() else {
                continue;
            };
            let slot = self.random.usize(0..self.side.slots.len());
            self.side.slots[slot].revive().await?;
            let from = self.journal.now();
            self.strike(trouble, slot).await?;
            self.damage.struck(Strike {
                trouble,
                side: self.side.name,
                server: Some(slot),
                period: self.journal.since(from),
            });
        }
    }

    async fn strike(&mut self, trouble: Trouble, slot: usize) -> anyhow::Result<()> {
        let side = Arc::clone(&self.side);
        let server = &side.slots[slot];
        let from = self.journal.now();
        match trouble {
            Trouble::Kill => {
                server.kill().await?;
                let until = self.journal.now();
                self.damage.lost(&side, Some(slot), Period { from, until });
                side.lead_to_servers();
                lasts(self.random.u64(0..1500)).await;
                server.start().await?;
            }
            Trouble::Restart => {
                server.stop().await?;
                server.start().await?;
            }
            Trouble::Pause => {
                let time = self.random.u64(300..4000);
                server.pause(Duration::from_millis(time)).await?;
                self.damage.paused(&side, slot, self.journal.since(from));
            }
            Trouble::LongPause => {
                let time = self.random.u64(TOO_LONG..20_000);
                server.pause(Duration::from_millis(time)).await?;
                let until = self.journal.now() + AFTERSHOCK;
                self.damage.lost(&side, Some(slot), Period { from, until });
            }
            Trouble::Cut => {
                side.providers.close();
                let until = from + AFTERSHOCK;
                self.damage.lost(&side, None, Period { from, until });
                lasts(self.random.u64(50..800)).await;
                side.providers.open();
            }
            Trouble::DatabaseRestart | Trouble::DatabaseStop => {}
        }
        side.lead_to_servers();
        Ok(())
    }

    /// Changes the providers' faults and how their webhooks come until the storm ends.
    pub async fn weather(side: Arc<Side>, mut random: Rng, end: Instant) {
        let mut change = Instant::now();
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while ticks.tick().await < end {
            weather::plan_faults(&side.sandbox, &mut random);
            if Instant::now() >= change {
                weather::change_webhooks(&side.sandbox, &mut random);
                change = Instant::now() + Duration::from_millis(random.u64(500..2000));
            }
        }
    }

    /// Restarts the database after a third of the storm, and stops it for a while after two thirds.
    pub async fn database(mut self, postgres: Postgres, time: Duration) -> anyhow::Result<()> {
        let begun = Instant::now();
        tokio::time::sleep_until(begun + time / 3).await;
        if self.troubles.contains(&Trouble::DatabaseRestart) {
            let from = self.journal.now();
            postgres.restart().await?;
            self.outage(Trouble::DatabaseRestart, from);
        }
        tokio::time::sleep_until(begun + time * 2 / 3).await;
        if self.troubles.contains(&Trouble::DatabaseStop) {
            let from = self.journal.now();
            postgres.stop().await?;
            lasts(self.random.u64(1500..4000)).await;
            postgres.start().await?;
            self.outage(Trouble::DatabaseStop, from);
        }
        Ok(())
    }

    fn outage(&self, trouble: Trouble, from: u64) {
        self.damage.struck(Strike {
            trouble,
            side: self.side.name,
            server: None,
            period: self.journal.since(from),
        });
        let until = self.journal.now() + AFTERSHOCK;
        let outage = Period { from, until };
        self.damage.change(|written| written.outages.push(outage));
    }
}
