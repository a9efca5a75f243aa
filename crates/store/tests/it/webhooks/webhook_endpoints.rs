//! Webhook endpoints and their secrets.

use recado_core::event::EventType;
use recado_store::{
    Author, HeaderChange, MasterKey, NewWebhookEndpoint, Store, StoreError, WebhookEndpoint,
    WebhookEndpointChange, WebhookFormat, WebhookHeader,
};
use secrecy::ExposeSecret;

use crate::taps::{apply, connection, events, kinds, tapped};
use crate::world::{ALL, World, at, by, gives, id, ok, org, refused, some};

pub(crate) fn endpoint(owner: &str, text: &str, events: &[EventType]) -> NewWebhookEndpoint {
    NewWebhookEndpoint {
        id: id(text),
        organization_id: id(owner),
        url: "https://crm.example/hook".into(),
        events: events.to_vec(),
        format: WebhookFormat::Recado,
        secret: "whsec_first-in-clear".into(),
        header: None,
        created_at: at(8_000),
    }
}

pub(crate) async fn create(store: &Store, text: &str, events: &[EventType]) -> WebhookEndpoint {
    ok(store.create_webhook_endpoint(endpoint("org_1", text, events), 20, &by(9_000))).await
}

fn header(value: &str) -> WebhookHeader {
    WebhookHeader {
        name: "X-Token".into(),
        value: value.into(),
    }
}

#[tokio::test]
async fn an_endpoint_is_created_found_listed_and_deleted() {
    let World { store, .. } = &World::new().await;
    let kinds = [EventType::ButtonPressed, EventType::MessageFailed];
    let ours = create(store, "whk_1", &kinds).await;
    gives!(store.get::<WebhookEndpoint>(&org(1), &ours.id) => Some(ours.clone()));
    let listed = ok(store.list::<WebhookEndpoint>(&org(1), &ALL)).await;
    assert_eq!(listed.data, std::slice::from_ref(&ours));
    assert_eq!(listed.data[0].events, kinds);

    refused!(store.create_webhook_endpoint(endpoint("org_1", "whk_1", &[]), 20, &by(9_000))
        => StoreError::Conflict);
    refused!(store.create_webhook_endpoint(endpoint("org_9", "whk_1", &[]), 20, &by(9_000))
        => StoreError::UnknownOrganization);

    assert!(ok(store.delete_webhook_endpoint(&org(1), &ours.id, &by(9_000))).await);
    assert!(!ok(store.delete_webhook_endpoint(&org(1), &ours.id, &by(9_000))).await);
}

#[tokio::test]
async fn a_change_touches_only_what_it_names() {
    let World { store, .. } = &World::new().await;
    let before = create(store, "whk_1", &[EventType::ButtonPressed]).await;
    let change = WebhookEndpointChange {
        url: Some("https://other.example".into()),
        ..Default::default()
    };
    let after = some(store.update_webhook_endpoint(&org(1), &before.id, change, &by(9_000))).await;
    assert_eq!(after.url, "https://other.example");
    assert_eq!(
        (
            &after.events,
            after.format,
            after.disabled_at,
            after.updated_at
        ),
        (&before.events, before.format, None, at(9_000))
    );
    let change = WebhookEndpointChange {
        events: Some(vec![]),
        format: Some(WebhookFormat::ChatVolt),
        header: HeaderChange::Set(header("header-in-clear")),
        enabled: Some(false),
        ..Default::default()
    };
    let after = some(store.update_webhook_endpoint(&org(1), &before.id, change, &by(9_500))).await;
    assert_eq!(
        (after.events.len(), after.format, after.disabled_at),
        (0, WebhookFormat::ChatVolt, Some(at(9_500)))
    );
    gives!(store.get::<WebhookEndpoint>(&org(1), &before.id) => Some(after.clone()));
    let secrets = store.endpoint_secrets(&after).unwrap();
    let kept = secrets.header.unwrap();
    assert_eq!(
        (kept.name.as_str(), kept.value.expose_secret()),
        ("X-Token", "header-in-clear")
    );
    assert_eq!(secrets.current.expose_secret(), "whsec_first-in-clear");
    let change = WebhookEndpointChange {
        header: HeaderChange::Remove,
        enabled: Some(true),
        ..Default::default()
    };
    let after = some(store.update_webhook_endpoint(&org(1), &before.id, change, &by(9_600))).await;
    assert!(store.endpoint_secrets(&after).unwrap().header.is_none());
    assert_eq!(after.disabled_at, None);
}

#[tokio::test]
async fn every_secret_that_was_replaced_signs_until_its_own_end() {
    let World { store, .. } = &World::new().await;
    let ours = create(store, "whk_1", &[]).await;
    let mut rotated = None;
    for (secret, until, now) in [
        ("second", 20_000, 9_000),
        ("third", 21_000, 10_000),
        ("fourth", 30_500, 20_500),
    ] {
        rotated =
            ok(store.rotate_webhook_secret(&org(1), &ours.id, secret.into(), at(until), &by(now)))
                .await;
    }
    let rotated = rotated.unwrap();
    let secrets = store.endpoint_secrets(&rotated).unwrap();
    assert_eq!(secrets.current.expose_secret(), "fourth");
    let previous: Vec<_> = secrets
        .previous
        .iter()
        .map(|previous| (previous.secret.expose_secret(), previous.until))
        .collect();
    // The first one ended before the last rotation.
    assert_eq!(previous, [("third", at(30_500)), ("second", at(21_000))]);
    gives!(store.get::<WebhookEndpoint>(&org(1), &ours.id) => Some(rotated));
}

#[tokio::test]
async fn ten_secrets_sign_at_most_and_the_refusal_tells_when_there_is_room() {
    let World { store, .. } = &World::new().await;
    let ours = create(store, "whk_1", &[]).await;
    let rotate = async |number: i64| {
        let (until, now) = (at(50_000 + number), at(9_000 + number));
        store
            .rotate_webhook_secret(
                &org(1),
                &ours.id,
                "next".into(),
                until,
                &Author::command_line(now),
            )
            .await
    };
    for number in 0..9 {
        rotate(number).await.unwrap();
    }
    let refused = rotate(9).await;
    let first_end = at(50_000);
    assert!(
        matches!(refused, Err(StoreError::TooManySecrets { limit: 10, until }) if until == first_end),
        "{refused:?}"
    );
    // Nothing of the refused rotation stays.
    let kept = ok(store.get::<WebhookEndpoint>(&org(1), &ours.id)).await;
    assert_eq!(kept.unwrap().updated_at, at(9_008));
    assert!(rotate(41_000).await.is_ok());
}

#[tokio::test]
async fn an_organization_has_no_more_endpoints_than_it_may_and_others_have_theirs() {
    let World { store, .. } = &World::new().await;
    let create = async |owner: &str, text: &str| {
        store
            .create_webhook_endpoint(endpoint(owner, text, &[]), 2, &by(9_000))
            .await
    };
    for text in ["whk_1", "whk_2"] {
        create("org_1", text).await.unwrap();
    }
    refused!(create("org_1", "whk_3") => StoreError::TooManyWebhookEndpoints { limit: 2 });
    create("org_2", "whk_3").await.unwrap();
    assert!(ok(store.delete_webhook_endpoint(&org(1), &id("whk_1"), &by(9_000))).await);
    create("org_1", "whk_4").await.unwrap();
}

#[tokio::test]
async fn no_secret_of_an_endpoint_is_shown_or_opened_by_another_key() {
    let world = World::new().await;
    let mut new = endpoint("org_1", "whk_1", &[]);
    new.header = Some(header("header-in-clear"));
    let ours = ok(world.store.create_webhook_endpoint(new, 20, &by(9_000))).await;
    let shown = format!(
        "{ours:?} {:?}",
        world.store.endpoint_secrets(&ours).unwrap()
    );
    assert!(!shown.contains("in-clear") && !shown.contains("crm.example"));
    let sealed: Vec<u8> = sqlx::Row::get(
        &sqlx::query("select secrets from webhook_endpoints")
            .fetch_one(&mut world.raw().await)
            .await
            .unwrap(),
        0,
    );
    assert!(!sealed.windows(8).any(|window| window == b"in-clear"));
    let key = MasterKey::generate().unwrap();
    let other = ok(Store::connect(world.database.url(), key)).await;
    assert!(matches!(
        other.endpoint_secrets(&ours),
        Err(StoreError::WrongKey { .. })
    ));
}

#[tokio::test]
async fn an_endpoint_that_is_disabled_is_told_of_once() {
    let World { store, .. } = &tapped().await;
    let ours = create(store, "whk_1", &[]).await;
    for on in [true, false] {
        gives!(store.disable_webhook_endpoint(&org(1), &ours.id, at(9_000)) => on);
    }
    let told = events(store, &org(1)).await.pop().unwrap();
    assert_eq!(told.event_type, EventType::WebhookEndpointDisabled);
    assert_eq!(told.data["endpointId"], "whk_1");
    let found = kinds(store).await;
    assert_eq!(found, ["message.accepted", "webhook_endpoint.disabled"]);
}

#[tokio::test]
async fn another_organizations_endpoint_is_neither_seen_nor_touched() {
    let World { store, .. } = &tapped().await;
    let ours = create(store, "whk_1", &[]).await;
    let (theirs, id) = (org(2), &ours.id);
    assert_eq!(ok(store.get::<WebhookEndpoint>(&theirs, id)).await, None);
    let listed = ok(store.list::<WebhookEndpoint>(&theirs, &ALL)).await;
    assert_eq!(listed.data, []);
    for header in [HeaderChange::Keep, HeaderChange::Remove] {
        let change = WebhookEndpointChange {
            url: Some("https://taken.example".into()),
            enabled: Some(false),
            header,
            ..Default::default()
        };
        gives!(store.update_webhook_endpoint(&theirs, id, change, &by(9_000)) => None);
    }
    gives!(store.rotate_webhook_secret(&theirs, id, "second".into(), at(1), &by(9_000)) => None);
    assert!(!ok(store.disable_webhook_endpoint(&theirs, id, at(9_000))).await);
    assert!(!ok(store.delete_webhook_endpoint(&theirs, id, &by(9_000))).await);
    gives!(store.get::<WebhookEndpoint>(&org(1), id) => Some(ours));
    apply(store, vec![connection(true)]).await;
    assert_eq!(events(store, &theirs).await, []);
}
