//! Wrong passwords for users and for e-mail addresses without a user: the time of the answer must not tell which
//! it was.

use std::net::SocketAddr;

use hdrhistogram::Histogram;

use super::logins::{self, PEOPLE};
use crate::bench::context::Bench;
use crate::bench::gateway::Gateway;
use crate::bench::load::milliseconds;
use crate::bench::report::metric::Metric;

const AREA: &str = "guesses";

/// Guesses for each e-mail address: fewer than a limit of attempts.
const GUESSES: usize = 6;

/// Values of [`Guesses::z`] beyond this do not come by chance: one in 15,000 runs has such a value.
const MAX_Z: f64 = 4.0;

/// How long the answers took, in microseconds, in the order of their length.
struct Guesses {
    known: Vec<u64>,
    unknown: Vec<u64>,
}

/// Measures once, however many rounds others take: the limits of attempts allow no more.
pub(super) async fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    for gateway in bench.gateways(&[1]).await? {
        logins::prepare(&gateway).await?;
        let guesses = guess(&gateway).await?;
        let (subject, z) = (gateway.database.subject(), guesses.z());
        for (case, times) in [("a user", &guesses.known), ("not a user", &guesses.unknown)] {
            let mut latency = Histogram::<u64>::new(3)?;
            for time in times {
                latency.record(*time)?;
            }
            let values = [
                (Metric::P50, milliseconds(&latency, 0.5)),
                (Metric::RankZ, z),
            ];
            bench.samples.add_all(AREA, case, subject, &values);
        }
        if z.abs() > MAX_Z {
            bench.failures.push(format!(
                "{subject}: the time of an answer tells whether the e-mail address has a user: z is {z:.2}"
            ));
        }
    }
    Ok(())
}

/// Guesses in turn for an e-mail address that has a user and for one that has none, each time from an address of its
/// own.
async fn guess(gateway: &Gateway) -> anyhow::Result<Guesses> {
    let address = gateway.address()?;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for guess in 0..GUESSES * PEOPLE {
        let person = guess % PEOPLE;
        known.push(wrong(address, &logins::email(person), guess).await?);
        let stranger = format!("street{person}@example.com");
        unknown.push(wrong(address, &stranger, guess).await?);
    }
    known.sort_unstable();
    unknown.sort_unstable();
    Ok(Guesses { known, unknown })
}

async fn wrong(server: SocketAddr, email: &str, guess: usize) -> anyhow::Result<u64> {
    let from = format!("198.18.{}.{}", guess / 250, guess % 250);
    logins::sign_in(server, email, "a wrong password", &from, 401).await
}

impl Guesses {
    /// Computes the statistic of Mann and Whitney's rank test: how far the two differ, in standard deviations.
    fn z(&self) -> f64 {
        let (one, other) = (&self.known, &self.unknown);
        let wins: usize = one
            .iter()
            .map(|time| {
                let below = other.partition_point(|value| value < time);
                let not_above = other.partition_point(|value| value <= time);
                // A tie counts half; the sum is doubled so that it stays whole.
                below + not_above
            })
            .sum();
        let [wins, n, m] =
            [wins, one.len(), other.len()].map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        let (wins, n, m) = (f64::from(wins) / 2.0, f64::from(n), f64::from(m));
        (wins - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_test_tells_a_small_shift_from_none() {
        let times = |from: u64| -> Vec<_> { (from..from + 300).collect() };
        let z = |from, other| {
            let (known, unknown) = (times(from), times(other));
            Guesses { known, unknown }.z()
        };
        assert!(z(0, 0).abs() < 0.01);
        assert!(z(100, 0) > MAX_Z);
        assert!(z(0, 100) < -MAX_Z);
    }
}
