//! Sessions: people sign in, call with a cookie, and sign out; a cookie that is not valid sends nothing.

use jiff::SignedDuration;
use recado_server::app::App;
use recado_server::serve::ConnectionLimits;
use recado_store::{Author, User};
use recado_tests::client::COOKIE;
use recado_tests::people::{ORGANIZATION, PASSWORD};
use recado_tests::prelude::*;
use recado_tests::world::PUBLISHED_EXAMPLE;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use rstest::rstest;

const EMAIL: &str = "ana@example.com";

async fn ana(world: &World, role: &str) -> User {
    people::user(&world.store, ORGANIZATION, role, EMAIL).await
}

async fn sign_in(client: &Client, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    client.anonymous().post("/sessions", body).await
}

/// Sends the published example as a page with these headers would.
async fn example(client: &Client, conversation: &str, page: &[(&str, &str)]) -> Answer {
    let mut request = client.request(Method::POST, SEND);
    for (name, value) in page {
        request = request.header(*name, *value);
    }
    let body = PUBLISHED_EXAMPLE.replace("conv-456", conversation);
    answer(request.header(CONTENT_TYPE, "application/json").body(body)).await
}

#[tokio::test]
async fn a_person_signs_in_with_json_or_a_form_and_out() {
    let world = World::start().await;
    let ana = ana(&world, "agent").await;
    let anonymous = world.client.anonymous();
    let form = "email=%20ANA%40example.com&password=correct+horse+battery";
    let form = anonymous.request(Method::POST, "/sessions").body(form);
    let form = form.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    for signed_in in [
        sign_in(&anonymous, EMAIL, PASSWORD).await,
        answer(form).await,
    ] {
        let cookie = signed_in.headers["set-cookie"].to_str().expect("a text");
        let attributes = "; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax";
        assert!(cookie.ends_with(attributes), "{cookie}");
        let client = anonymous.with_session(&signed_in.session());
        let shown = signed_in.expect(201);
        shown.assert_has(json!({
            "user": {"id": ana.id.as_str(), "role": "agent"}, "scopes": ["read", "send"],
            "organizationId": ORGANIZATION
        }));
        let current = client.read("/sessions/current").await;
        assert_eq!(current["id"], shown["id"]);
        assert!(!current["user"]["lastSignInAt"].is_null());
        let out = client.delete("/sessions/current").await;
        assert_eq!(out.status, 204);
        assert_eq!(out.session(), "", "the browser forgets the cookie");
        let gone = client.get("/sessions/current").await;
        gone.refused(401, "unauthorized");
    }
}

#[tokio::test]
async fn the_published_example_with_a_session_is_sent_on_every_channel() {
    let world = World::start().await;
    ana(&world, "agent").await;
    let secret = sign_in(&world.client, EMAIL, PASSWORD).await.session();
    let client = world.client.with_session(&secret);
    for (provider, conversation) in CONVERSATIONS {
        for page in [
            &[
                ("sec-fetch-site", "same-origin"),
                ("origin", world.url.as_str()),
            ][..],
            // A browser of before 2023.
            &[("origin", world.url.as_str())],
            // No browser.
            &[],
        ] {
            world.sandbox.clear();
            let sent = example(&client, conversation, page).await;
            assert_eq!(sent.status, 200, "{provider}: {}", sent.text);
            let phone = world.sandbox.phone_messages();
            assert_eq!(phone.len(), 1, "{provider}");
            assert_eq!(phone[0].header(), Some("Select an option"));
            assert_eq!(phone[0].buttons().len(), 2, "{provider}");
        }
    }
}

#[rstest]
#[case::another_site(&[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")])]
#[case::another_port(&[("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:1")])]
#[case::another_site_of_an_old_browser(&[("origin", "https://evil.example")])]
#[case::a_sandboxed_frame(&[("origin", "null")])]
#[tokio::test]
async fn a_page_of_another_origin_sends_nothing_with_a_session(#[case] page: &[(&str, &str)]) {
    let world = World::start().await;
    let client = people::session(&world, "owner").await;
    for (_, conversation) in CONVERSATIONS {
        let refused = example(&client, conversation, page).await;
        refused.refused(403, "forbidden");
    }
    assert!(world.sandbox.requests().is_empty(), "nothing left");
}

#[tokio::test]
async fn a_session_that_does_not_count_is_refused_and_sends_nothing() {
    const UNAUTHORIZED: (u16, &str) = (401, "unauthorized");
    const FOREIGN: (u16, &str) = (403, "foreign_agent");
    let (world, now) = (World::start().await, Timestamp::now());
    let user = ana(&world, "owner").await;
    let session = async |user: &User, hours| {
        let begin = now - SignedDuration::from_hours(hours);
        people::session_of(&world.store, user, begin).await
    };
    let (ended, gone) = session(&user, 0).await;
    let (author, home) = (Author::command_line(now), &ended.organization_id);
    let end = world.store.end_session(home, &ended.id, &author);
    assert!(end.await.expect("an end"));
    organization(&world.operator, "other").await;
    let stranger = people::user(&world.store, "other", "owner", EMAIL).await;
    let (_, good) = session(&user, 0).await;
    let page = [("sec-fetch-site", "same-origin")];
    for (_, conversation) in CONVERSATIONS {
        for (what, secret, expected) in [
            ("forged", good[1..].to_owned(), UNAUTHORIZED),
            ("empty", String::new(), UNAUTHORIZED),
            ("idle", session(&user, 13).await.1, UNAUTHORIZED),
            ("old", session(&user, 31 * 24).await.1, UNAUTHORIZED),
            ("ended", gone.clone(), UNAUTHORIZED),
            ("foreign", session(&stranger, 0).await.1, FOREIGN),
        ] {
            let client = world.client.with_session(&secret);
            let (status, reason) = example(&client, conversation, &page).await.error();
            assert_eq!((status, &*reason), expected, "{what}");
        }
    }
    assert!(world.sandbox.requests().is_empty(), "nothing left");
    let sent = example(&world.client.with_session(&good), "conv-456", &page).await;
    sent.expect(200);
}

#[tokio::test]
async fn use_keeps_a_session_alive() {
    let (world, ahead) = World::with_clock().await;
    let (busy, idle) = (
        people::session(&world, "viewer").await,
        people::session(&world, "viewer").await,
    );
    let eleven_hours = Duration::from_hours(11);
    ahead.pass(eleven_hours);
    let used = world.app.clock.now();
    // The use is noted beside the request.
    until("the last use of the session", async || {
        let shown = busy.read("/sessions/current").await;
        let last_seen: Timestamp = text(&shown["lastSeenAt"]).parse().expect("a time");
        (last_seen.as_second() >= used.as_second()).then_some(())
    })
    .await;
    ahead.pass(eleven_hours);
    busy.read("/sessions/current").await;
    let ended = idle.get("/sessions/current").await;
    ended.refused(401, "unauthorized");
}

#[tokio::test]
async fn beside_an_authorization_the_session_does_not_count() {
    let world = World::start().await;
    let client = people::session(&world, "owner").await;
    for value in [
        b"Bearer recado_unknown".as_slice(),
        b"Bearer",
        b"",
        b"nonsense",
        b"Basic YTpi",
        b"Bearer \xff",
    ] {
        let request = client.request(Method::GET, "/agents");
        let value = HeaderValue::from_bytes(value).expect("a header");
        let refused = answer(request.header(AUTHORIZATION, value.clone())).await;
        refused.refused(401, "unauthorized");
    }
    let key = format!("Bearer {}", world.client.key());
    let by_key = client.request(Method::GET, "/sessions/current");
    let refused = answer(by_key.header(AUTHORIZATION, key)).await;
    refused.refused(403, "forbidden");
    client.read("/agents").await;
}

#[tokio::test]
async fn a_page_of_another_site_cannot_sign_anyone_in_and_reads_nothing_with_a_session() {
    let world = World::start().await;
    let user = ana(&world, "owner").await;
    let body = json!({"email": EMAIL, "password": PASSWORD});
    let request = world.client.anonymous().request(Method::POST, "/sessions");
    let request = request.header("origin", "https://evil.example").json(&body);
    let refused = answer(request).await;
    refused.refused(403, "forbidden");
    assert!(!refused.headers.contains_key("set-cookie"));
    let (_, secret) = people::session_of(&world.store, &user, Timestamp::now()).await;
    let read = world.client.with_session(&secret);
    let read = read.request(Method::GET, "/agents");
    let read = answer(read.header("origin", "https://evil.example")).await;
    let credentials = read.headers.get("access-control-allow-credentials");
    assert_eq!(credentials, None);
    // A browser shows an answer to a request with cookies only to an origin that is named.
    assert_eq!(read.headers["access-control-allow-origin"], "*");
}

#[rstest]
#[case::another_role(Method::PATCH, "", json!({"role": "viewer"}))]
#[case::deleted(Method::DELETE, "", json!({}))]
#[case::ended_by_an_owner(Method::DELETE, "/sessions", json!({}))]
#[tokio::test]
async fn an_owner_ends_the_sessions_of_a_user_and_their_streams(
    #[case] verb: Method,
    #[case] path: &str,
    #[case] body: Value,
) {
    let world = World::start().await;
    let owner = people::session(&world, "owner").await;
    let user = ana(&world, "agent").await;
    let (_, secret) = people::session_of(&world.store, &user, Timestamp::now()).await;
    let client = world.client.with_session(&secret);
    let mut stream = EventStream::open(&client, "", None).await;
    let listed = owner.list(&format!("/users/{}/sessions", user.id)).await;
    assert_eq!(listed.len(), 1);
    let path = format!("/users/{}{path}", user.id);
    let done = answer(owner.request(verb, &path).json(&body)).await;
    assert!(done.status.is_success(), "{}", done.text);
    ends_within(&mut stream, Duration::from_secs(1)).await;
    assert_eq!(client.get("/agents").await.status, 401);
    owner.read("/agents").await;
}

#[tokio::test]
async fn another_password_ends_the_other_sessions_and_gives_this_one_a_new_secret() {
    const NEW: &str = "another long password";
    let world = World::start().await;
    ana(&world, "owner").await;
    let signed_in = async || {
        let signed_in = sign_in(&world.client, EMAIL, PASSWORD).await;
        world.client.with_session(&signed_in.session())
    };
    let (mine, other) = (signed_in().await, signed_in().await);
    let personal = json!({"name": "laptop"});
    let key = mine.create("/sessions/current/api-key", personal).await;
    let key = world.client.with_key(text(&key["key"]));
    key.read("/agents").await;
    let change = async |client: &Client, current: &str, new: &str| {
        let body = json!({"currentPassword": current, "newPassword": new});
        client.post("/sessions/current/password", body).await
    };
    let wrong = change(&mine, "a wrong password", NEW).await;
    wrong.refused(400, "invalid_body");
    assert!(!wrong.body["details"]["currentPassword"].is_null());
    let short = change(&mine, PASSWORD, "too short").await;
    short.refused(400, "invalid_body");
    let changed = change(&mine, PASSWORD, NEW).await;
    assert_eq!(changed.status, 204, "{}", changed.text);
    let renewed = world.client.with_session(&changed.session());
    renewed.read("/sessions/current").await;
    for gone in [&mine, &other, &key] {
        assert_eq!(gone.get("/agents").await.status, 401);
    }
    assert_eq!(sign_in(&world.client, EMAIL, PASSWORD).await.status, 401);
    assert_eq!(sign_in(&world.client, EMAIL, NEW).await.status, 201);
}

#[tokio::test]
async fn the_cookie_of_a_server_on_the_internet_is_bound_to_its_host() {
    let world = World::start().await;
    let (sandbox, options) = (&world.sandbox_urls, Options::default());
    let mut parts = world::parts(&world.store, sandbox, &world.url, &options);
    parts.public_url = "https://recado.example.com/".parse().expect("a URL");
    let url = world::serve(&App::new(parts), ConnectionLimits::default()).await;
    ana(&world, "owner").await;
    let body = json!({"email": EMAIL, "password": PASSWORD});
    let client = world.client.anonymous().at(&url);
    let signed_in = client.post("/sessions", body).await;
    let cookie = signed_in.headers["set-cookie"].to_str().expect("a text");
    assert!(cookie.starts_with("__Host-recado-session="), "{cookie}");
    assert!(cookie.ends_with("; SameSite=Lax; Secure"), "{cookie}");
    let value = cookie.split(['=', ';']).nth(1).expect("a value");
    let show = async |name: &str| {
        let request = client.request(Method::GET, "/sessions/current");
        answer(request.header("cookie", format!("{name}={value}"))).await
    };
    show("__Host-recado-session").await.expect(200);
    // Any other host of the domain, or a page over plain http, could set this one.
    assert_eq!(show(COOKIE).await.status, 401);
}
