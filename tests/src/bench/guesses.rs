//! Wrong passwords for users and for e-mail addresses without a user: the time of the answer must not tell which
//! it was.

use std::net::SocketAddr;

use super::gateway::Gateway;
use super::logins::{self, PEOPLE};

/// Guesses for each e-mail address: fewer than a limit of attempts.
const ROUNDS: usize = 6;

/// Values of [`Guesses::z`] beyond this do not come by chance: one in 15,000 runs has such a value.
pub const MAX_Z: f64 = 4.0;

/// How long the answers took.
pub struct Guesses {
    /// Median for addresses that have a user, in microseconds.
    pub known: u64,
    /// Median for addresses that have none.
    pub unknown: u64,
    /// Statistic of Mann and Whitney's rank test: how far the two differ, in standard deviations.
    pub z: f64,
}

/// Guesses in turn for an e-mail address that has a user and for one that has none, each time from an address of its
/// own.
pub async fn measure(gateway: &Gateway) -> anyhow::Result<Guesses> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for guess in 0..ROUNDS * PEOPLE {
        let person = guess % PEOPLE;
        known.push(wrong(gateway.address, &logins::email(person), guess).await?);
        let stranger = format!("street{person}@example.com");
        unknown.push(wrong(gateway.address, &stranger, guess).await?);
    }
    known.sort_unstable();
    unknown.sort_unstable();
    Ok(Guesses {
        known: known[known.len() / 2],
        unknown: unknown[unknown.len() / 2],
        z: z(&known, &unknown),
    })
}

async fn wrong(server: SocketAddr, email: &str, guess: usize) -> anyhow::Result<u64> {
    let from = format!("198.18.{}.{}", guess / 250, guess % 250);
    logins::sign_in(server, email, "a wrong password", &from, 401).await
}

/// Computes how far the ranks of the one are from those of the other; both are sorted.
fn z(one: &[u64], other: &[u64]) -> f64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_test_tells_a_small_shift_from_none() {
        let times = |from: u64| -> Vec<_> { (from..from + 300).collect() };
        assert!(z(&times(0), &times(0)).abs() < 0.01);
        assert!(z(&times(100), &times(0)) > MAX_Z);
        assert!(z(&times(0), &times(100)) < -MAX_Z);
    }
}
