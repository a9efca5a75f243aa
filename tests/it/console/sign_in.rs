//! Attempts to sign in: how many are let through, and that no answer tells whether an account exists.

use std::collections::BTreeSet;

use recado_server::sign_in::set_password_by_link;
use recado_store::ACCOUNT_AND_ADDRESS_LIMIT;
use recado_tests::people::{ORGANIZATION, PASSWORD};
use recado_tests::prelude::*;
use tokio::task::JoinSet;

const EMAIL: &str = "ana@example.com";

/// An attempt from an address, as a proxy beside the server tells it.
async fn attempt(client: &Client, address: &str, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    let request = client.anonymous().request(Method::POST, "/sessions");
    answer(request.header("x-forwarded-for", address).json(&body)).await
}

#[tokio::test]
async fn of_a_thousand_wrong_passwords_on_all_servers_five_are_tried() {
    const CONNECTIONS: usize = 50;
    const EACH: usize = 20;
    let world = World::start().await;
    people::user(&world.store, ORGANIZATION, "owner", EMAIL).await;
    let other = Server::second(&world.database, &world.sandbox_urls).await;
    let other = other.as_ref().map_or(&world.url, |server| &server.url);
    let mut connections = JoinSet::new();
    for number in 0..CONNECTIONS {
        let url = if number % 2 == 0 { &world.url } else { other };
        // An HTTP client of its own, so that its connection is its own too.
        let client = Client::new(url, "");
        connections.spawn(async move {
            let mut tried = 0;
            for _ in 0..EACH {
                let refused = attempt(&client, "203.0.113.1", EMAIL, "a wrong password").await;
                match refused.status.as_u16() {
                    401 => tried += 1,
                    status => {
                        assert_eq!(status, 429, "{}", refused.text);
                        let wait = refused.headers["retry-after"].to_str().expect("a text");
                        let wait: u64 = wait.parse().expect("seconds");
                        // Rounded up; the clocks of two servers may differ a little.
                        assert!((1..=15 * 60 + 5).contains(&wait), "{wait}");
                    }
                }
            }
            tried
        });
    }
    let tried: u32 = soon("all attempts", connections.join_all())
        .await
        .into_iter()
        .sum();
    assert_eq!(tried, ACCOUNT_AND_ADDRESS_LIMIT.attempts);
    let right = attempt(&world.client, "203.0.113.1", EMAIL, PASSWORD).await;
    right.refused(429, "rate_limited");
    let elsewhere = attempt(&world.client, "203.0.113.2", EMAIL, PASSWORD).await;
    elsewhere.expect(201);
}

#[tokio::test]
async fn a_right_password_gives_its_attempt_back() {
    let world = World::start().await;
    people::user(&world.store, ORGANIZATION, "owner", EMAIL).await;
    for _ in 0..2 * ACCOUNT_AND_ADDRESS_LIMIT.attempts {
        let right = attempt(&world.client, "203.0.113.4", EMAIL, PASSWORD).await;
        right.expect(201);
    }
}

#[tokio::test]
async fn no_answer_and_no_work_tells_whether_an_account_exists() {
    let world = World::start().await;
    people::user(&world.store, ORGANIZATION, "owner", EMAIL).await;
    // A user who has not set a password.
    let user = json!({"email": "new@example.com", "name": "New", "role": "viewer"});
    world.client.create("/users", user).await;
    // A user whose e-mail has an account in two organizations.
    organization(&world.operator, "other").await;
    for organization in [ORGANIZATION, "other"] {
        people::user(&world.store, organization, "owner", "two@example.com").await;
    }
    let mut answers = BTreeSet::new();
    let wrong = ["a wrong password", "x", PASSWORD];
    for (number, email, passwords) in [
        (0, EMAIL, &wrong[..2]),
        (1, "unknown@example.com", &wrong),
        (2, "new@example.com", &wrong),
        (3, "two@example.com", &wrong[..2]),
    ] {
        let address = format!("203.0.113.{number}");
        for password in passwords {
            let before = world.app.passwords.computed();
            let mut refused = attempt(&world.client, &address, email, password).await;
            let hashes = world.app.passwords.computed() - before;
            refused.body["requestId"].take();
            let mut names: Vec<_> = refused.headers.keys().map(ToString::to_string).collect();
            names.sort();
            answers.insert((
                refused.status.as_u16(),
                refused.body.to_string(),
                refused.text.len(),
                names,
                hashes,
            ));
        }
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
    let (status, body, _, _, hashes) = answers.first().expect("an answer");
    assert_eq!((*status, *hashes), (401, 2));
    assert_contains(body, "The e-mail address or the password is wrong");
}

#[tokio::test]
async fn an_email_with_several_accounts_signs_in_where_it_says() {
    let world = World::start().await;
    organization(&world.operator, "other").await;
    for organization in [ORGANIZATION, "other"] {
        people::user(&world.store, organization, "owner", EMAIL).await;
        let body = json!({"email": EMAIL, "password": PASSWORD, "organizationId": organization});
        let signed_in = world.client.anonymous().create("/sessions", body).await;
        assert_eq!(signed_in["organizationId"], organization);
    }
    let unnamed = attempt(&world.client, "203.0.113.5", EMAIL, PASSWORD).await;
    assert_eq!(unnamed.expect(201)["organizationId"], ORGANIZATION);
}

#[tokio::test]
async fn an_owner_elsewhere_learns_nothing_from_a_user_with_the_same_email_and_disturbs_no_one() {
    let world = World::start().await;
    let own = organization(&world.operator, "other").await;
    let stranger = world.client.with_key(&own);
    for (number, is_known) in [false, true].into_iter().enumerate() {
        let email = format!("person{number}@example.com");
        if is_known {
            people::user(&world.store, ORGANIZATION, "owner", &email).await;
        }
        let user = json!({"email": email, "name": "Bait", "role": "viewer"});
        let bait = stranger.create("/users", user).await;
        let link = text(&bait["link"]["url"]);
        let (_, secret) = link.rsplit_once('/').expect("a secret");
        let password = "another long password";
        let set = set_password_by_link(&world.app, secret, password.into(), None).await;
        assert!(set.is_ok_and(|user| user.is_some()));
        let before = world.app.passwords.computed();
        let own = attempt(&world.client, "203.0.113.7", &email, password).await;
        assert_eq!(own.expect(201)["organizationId"], "other");
        assert_eq!(world.app.passwords.computed() - before, 2);
    }
    let email = "person1@example.com";
    let disturbed = attempt(&world.client, "203.0.113.8", email, PASSWORD).await;
    assert_eq!(disturbed.expect(201)["organizationId"], ORGANIZATION);
}

#[tokio::test]
async fn a_body_of_a_stranger_is_small() {
    let world = World::start().await;
    let long = "x".repeat(17 * 1024);
    let refused = attempt(&world.client, "203.0.113.6", EMAIL, &long).await;
    refused.refused(413, "body_too_large");
    refused.says("over 16 KiB");
    for (email, password) in [("ana", PASSWORD), ("", PASSWORD), (EMAIL, "")] {
        let refused = attempt(&world.client, "203.0.113.6", email, password).await;
        refused.refused(400, "invalid_body");
    }
}
