//! Attempts to sign in are counted before a password is compared, on all servers together.

use std::net::IpAddr;

use recado_store::{
    ACCOUNT_AND_ADDRESS_LIMIT, ACCOUNT_LIMIT, ADDRESS_LIMIT, SignInAttempt, SignInLimit, Store,
};
use rstest::rstest;
use sqlx::Row as _;
use tokio::task::JoinSet;

use crate::users::accounts::servers;
use crate::world::{World, at, ok};

const MINUTE: i64 = 60_000;

fn address(number: u32) -> IpAddr {
    IpAddr::V4((0xc000_0200 + number).into())
}

/// Makes an attempt for `ana`.
async fn attempt(store: &Store, address: IpAddr, now: i64) -> SignInAttempt {
    of(store, "ana@example.com", address, now).await
}

async fn of(store: &Store, email: &str, address: IpAddr, now: i64) -> SignInAttempt {
    ok(store.begin_sign_in(email, Some(address), at(now))).await
}

fn count(limit: SignInLimit) -> usize {
    usize::try_from(limit.attempts).unwrap()
}

#[test]
fn the_limits_are_the_published_ones() {
    let limits = [ACCOUNT_AND_ADDRESS_LIMIT, ADDRESS_LIMIT, ACCOUNT_LIMIT];
    let limits = limits.map(|limit| (limit.attempts, limit.window.as_secs() / 60));
    assert_eq!(limits, [(5, 15), (20, 15), (100, 60)]);
}

#[tokio::test]
async fn an_account_is_tried_five_times_from_one_address_until_the_window_ends() {
    let World { store, .. } = &World::new().await;
    for number in 0..5 {
        let told = attempt(store, address(1), 1_000 + number).await;
        assert_eq!(told, SignInAttempt::Allowed);
    }
    let end = 1_000 + 15 * MINUTE;
    for now in [2_000, end - 1] {
        let told = attempt(store, address(1), now).await;
        assert_eq!(told, SignInAttempt::RefusedUntil(at(end)));
    }
    // From elsewhere and to another account it is another count.
    let found = attempt(store, address(2), 2_000).await;
    assert_eq!(found, SignInAttempt::Allowed);
    let other = of(store, "bia@example.com", address(1), 2_000).await;
    assert_eq!(other, SignInAttempt::Allowed);
    // In another notation it is the same.
    let same = of(store, " Ana@Example.COM", address(1), 2_000).await;
    assert_eq!(same, SignInAttempt::RefusedUntil(at(end)));
    for _ in 0..5 {
        let listed = attempt(store, address(1), end).await;
        assert_eq!(listed, SignInAttempt::Allowed);
    }
    let told = attempt(store, address(1), end).await;
    assert_eq!(told, SignInAttempt::RefusedUntil(at(end + 15 * MINUTE)));
}

#[tokio::test]
async fn one_address_tries_twenty_times_over_all_accounts() {
    let world = World::new().await;
    let store = &world.store;
    for number in 0..20 {
        let email = format!("user{number}@example.com");
        let told = of(store, &email, address(1), 1_000).await;
        assert_eq!(told, SignInAttempt::Allowed);
    }
    let end = at(1_000 + 15 * MINUTE);
    for number in 0..50 {
        let email = format!("other{number}@example.com");
        let told = of(store, &email, address(1), 1_000).await;
        assert_eq!(told, SignInAttempt::RefusedUntil(end));
    }
    let listed = attempt(store, address(2), 1_000).await;
    assert_eq!(listed, SignInAttempt::Allowed);
    // What is refused leaves nothing behind: 1 + 2 addresses, and two counts for each account that was tried.
    let mut raw = world.raw().await;
    let row = sqlx::query("select count(*) as found from sign_in_attempts")
        .fetch_one(&mut raw)
        .await
        .unwrap();
    assert_eq!(row.get::<i64, _>("found"), 2 + 2 * 21);
}

#[rstest]
#[case::one_network("2001:db8:1:2::", "2001:db8:1:2:3:4:5:6", "2001:db8:1:3::")]
#[case::one_ipv4_address_in_ipv6("::ffff:192.0.2.7", "192.0.2.7", "::ffff:192.0.2.8")]
#[tokio::test]
async fn an_ipv6_network_of_64_bits_counts_as_one_address(
    #[case] first: IpAddr,
    #[case] same: IpAddr,
    #[case] other: IpAddr,
) {
    let World { store, .. } = &World::new().await;
    for (email, limit) in [
        (Some("ana@example.com"), ACCOUNT_AND_ADDRESS_LIMIT),
        (None, ADDRESS_LIMIT),
    ] {
        let mut allowed = 0;
        for number in 0..30 {
            let each = format!("user{number}@example.com");
            let address = if number % 2 == 0 { first } else { same };
            let told = of(store, email.unwrap_or(&each), address, 1_000).await;
            allowed += usize::from(told == SignInAttempt::Allowed);
        }
        // The attempts for the account count for the address as well.
        let before = if email.is_some() { 0 } else { 5 };
        assert_eq!(allowed, count(limit) - before);
    }
    assert_eq!(attempt(store, other, 1_000).await, SignInAttempt::Allowed);
}

#[tokio::test]
async fn one_account_is_tried_a_hundred_times_an_hour_from_all_addresses() {
    let World { store, .. } = &World::new().await;
    for number in 0..100 {
        let told = attempt(store, address(number), 1_000).await;
        assert_eq!(told, SignInAttempt::Allowed);
    }
    let told = attempt(store, address(100), 1_000).await;
    assert_eq!(told, SignInAttempt::RefusedUntil(at(1_000 + 60 * MINUTE)));
    // What was refused counts for the address neither.
    for number in 0..20 {
        let email = format!("user{number}@example.com");
        let told = of(store, &email, address(100), 1_000).await;
        assert_eq!(told, SignInAttempt::Allowed);
    }
    let told = attempt(store, address(100), 1_000 + 60 * MINUTE).await;
    assert_eq!(told, SignInAttempt::Allowed);
}

#[tokio::test]
async fn what_one_address_is_refused_does_not_lock_the_account_for_others() {
    let World { store, .. } = &World::new().await;
    for _ in 0..200 {
        attempt(store, address(1), 1_000).await;
    }
    let found = attempt(store, address(2), 1_000).await;
    assert_eq!(found, SignInAttempt::Allowed);
}

#[tokio::test]
async fn a_right_password_gives_its_attempt_back() {
    let World { store, .. } = &World::new().await;
    let forgive = async || {
        ok(store.give_back_sign_in("ana@example.com", Some(address(1)))).await;
    };
    for _ in 0..50 {
        let found = attempt(store, address(1), 1_000).await;
        assert_eq!(found, SignInAttempt::Allowed);
        forgive().await;
    }
    // It gives back one and not all.
    for _ in 0..5 {
        let listed = attempt(store, address(1), 1_000).await;
        assert_eq!(listed, SignInAttempt::Allowed);
    }
    forgive().await;
    let told = attempt(store, address(1), 1_000).await;
    assert_eq!(told, SignInAttempt::Allowed);
    assert_ne!(
        attempt(store, address(1), 1_000).await,
        SignInAttempt::Allowed
    );
    // Nothing is given back for an account without attempts.
    for _ in 0..3 {
        ok(store.give_back_sign_in("bia@example.com", Some(address(9)))).await;
    }
    let mut allowed = 0;
    while of(store, "bia@example.com", address(9), 1_000).await == SignInAttempt::Allowed {
        allowed += 1;
    }
    assert_eq!(allowed, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_attempts_at_once_on_two_servers_let_no_more_through() {
    let World { store, database } = &World::new().await;
    let servers = servers(database, store).await;
    let storm = async |email: fn(usize) -> String, address: fn(u32) -> IpAddr| {
        let mut tasks = JoinSet::new();
        for number in 0..50_u32 {
            let server = servers[number as usize % 2].clone();
            tasks.spawn(async move {
                let mut allowed = 0;
                for round in 0..10 {
                    let email = email(number as usize * 10 + round);
                    let told = server
                        .begin_sign_in(&email, Some(address(number)), at(1_000))
                        .await;
                    allowed += usize::from(told.unwrap() == SignInAttempt::Allowed);
                }
                allowed
            });
        }
        tasks.join_all().await.into_iter().sum::<usize>()
    };
    let one_of_both = storm(|_| "ana@example.com".to_owned(), |_| address(1)).await;
    assert_eq!(one_of_both, count(ACCOUNT_AND_ADDRESS_LIMIT));
    let one_address = storm(|number| format!("{number}@example.com"), |_| address(2)).await;
    assert_eq!(one_address, count(ADDRESS_LIMIT));
    let one_account = storm(
        |_| "bia@example.com".to_owned(),
        |number| address(100 + number),
    )
    .await;
    assert_eq!(one_account, count(ACCOUNT_LIMIT));
}
