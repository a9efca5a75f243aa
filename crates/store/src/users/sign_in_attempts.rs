//! Attempts to sign in: counted before a password is compared, by address, by account, and by both.
//!
//! An account is an e-mail address, whether or not a user has it, so that a refusal does not tell which addresses
//! have users. Naming an organization does not change the account. A window begins with its first attempt.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::normalized;
use crate::prelude::*;
use crate::resources::audit::{AuditAction, Author, insert_entry};

/// How many attempts are let through in a window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInLimit {
    /// The number of attempts.
    pub attempts: u32,
    /// The length of the window.
    pub window: Duration,
}

/// Attempts from one address; an IPv6 network of 64 bits counts as one address.
pub const ADDRESS_LIMIT: SignInLimit = SignInLimit {
    attempts: 20,
    window: Duration::from_mins(15),
};

/// Attempts to sign in to one account from one address.
pub const ACCOUNT_AND_ADDRESS_LIMIT: SignInLimit = SignInLimit {
    attempts: 5,
    window: Duration::from_mins(15),
};

/// Attempts to sign in to one account from all addresses.
pub const ACCOUNT_LIMIT: SignInLimit = SignInLimit {
    attempts: 100,
    window: Duration::from_hours(1),
};

/// Whether an attempt to sign in is let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInAttempt {
    /// It was counted, and the password may be compared.
    Allowed,
    /// It was not counted; the next one may be allowed at this instant.
    RefusedUntil(Timestamp),
}

#[derive(Clone)]
struct Subject {
    hash: Vec<u8>,
    limit: SignInLimit,
}

/// The subjects of an attempt, in the order in which every transaction takes their rows. The address comes
/// first: what is refused for it leaves no row for the account, which the caller makes up.
type Subjects = [Subject; 3];

fn subjects(email: &str, address: Option<IpAddr>) -> Subjects {
    let address = address.map_or_else(String::new, |address| network(address).to_string());
    let account = normalized(email);
    [
        (format!("address\0{address}"), ADDRESS_LIMIT),
        (
            format!("both\0{address}\0{account}"),
            ACCOUNT_AND_ADDRESS_LIMIT,
        ),
        (format!("account\0{account}"), ACCOUNT_LIMIT),
    ]
    .map(|(subject, limit)| Subject {
        // A fixed length; the table holds no addresses.
        hash: Sha256::digest(subject).to_vec(),
        limit,
    })
}

/// Returns the address that attempts are counted by.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [one, two, three, four, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(one, two, three, four, 0, 0, 0, 0))
        }
        IpAddr::V4(address) => IpAddr::V4(address),
    }
}

impl Store {
    /// Counts an attempt to sign in, unless one of its limits is reached; all servers count together.
    pub async fn begin_sign_in(
        &self,
        email: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<SignInAttempt> {
        let subjects = subjects(email, address);
        // A flood of refused attempts only reads.
        if let Some(until) = self.refused_until(&subjects, now).await? {
            return Ok(SignInAttempt::RefusedUntil(until));
        }
        let counting = subjects.clone();
        let counted = self.transaction(move |connection| {
            Box::pin(async move {
                for (index, subject) in counting.iter().enumerate() {
                    if !count(subject, now, connection).await? {
                        give_back(&counting[..index], connection).await?;
                        return Ok(false);
                    }
                }
                Ok(true)
            })
        });
        if counted.await? {
            return Ok(SignInAttempt::Allowed);
        }
        let until = self.refused_until(&subjects, now).await?;
        Ok(SignInAttempt::RefusedUntil(until.unwrap_or(now)))
    }

    /// Gives back an attempt that was counted, since its password was right.
    pub async fn give_back_sign_in(&self, email: &str, address: Option<IpAddr>) -> Result<()> {
        let subjects = subjects(email, address);
        self.transaction(move |connection| {
            Box::pin(async move { give_back(&subjects, connection).await })
        })
        .await
    }

    /// Records that a sign-in failed: in the log of the organization that was named, if it has a user with this
    /// e-mail address; if none was named, of the only one that has; or else in the operators' log.
    pub async fn note_failed_sign_in(
        &self,
        organization: Option<&OrganizationId>,
        email: &str,
        author: &Author,
    ) -> Result<()> {
        let email = normalized(email);
        let text = insert_entry!(
            "coalesce((select organization_id from users where organization_id = $2 and email = $10), \
             (select max(organization_id) from users where $2 is null and email = $10 \
             having count(*) = 1))"
        );
        let action = AuditAction::SignInFailed;
        let query = author.entry(text, organization, action, None, Some(&email));
        self.write_count(query.bind(email)).await.map(drop)
    }

    /// Returns when the last of the windows ends whose limit is reached, if there is one.
    async fn refused_until(
        &self,
        subjects: &Subjects,
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        let [one, two, three] = subjects.each_ref().map(|subject| subject.hash.clone());
        let query = Query::new(
            "select subject, attempts, ends_at from sign_in_attempts \
             where subject in ($1, $2, $3) and ends_at > $4",
        )
        .bind(one)
        .bind(two)
        .bind(three)
        .instant(now);
        let mut until = None;
        for row in &self.read_rows(query).await? {
            let columns = Columns::new(row, "sign_in_attempts", "ends_at");
            let (hash, attempts): (&[u8], i64) =
                (columns.get("subject")?, columns.get("attempts")?);
            let mut reached = subjects
                .iter()
                .filter(|subject| attempts >= i64::from(subject.limit.attempts));
            if reached.any(|subject| subject.hash == hash) {
                until = until.max(Some(columns.get("ends_at")?));
            }
        }
        Ok(until)
    }
}

/// Counts an attempt of a subject; returns `false` if its limit is reached.
async fn count(subject: &Subject, now: Timestamp, connection: &mut Connection) -> Result<bool> {
    let ends_at = now.checked_add(subject.limit.window);
    let query = Query::new(
        "insert into sign_in_attempts (subject, attempts, ends_at) values ($1, 1, $2) \
         on conflict (subject) do update set \
         attempts = case when sign_in_attempts.ends_at <= $3 then 1 \
         else sign_in_attempts.attempts + 1 end, \
         ends_at = case when sign_in_attempts.ends_at <= $3 then excluded.ends_at \
         else sign_in_attempts.ends_at end \
         where sign_in_attempts.ends_at <= $3 or sign_in_attempts.attempts < $4 \
         returning attempts",
    )
    .bind(subject.hash.clone())
    .bind(ends_at.unwrap_or(Timestamp::MAX).as_millisecond())
    .instant(now)
    .bind(i64::from(subject.limit.attempts));
    Ok(query.fetch_optional(connection).await?.is_some())
}

async fn give_back(subjects: &[Subject], connection: &mut Connection) -> Result<()> {
    for subject in subjects {
        Query::new(
            "update sign_in_attempts set attempts = attempts - 1 \
             where subject = $1 and attempts > 0",
        )
        .bind(subject.hash.clone())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_accounts_share_a_count() {
        let address = Some("192.0.2.7".parse().unwrap());
        let all = [
            subjects("ana@example.com", None),
            subjects("ana@example.com", address),
            subjects("bia@example.com", address),
        ];
        let hashes: std::collections::BTreeSet<_> =
            all.iter().flatten().map(|subject| &subject.hash).collect();
        // Two addresses, three pairs, two accounts.
        assert_eq!(hashes.len(), 2 + 3 + 2);
        let same = subjects(" ANA@example.com ", address);
        assert!(
            all[1]
                .iter()
                .zip(&same)
                .all(|(one, other)| one.hash == other.hash)
        );
    }
}
