//! The audit log: every change of what an organization is made of has its entry, and no failed one has.

use std::net::IpAddr;

use recado_core::{OrganizationId, Role};
use recado_store::{
    Actor, ApiKey, ApiKeySecret, AuditAction, AuditEntry, Author, ChannelChange, HeaderChange,
    LinkSecret, Page, Session, SessionSecret, Store, WebhookEndpointChange,
};
use serde_json::json;

use crate::users::accounts::{create, create_with_password};
use crate::users::sessions::sign_in;
use crate::world::{ALL, World, agent, at, by, create_channel, gives, id, object, ok, org, some};

async fn entries(store: &Store, organization: Option<OrganizationId>) -> Vec<AuditEntry> {
    let listed = store.list_audit(organization.as_ref(), &ALL).await;
    listed.unwrap().data
}

/// What was done, to what, and its detail; the oldest first.
async fn told(store: &Store, organization: Option<OrganizationId>) -> Vec<String> {
    let entries = entries(store, organization).await;
    let told = entries.iter().rev().map(|entry| {
        let words = [entry.target.as_deref(), entry.detail.as_deref()];
        let words = words.into_iter().flatten().collect::<Vec<_>>();
        format!("{} {}", entry.action, words.join(" "))
    });
    told.map(|line| line.trim_end().to_owned()).collect()
}

#[tokio::test]
async fn an_entry_says_who_did_what_when_and_from_where() {
    let World { store, .. } = &World::new().await;
    let key = || id("key_1");
    let addresses: [Option<IpAddr>; 2] = [None, Some("2001:db8::1".parse().unwrap())];
    let actors = [
        Actor::User(id("usr_1")),
        Actor::Key(key()),
        Actor::Operator(key()),
        Actor::CommandLine,
        Actor::Server,
        Actor::Anonymous,
    ];
    for (number, actor) in (0..).zip(&actors) {
        let author = Author {
            actor: actor.clone(),
            address: addresses[number % 2],
            at: at(1_000),
            key: None,
        };
        let user = crate::users::accounts::user(org(1), &format!("user{number}"), Role::Agent);
        ok(store.create_user(&user, &author)).await;
    }
    let mut listed = entries(store, Some(org(1))).await;
    listed.reverse();
    assert_eq!(listed.len(), actors.len());
    for (number, (entry, actor)) in listed.into_iter().zip(actors).enumerate() {
        assert!(entry.id.starts_with("aud_"));
        let expected = AuditEntry {
            id: entry.id.clone(),
            organization_id: Some(org(1)),
            at: at(1_000),
            actor,
            action: AuditAction::UserCreated.to_string(),
            target: Some(format!("usr_user{number}_org_1")),
            address: addresses[number % 2],
            detail: Some(format!("user{number}@example.com")),
        };
        assert_eq!(entry, expected);
    }
    assert_eq!(entries(store, Some(org(2))).await, []);
}

#[tokio::test]
async fn the_log_is_listed_newest_first_in_pages() {
    let World { store, .. } = &World::new().await;
    for number in 0..7 {
        let user = crate::users::accounts::user(org(1), &format!("user{number}"), Role::Agent);
        // Some of the same instant.
        let author = by(1_000 + number / 3);
        ok(store.create_user(&user, &author)).await;
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = Page { after, limit: 2 };
        let listed = ok(store.list_audit(Some(&org(1)), &page)).await;
        seen.extend(listed.data.into_iter().filter_map(|entry| entry.detail));
        match listed.next {
            Some(next) => after = Some(next.to_string().parse().unwrap()),
            None => break,
        }
    }
    let expected = (0..7)
        .rev()
        .map(|number| format!("user{number}@example.com"));
    assert_eq!(seen, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn what_happens_to_users_is_recorded_and_what_changes_nothing_is_not() {
    let World { store, .. } = &World::new().await;
    let owner = create(store, org(1), "owner", Role::Owner).await;
    let ana = create_with_password(store, org(1), "ana", Role::Agent).await;
    let name = Some("Ana S.");
    for (name, role) in [
        (None, None),
        (name, None),
        (name, None),
        (None, Some(Role::Viewer)),
    ] {
        some(store.update_user(&org(1), &ana.id, name, role, &by(4_000))).await;
    }
    let link = LinkSecret::generate().unwrap();
    assert!(ok(store.create_link(&org(1), &ana.id, &link, at(9_000), &by(4_000))).await);
    for _ in 0..2 {
        ok(store.use_link(link.expose(), "hash", &by(5_000))).await;
    }
    for _ in 0..2 {
        ok(store.delete_user(&org(1), &ana.id, &by(7_000))).await;
    }
    let refused = store.delete_user(&org(1), &owner.id, &by(7_000)).await;
    assert!(refused.is_err());
    assert!(store.create_user(&owner, &by(7_000)).await.is_err());
    let expected = [
        "user.created usr_owner_org_1 owner@example.com",
        "user.created usr_ana_org_1 ana@example.com",
        "user.password_changed usr_ana_org_1",
        "user.updated usr_ana_org_1",
        "user.updated usr_ana_org_1 role: agent → viewer",
        "user.link_created usr_ana_org_1",
        "user.link_used usr_ana_org_1",
        "user.deleted usr_ana_org_1 ana@example.com",
    ];
    assert_eq!(told(store, Some(org(1))).await, expected);
}

#[tokio::test]
async fn what_happens_to_sessions_is_recorded() {
    let World { store, .. } = &World::new().await;
    let ana = create_with_password(store, org(1), "ana", Role::Owner).await;
    let before = told(store, Some(org(1))).await.len();
    for text in ["ses_1", "ses_2"] {
        sign_in(store, &ana, text).await;
    }
    let (session, secret) = (
        Session::new(id("ses_3"), &ana, at(3_000)),
        SessionSecret::generate().unwrap(),
    );
    assert!(!ok(store.create_session(&session, &secret, "wrong", &by(3_000))).await);
    for _ in 0..2 {
        ok(store.end_session(&org(1), &id("ses_1"), &by(6_000))).await;
    }
    for _ in 0..2 {
        ok(store.end_sessions(&org(1), &ana.id, &by(6_000))).await;
    }
    let expected = [
        "session.created usr_ana_org_1 ses_1",
        "session.created usr_ana_org_1 ses_2",
        "session.ended usr_ana_org_1 ses_1",
        "user.sessions_ended usr_ana_org_1",
    ];
    let mut told = told(store, Some(org(1))).await;
    assert_eq!(told.split_off(before), expected);
}

#[tokio::test]
async fn what_happens_to_keys_is_recorded_and_operator_keys_are_in_the_operators_log() {
    let World { store, .. } = &World::new().await;
    let before = told(store, None).await;
    for (text, organization) in [("key_1", Some(org(1))), ("key_2", None)] {
        let secret = ApiKeySecret::generate().unwrap();
        let key = ApiKey::new(id(text), organization, "CRM", &secret, at(1_000));
        ok(store.create_api_key(&key, &secret, &by(1_000))).await;
        let again = store.create_api_key(&key, &secret, &by(1_000)).await;
        assert!(again.is_err());
    }
    for _ in 0..2 {
        ok(store.delete_api_key(&org(1), &id("key_1"), &by(1_000))).await;
    }
    let expected = ["api_key.created key_1 CRM", "api_key.deleted key_1"];
    assert_eq!(told(store, Some(org(1))).await, expected);
    let mut told = told(store, None).await;
    assert_eq!(told.split_off(before.len()), ["api_key.created key_2 CRM"]);
}

#[tokio::test]
async fn what_happens_to_an_organization_is_in_the_operators_log_which_outlives_it() {
    let World { store, .. } = &World::new().await;
    let before = told(store, None).await.len();
    let third = crate::world::organization("org_3");
    ok(store.create_organization(&third, &by(1))).await;
    assert!(store.create_organization(&third, &by(2)).await.is_err());
    for (number, exists) in [(3, true), (9, false)] {
        // The second of each changes nothing.
        for _ in 0..2 {
            let suspended = store.suspend_organization(&org(number), &by(3)).await;
            assert_eq!(suspended.unwrap().is_some(), exists);
        }
        for _ in 0..2 {
            let resumed = store.resume_organization(&org(number), &by(4)).await;
            assert_eq!(resumed.unwrap().is_some(), exists);
        }
    }
    for deleted in [true, false] {
        gives!(store.delete_organization(&org(3), &by(5)) => deleted);
    }
    for mut removal in ok(store.removals(at(100))).await {
        while ok(removal.step()).await {}
    }
    let mut told_of = told(store, None).await;
    told_of.sort();
    let expected = [
        "organization.created org_1 Name of org_1",
        "organization.created org_2 Name of org_2",
        "organization.created org_3 Name of org_3",
        "organization.deleted org_3",
        "organization.resumed org_3",
        "organization.suspended org_3",
    ];
    assert_eq!(before, 2);
    assert_eq!(told_of, expected);
    assert_eq!(entries(store, Some(org(3))).await, []);
}

#[tokio::test]
async fn what_happens_to_agents_and_channels_is_recorded() {
    let World { store, .. } = &World::new().await;
    let ana = agent("org_1", "agent-123");
    ok(store.create_agent(&ana, None)).await;
    for _ in 0..2 {
        ok(store.delete_agent(&org(1), &ana.id, &by(1))).await;
    }
    let channel = create_channel(store, "org_1", "chn_1").await;
    let taken = crate::world::channel("org_2", "chn_1");
    assert!(store.create_channel(taken, &by(2)).await.is_err());
    let name = ChannelChange {
        name: Some("Support".to_owned()),
        ..Default::default()
    };
    let everything = ChannelChange {
        settings: Some(object(json!({}))),
        credentials: Some(object(json!({ "instanceToken": "another-credential" }))),
        agent_id: Some(ana.id),
        ..name.clone()
    };
    for (owner, change) in [(1, &name), (1, &everything), (2, &name), (2, &everything)] {
        let changed = store
            .update_channel(&org(owner), &channel.id, change.clone(), &by(3))
            .await;
        assert_eq!(changed.unwrap().is_some(), owner == 1);
    }
    for _ in 0..2 {
        some(store.pause_channel(&org(1), &channel.id, &by(4))).await;
    }
    for _ in 0..2 {
        some(store.resume_channel(&org(1), &channel.id, &by(4))).await;
    }
    for _ in 0..2 {
        ok(store.delete_channel(&org(1), &channel.id, &by(4))).await;
    }
    let mut told_of = told(store, Some(org(1))).await;
    told_of.sort();
    let expected = [
        "agent.deleted agent-123",
        "channel.created chn_1 Sales",
        "channel.deleted chn_1",
        "channel.paused chn_1",
        "channel.resumed chn_1",
        "channel.updated chn_1 name",
        "channel.updated chn_1 name, settings, agentId, credentials",
    ];
    assert_eq!(told_of, expected);
    assert_eq!(told(store, Some(org(2))).await, [""; 0]);
}

#[tokio::test]
async fn what_happens_to_webhook_endpoints_is_recorded_without_their_secrets() {
    let World { store, .. } = &World::new().await;
    let endpoint = crate::webhooks::webhook_endpoints::create(store, "whk_1", &[]).await;
    let change = WebhookEndpointChange {
        url: Some("https://example.com/?token=secret".to_owned()),
        enabled: Some(true),
        header: HeaderChange::Remove,
        ..Default::default()
    };
    for owner in [1, 2] {
        let changed = store
            .update_webhook_endpoint(&org(owner), &endpoint.id, change.clone(), &by(9_001))
            .await;
        assert_eq!(changed.unwrap().is_some(), owner == 1);
        let rotated = store
            .rotate_webhook_secret(&org(owner), &endpoint.id, "next".into(), at(1), &by(9_002))
            .await;
        assert_eq!(rotated.unwrap().is_some(), owner == 1);
    }
    for disabled in [true, false] {
        gives!(store.disable_webhook_endpoint(&org(1), &endpoint.id, at(9_003)) => disabled);
    }
    let newest = entries(store, Some(org(1))).await.swap_remove(0);
    assert_eq!(newest.actor, Actor::Server);
    for deleted in [true, false] {
        gives!(store.delete_webhook_endpoint(&org(1), &endpoint.id, &by(9_004)) => deleted);
    }
    let expected = [
        "webhook_endpoint.created whk_1",
        "webhook_endpoint.updated whk_1 url, header, enabled",
        "webhook_endpoint.secret_rotated whk_1",
        "webhook_endpoint.disabled whk_1",
        "webhook_endpoint.deleted whk_1",
    ];
    assert_eq!(told(store, Some(org(1))).await, expected);
    assert_eq!(told(store, Some(org(2))).await, [""; 0]);
}

#[tokio::test]
async fn a_failed_sign_in_is_recorded_where_its_owners_look() {
    let World { store, .. } = &World::new().await;
    let before = told(store, None).await.len();
    create(store, org(1), "ana", Role::Owner).await;
    for number in [1, 2] {
        create(store, org(number), "both", Role::Owner).await;
    }
    let author = Author {
        actor: Actor::Anonymous,
        ..by(2_000)
    };
    let fail = async |organization: Option<OrganizationId>, email: &str| {
        ok(store.note_failed_sign_in(organization.as_ref(), email, &author)).await;
    };
    fail(Some(org(2)), "stranger@example.com").await;
    fail(Some(org(2)), "both@example.com").await;
    fail(None, "Ana@Example.com ").await;
    // The organization does not exist or does not have the user, or users of two have the address.
    fail(Some(id("org_9")), "ana@example.com").await;
    fail(None, "both@example.com").await;
    let failed = |told: Vec<String>| {
        let failed = told.into_iter().filter(|line| line.starts_with("sign_in"));
        failed.collect::<Vec<_>>()
    };
    let of_first = failed(told(store, Some(org(1))).await);
    assert_eq!(of_first, ["sign_in.failed ana@example.com"]);
    let of_second = failed(told(store, Some(org(2))).await);
    assert_eq!(of_second, ["sign_in.failed both@example.com"]);
    let of_operators = told(store, None).await.split_off(before);
    let expected = [
        "sign_in.failed stranger@example.com",
        "sign_in.failed ana@example.com",
        "sign_in.failed both@example.com",
    ];
    assert_eq!(of_operators, expected);
}
