//! A contact is erased: nothing tells of the person any more, and nothing of others is lost.

use std::fmt::Write as _;

use recado_core::inbound::{Contact, Inbound};
use recado_core::{Recipient, Status};
use recado_store::testing::TestDatabase;
use recado_store::{
    AfterStep, Conversation, Erased, Erasure, Message, SetAsideReason, Store, WebhookCall,
};
use rstest::rstest;
use sqlx::{AssertSqlSafe, Row as _};

use crate::inbound::received::opened;
use crate::taps::{
    ana, application, apply, call, changed, create_channel, events, phone, said, status_update,
    tap, tapped,
};
use crate::webhooks::deliveries::{MANY, claim};
use crate::webhooks::webhook_endpoints::create;
use crate::world::{ALL, World, accepted, at, by, conversation, id, message, msg, ok, org};

pub(crate) const GROUP: &str = "120363000000000001@g.us";

/// Who is not erased.
pub(crate) const OTHER: &str = "5511900000001";

pub(crate) fn erasure(store: &Store, address: &str) -> Erasure {
    let erasure = store.erase_contact(&org(1), &id::<Recipient>(address), &by(500_000));
    erasure.expect("no other erasure")
}

/// Erases the contact with that address from `org_1`.
pub(crate) async fn erase(store: &Store, address: &str) -> Erased {
    let mut erasure = erasure(store, address);
    loop {
        match ok(erasure.step()).await {
            AfterStep::More => {}
            AfterStep::Waits => panic!("no message is being sent"),
            AfterStep::Done => return erasure.erased(),
        }
    }
}

pub(crate) fn in_group(item: Inbound) -> Inbound {
    changed(item, |it| it.group = Some(id(GROUP)))
}

/// Keeps a call with this body, applied or set aside.
pub(crate) async fn keep(store: &Store, owner: u8, body: &str, applied: bool) -> String {
    let application = application(&org(owner), Vec::new());
    let kept = WebhookCall {
        body: body.as_bytes().to_vec(),
        ..call(&application)
    };
    ok(store.keep_webhook_call(&kept, at(200_000))).await;
    if applied {
        let applied = store.apply_webhooks(vec![application]).await.remove(0);
        applied.unwrap();
    } else {
        let reason = SetAsideReason::Unreadable;
        let owner = org(owner);
        let aside = store.set_webhook_call_aside(&owner, &kept.id, reason);
        aside.await.unwrap();
    }
    kept.id
}

/// Everything that is stored of an organization, by table, as text.
pub(crate) async fn dump(database: &TestDatabase, owner: &str) -> String {
    let mut connection = World::raw_of(database).await;
    let mut text = String::new();
    for table in [
        "conversations: id, recipient, phone, user_id, lid, person_name",
        "messages: id, conversation_id, content, sender, external_id, provider_id",
        "events: conversation_id, data",
        "deliveries: lane, last_error",
        "webhook_calls: id",
        "orphan_statuses: sought, error",
        "audit_log: action, target, detail",
    ] {
        let (table, columns) = table.split_once(": ").unwrap();
        let columns: Vec<_> = columns
            .split(", ")
            .map(|column| format!("coalesce(cast({column} as text), '-')"))
            .collect();
        let columns = columns.join(" || ' ' || ");
        let query =
            format!("select {columns} as found from {table} where organization_id = $1 order by 1");
        let query = sqlx::query(AssertSqlSafe(query)).bind(owner.to_owned());
        for row in ok(query.fetch_all(&mut connection)).await {
            writeln!(text, "{table}: {}", row.get::<String, _>("found")).unwrap();
        }
    }
    text
}

/// Checks that none of these is left in a dump.
pub(crate) fn assert_gone(when: &str, dump: &str, traces: &[&str]) {
    for trace in traces {
        assert!(!dump.contains(trace), "{when}: {trace} is left:\n{dump}");
    }
}

/// Ana by phone and LID.
pub(crate) fn known_twice() -> Contact {
    Contact::new([id("5521988887777"), id("77001122@lid")]).named(Some("Ana".into()))
}

/// `org_1` in which Ana and another person wrote, and tapped in a group.
pub(crate) async fn talked() -> World {
    let world = tapped().await;
    let store = &world.store;
    create(store, "whk_1", &[]).await;
    opened(store, "conv-group", GROUP).await;
    let items = vec![
        said("w.1", known_twice(), "my secret"),
        tap("w.2", known_twice()),
        status_update("wamid.1", Status::Read),
        in_group(tap("w.3", known_twice())),
        in_group(tap("w.4", phone(OTHER))),
        said("w.5", phone(OTHER), "kept"),
    ];
    apply(store, items).await;
    world
}

#[tokio::test]
async fn nothing_tells_of_an_erased_contact_and_nothing_of_others_is_lost() {
    let World { store, database } = &talked().await;
    let named = [
        keep(store, 1, r#"{"from":"5521988887777"}"#, true).await,
        keep(store, 1, r#"{"lid":"77001122@lid"}"#, true).await,
        keep(store, 1, "phone=552188887777 in an older spelling", false).await,
    ];
    let kept = [
        keep(store, 1, r#"{"from":"5511900000001"}"#, true).await,
        keep(store, 1, "unreadable", false).await,
    ];
    let before = dump(database, "org_1").await;
    let erased = erase(store, "+552188887777").await;
    let after = dump(database, "org_1").await;
    let traces = "21988887777 2188887777 77001122 Ana secret w.1 w.2 w.3 wamid.1 conv-456";
    for trace in traces.split(' ') {
        assert!(
            before.contains(trace) || trace == "2188887777",
            "{trace} was there"
        );
        assert!(!after.contains(trace), "{trace} is left:\n{after}");
    }
    for call in &named {
        assert!(before.contains(call) && !after.contains(call), "{call}");
    }
    for trace in [
        OTHER,
        "kept",
        "w.4",
        "w.5",
        "conv-group",
        &kept[0],
        &kept[1],
    ] {
        assert!(after.contains(trace), "{trace} is lost:\n{after}");
    }
    let counts = (erased.conversations, erased.messages, erased.webhook_calls);
    assert_eq!(counts, (1, 4, 3));
    let log = ok(store.list_audit(Some(&org(1)), &ALL)).await.data;
    assert_eq!(
        (log[0].action.as_str(), &log[0].target),
        ("contact.erased", &None)
    );
    let detail = log[0].detail.as_deref().unwrap();
    assert!(
        detail.starts_with("conversations: 1, messages: 4, "),
        "{detail}"
    );
    assert_eq!(erase(store, "5521988887777").await, Erased::default());
}

#[tokio::test]
async fn a_tap_in_a_group_stays_without_the_one_who_tapped() {
    let World { store, .. } = &talked().await;
    erase(store, "77001122@lid").await;
    let taps: Vec<_> = (events(store, &org(1)).await.into_iter())
        .filter(|event| event.event_type.as_str() == "button.pressed")
        .collect();
    assert_eq!(taps.len(), 2);
    assert_eq!(taps[0].data["button"]["id"], "btn_sales");
    assert!(taps[0].data["from"]["phone"].is_null());
    assert_eq!(taps[1].data["from"]["phone"], OTHER);
    let listed = store.list_messages(&org(1), &id("conv-group"), &ALL).await;
    let senders: Vec<_> = (listed.unwrap().data.into_iter())
        .map(|message| message.from.unwrap_or_default())
        .collect();
    assert_eq!(senders.len(), 2);
    assert!(senders.contains(&Contact::default()) && senders.contains(&phone(OTHER)));
}

#[tokio::test]
async fn what_waits_for_a_receiver_goes_and_the_deliveries_of_others_go_on() {
    let World { store, .. } = &tapped().await;
    create(store, "whk_1", &[]).await;
    let items = vec![
        said("w.1", ana(), "one"),
        said("w.2", phone(OTHER), "other"),
        said("w.3", ana(), "two"),
    ];
    apply(store, items).await;
    let claimed = claim(store, 150_000, MANY).await;
    let theirs =
        |due: &recado_store::DueDelivery| due.event.data["from"]["phone"] == "5521988887777";
    assert!(claimed.iter().any(theirs));
    erase(store, "5521988887777").await;
    // What was claimed ends without a trace.
    for due in claimed.iter().filter(|due| theirs(due)) {
        crate::webhooks::deliveries::delivered(store, due, 160_000).await;
        assert_eq!(ok(store.get_delivery(&due.delivery.key)).await, None);
    }
    let rest = claim(store, 900_000, MANY).await;
    assert!(rest.iter().all(|due| !theirs(due)));
    // What the person writes later comes from a new contact, and is delivered.
    apply(store, vec![said("w.9", ana(), "again")]).await;
    let later = claim(store, 950_000, MANY).await;
    let conversations: Vec<_> = (later.iter().filter(|due| theirs(due)))
        .map(|due| due.event.conversation_id.clone().unwrap())
        .collect();
    assert!(!conversations.is_empty());
    assert!(
        conversations
            .iter()
            .all(|conversation| conversation.as_str() != "conv-456")
    );
}

#[tokio::test]
async fn a_message_that_is_being_sent_keeps_its_row_until_its_outcome() {
    let World { store, .. } = &tapped().await;
    ok(store.begin_send(&message("org_1", "msg_2"))).await;
    let mut erasure = erasure(store, "5521988887777");
    while ok(erasure.step()).await == AfterStep::More {}
    assert_eq!(ok(erasure.step()).await, AfterStep::Waits);
    let sent = ok(store.finish_send(&org(1), &msg("msg_2"), &accepted(), at(7_000))).await;
    assert!(sent.is_some());
    while ok(erasure.step()).await == AfterStep::More {}
    assert_eq!(ok(erasure.step()).await, AfterStep::Done);
    assert_eq!(ok(store.get::<Message>(&org(1), &msg("msg_2"))).await, None);
    assert_eq!(erasure.erased().conversations, 1);
}

#[tokio::test]
async fn an_erasure_that_was_interrupted_is_begun_again() {
    let World { store, database } = &tapped().await;
    let mut connection = World::raw_of(database).await;
    for text in [
        "insert into messages (organization_id, id, conversation_id, agent_id, channel_id, status, \
         content, warnings, created_at, updated_at) \
         with recursive n (i) as (select 1 union all select i + 1 from n where i < 1200) \
         select 'org_1', 'm' || i, 'conv-456', 'agent-123', 'chn_1', 'sent', '{}', '[]', i, i from n",
        "insert into events (organization_id, seq, type, conversation_id, data, created_at) \
         with recursive n (i) as (select 100 union all select i + 1 from n where i < 1300) \
         select 'org_1', i, 'message.sent', 'conv-456', '{}', i from n",
        "update organizations set last_event = 1300 where id = 'org_1'",
    ] {
        sqlx::query(text).execute(&mut connection).await.unwrap();
    }
    for steps in 1..7 {
        let mut erasure = erasure(store, "5521988887777");
        for _ in 0..steps {
            assert_eq!(ok(erasure.step()).await, AfterStep::More);
        }
    }
    erase(store, "5521988887777").await;
    let dump = dump(database, "org_1").await;
    assert!(!dump.contains("conv-456"), "{dump}");
}

#[tokio::test]
async fn an_erasure_by_phone_that_was_interrupted_at_any_step_is_completed_by_phone() {
    for steps in 0.. {
        let World { store, database } = &talked().await;
        // The phone leads to it only through the LID of another conversation.
        let mut by_lid = conversation("org_1", "conv-0");
        create_channel(store, "org_1", "chn_2", recado_core::Provider::Zapi).await;
        by_lid.channel_id = id("chn_2");
        by_lid.recipient = id("77001122@lid");
        by_lid.person = Contact::new([id("77001122@lid"), id("BR.7")]);
        ok(store.create_conversation(&by_lid, None)).await;
        keep(store, 1, r#"{"lid":"77001122@lid"}"#, true).await;
        let mut interrupted = erasure(store, "5521988887777");
        let mut after = AfterStep::More;
        for _ in 0..steps {
            after = ok(interrupted.step()).await;
        }
        drop(interrupted);
        erase(store, "5521988887777").await;
        let left = dump(database, "org_1").await;
        assert_gone(
            &format!("after {steps} steps"),
            &left,
            &[
                "21988887777",
                "77001122",
                "BR.7",
                "Ana",
                "secret",
                "conv-0",
                "conv-456",
            ],
        );
        if after == AfterStep::Done {
            break;
        }
    }
}

#[tokio::test]
async fn a_call_that_is_repeated_after_the_erasure_stores_no_tap_in_a_group_again() {
    let World { store, .. } = &talked().await;
    erase(store, "5521988887777").await;
    let stored = store.list_messages(&org(1), &id("conv-group"), &ALL).await;
    apply(store, vec![in_group(tap("w.3", known_twice()))]).await;
    let now = store.list_messages(&org(1), &id("conv-group"), &ALL).await;
    assert_eq!(now.unwrap().data, stored.unwrap().data);
}

#[rstest]
#[case::by_phone("5521988887777", &["conv-456", "conv-bsuid"])]
#[case::by_another_spelling("552188887777", &["conv-456", "conv-bsuid"])]
#[case::by_user_id("BR.1", &["conv-456", "conv-bsuid"])]
#[case::by_the_user_id_of_the_next_owner("BR.2", &["conv-next"])]
#[case::of_an_unknown_contact("5511900000009", &[])]
#[case::of_a_group(GROUP, &[])]
#[tokio::test]
async fn a_contact_is_found_by_each_address_and_on_each_channel(
    #[case] address: &str,
    #[case] erased: &[&str],
) {
    let World { store, .. } = &tapped().await;
    create_channel(store, "org_1", "chn_2", recado_core::Provider::Zapi).await;
    let known =
        |name: &str, channel: &str, recipient: &str, phone: Option<&str>, user: Option<&str>| {
            let mut known = conversation("org_1", name);
            known.channel_id = id(channel);
            known.recipient = id(recipient);
            known.person = Contact::new(phone.into_iter().chain(user).map(id));
            known
        };
    for known in [
        known(
            "conv-bsuid",
            "chn_2",
            "BR.1",
            Some("552188887777"),
            Some("BR.1"),
        ),
        // The number has passed on to another person since.
        known(
            "conv-next",
            "chn_2",
            "BR.2",
            Some("5521977776666"),
            Some("BR.2"),
        ),
        known("conv-group", "chn_2", GROUP, None, None),
    ] {
        ok(store.create_conversation(&known, None)).await;
    }
    let done = erase(store, address).await;
    assert_eq!(done.conversations, erased.len() as u64);
    for conversation in ["conv-456", "conv-bsuid", "conv-next", "conv-group"] {
        let found = ok(store.get::<Conversation>(&org(1), &id(conversation))).await;
        assert_eq!(
            found.is_none(),
            erased.contains(&conversation),
            "{conversation}"
        );
    }
}

#[tokio::test]
async fn the_same_person_stays_a_contact_of_another_organization() {
    let World { store, database } = &tapped().await;
    create_channel(store, "org_2", "chn_9", recado_core::Provider::Zapi).await;
    let mut theirs = conversation("org_2", "conv-456");
    theirs.channel_id = id("chn_9");
    ok(store.create_conversation(&theirs, None)).await;
    let named = keep(store, 2, r#"{"from":"5521988887777"}"#, true).await;
    let before = dump(database, "org_2").await;
    assert!(before.contains(&named));
    erase(store, "5521988887777").await;
    assert_eq!(dump(database, "org_2").await, before);
}
