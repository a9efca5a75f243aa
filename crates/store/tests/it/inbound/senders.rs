//! Who wrote: the conversation of a customer, by every name.

use recado_core::inbound::Contact;
use recado_core::{Provider, RecipientKind};
use recado_store::{Conversation, NewChannel};
use rstest::rstest;

use crate::inbound::quotations::sent_in;
use crate::inbound::received::{lands_in, last_event, opened};
use crate::inbound::webhook_calls::claim_all;
use crate::taps::{
    ana, application, apply, apply_one, call, changed, connection, create_channel, events, furnish,
    kinds, phone, said, tapped,
};
use crate::world::{World, agent, at, by, channel, conv, id, ok, org, some, with};

#[rstest]
#[case::brazil_with_the_digit("5521988887777", "552188887777")]
#[case::brazil_without_it("552188887777", "5521988887777")]
#[case::mexico("525512345678", "5215512345678")]
#[case::mexico_the_other_way("5215512345678", "525512345678")]
#[case::argentina("541123456789", "5491123456789")]
#[case::the_same("15550001111", "15550001111")]
#[tokio::test]
async fn a_phone_is_known_in_all_its_forms_and_never_rewritten(
    #[case] ours: &str,
    #[case] theirs: &str,
) {
    let World { store, .. } = &World::new().await;
    create_channel(store, "org_1", "chn_1", Provider::Zapi).await;
    opened(store, "conv-1", ours).await;
    let landed = lands_in(store, said("w.1", phone(theirs), "Hi")).await;
    assert_eq!(landed, "conv-1");
    let kept = store.get::<Conversation>(&org(1), &id("conv-1")).await;
    let kept = kept.unwrap().unwrap();
    assert_eq!(
        (kept.recipient.as_str(), kept.person.phone),
        (ours, Some(id(ours)))
    );
    assert_eq!(last_event(store).await.data["from"]["phone"], theirs);
}

#[tokio::test]
async fn a_customer_is_known_by_user_id_before_lid_before_phone() {
    let World { store, .. } = &World::new().await;
    create_channel(store, "org_1", "chn_1", Provider::Zapi).await;
    opened(store, "conv-user", "BR.1").await;
    opened(store, "conv-lid", "1900@lid").await;
    opened(store, "conv-phone", "5511900000001").await;
    let person = |user: Option<&str>, lid: Option<&str>, phone: Option<&str>| {
        Contact::new([user, lid, phone].into_iter().flatten().map(id))
    };
    let (user, lid, phone) = (Some("BR.1"), Some("1900@lid"), Some("5511900000001"));
    // The later ones first: a customer's names are learned from every message.
    for (number, (from, expected)) in [
        (person(None, None, phone), "conv-phone"),
        (person(None, lid, None), "conv-lid"),
        (person(None, lid, phone), "conv-lid"),
        (person(user, lid, phone), "conv-user"),
        (person(None, None, phone), "conv-user"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut call = application(&org(1), vec![said(&format!("w.{number}"), from, "Hi")]);
        call.at = at(100_000 + i64::try_from(number).unwrap());
        apply_one(store, call).await;
        let landed = last_event(store).await.conversation_id;
        assert_eq!(landed, Some(id(expected)), "{number}");
    }
    let kept = some(store.get::<Conversation>(&org(1), &id("conv-user"))).await;
    assert_eq!(kept.person, person(user, lid, phone));
    assert_eq!(kept.recipient.kind(), RecipientKind::UserId);
}

#[tokio::test]
async fn of_several_conversations_the_one_with_the_newest_message_counts() {
    let World { store, .. } = &tapped().await;
    opened(store, "conv-other", "5521988887777").await;
    sent_in(store, "conv-other", "wamid.other").await;
    let found = lands_in(store, said("w.1", ana(), "Hi")).await;
    assert_eq!(found, "conv-other");
}

#[tokio::test]
async fn a_number_that_passed_on_to_another_customer_is_another_conversation() {
    let World { store, .. } = &tapped().await;
    let named = |user: &str| with(ana(), |it| it.user_id = Some(id(user)));
    let found = lands_in(store, said("w.1", named("BR.1"), "Hi")).await;
    assert_eq!(found, "conv-456");
    let landed = lands_in(store, said("w.2", named("BR.2"), "Hi")).await;
    assert_ne!(landed, "conv-456");
    let kept = ok(store.get::<Conversation>(&org(1), &id(&landed))).await;
    assert_eq!(kept.unwrap().recipient, id("BR.2"));
    let listed = lands_in(store, said("w.3", named("BR.2"), "Hi")).await;
    assert_eq!(listed, landed);
    let told = lands_in(store, said("w.4", named("BR.1"), "Hi")).await;
    assert_eq!(told, "conv-456");
}

#[tokio::test]
async fn a_new_customer_opens_a_conversation_with_the_channels_agent() {
    let World { store, .. } = &World::new().await;
    for (text, created_at) in [("agent-old", 1), ("agent-own", 2)] {
        let mut new = agent("org_1", text);
        new.created_at = at(created_at);
        ok(store.create_agent(&new, None)).await;
    }
    let new = NewChannel {
        agent_id: Some(id("agent-own")),
        provider: Provider::WhatsApp,
        ..channel("org_1", "chn_1")
    };
    ok(store.create_channel(new, &by(9_000))).await;
    let person = with(ana(), |it| it.user_id = Some(id("BR.1")));
    apply(store, vec![said("w.1", person.clone(), "Hi")]).await;
    let told = events(store, &org(1)).await;
    assert_eq!(told[0].event_type.as_str(), "conversation.created");
    assert_eq!(told[0].data["from"]["name"], "Ana");
    assert_eq!(told[1].event_type.as_str(), "message.received");
    assert_eq!(told[1].agent_id, Some(id("agent-own")));
    let opened = told[1].conversation_id.clone().unwrap();
    let opened = ok(store.get::<Conversation>(&org(1), &opened)).await;
    let opened = opened.unwrap();
    assert_eq!(
        (opened.recipient, opened.person),
        (id("5521988887777"), person)
    );
    // Without a phone, the surest name is the address.
    let nameless = Contact::new([id("1@lid"), id("BR.2")]);
    let landed = lands_in(store, said("w.2", nameless, "Hi")).await;
    let opened = ok(store.get::<Conversation>(&org(1), &id(&landed))).await;
    assert_eq!(opened.unwrap().recipient, id("BR.2"));
    // The channel's agent is gone: the oldest speaks.
    ok(store.delete_agent(&org(1), &id("agent-own"), &by(9_000))).await;
    apply(store, vec![said("w.3", phone("5511900000003"), "Hi")]).await;
    assert_eq!(last_event(store).await.agent_id, Some(id("agent-old")));
}

#[tokio::test]
async fn without_an_agent_the_call_waits_until_there_is_one() {
    let World { store, .. } = &World::new().await;
    create_channel(store, "org_1", "chn_1", Provider::WhatsApp).await;
    let waiting = application(
        &org(1),
        vec![
            connection(true),
            said("w.1", ana(), "Hi"),
            connection(false),
        ],
    );
    let applied = apply_one(store, waiting.clone()).await;
    assert_eq!((applied.events, applied.no_agent), (3, true));
    ok(store.create_agent(&agent("org_1", "agent-123"), None)).await;
    assert_eq!(claim_all(store, 300_000, 400_000).await, [call(&waiting)]);
    let results = store.apply_webhooks(vec![waiting]).await;
    assert!(!results[0].as_ref().unwrap().no_agent);
    let told = kinds(store).await;
    assert_eq!(
        told.iter()
            .filter(|kind| **kind == "message.received")
            .count(),
        1
    );
    assert_eq!(claim_all(store, 900_000, 999_000).await, []);
}

#[tokio::test]
async fn a_customer_without_any_address_is_counted_and_left() {
    let World { store, .. } = &tapped().await;
    let applied = apply(store, vec![said("w.1", Contact::default(), "Hi")]).await;
    assert_eq!((applied.events, applied.ignored), (0, 1));
}

#[rstest]
#[case::whatsapp(Provider::WhatsApp, true)]
#[case::zapi(Provider::Zapi, false)]
#[tokio::test]
async fn the_window_follows_the_newest_message_of_the_customer(
    #[case] provider: Provider,
    #[case] has_window: bool,
) {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let World { store, .. } = &World::new().await;
    furnish(store, provider).await;
    let sent = |number: usize, sent_at: Option<i64>| {
        changed(said(&format!("w.{number}"), ana(), "Hi"), |it| {
            it.sent_at = sent_at;
        })
    };
    for (number, (sent_at, expected)) in [
        (Some(50_000), 50_000),
        (Some(40_000), 50_000),
        (Some(60_000), 60_000),
        (Some(-5), 100_000),
        (Some(i64::MAX), 100_000),
        (None, 100_000),
    ]
    .into_iter()
    .enumerate()
    {
        apply(store, vec![sent(number, sent_at)]).await;
        let kept = ok(store.get::<Conversation>(&org(1), &conv())).await;
        let expected = has_window.then(|| at(expected + DAY));
        assert_eq!(kept.unwrap().window_expires_at, expected, "{number}");
        let target = ok(store.send_target(&org(1), Some(&id("agent-123")), &conv(), at(0))).await;
        assert_eq!(target.conversation.unwrap().window_expires_at, expected);
    }
}

#[rstest]
#[case::zapi(Provider::Zapi, "Sales", Some("wamid.1"), true)]
#[case::another_provider(Provider::WhatsApp, "Sales", Some("wamid.1"), false)]
#[case::no_title(Provider::Zapi, "sales", Some("wamid.1"), false)]
#[case::no_answer(Provider::Zapi, "Sales", None, false)]
#[tokio::test]
async fn on_zapi_a_text_that_answers_with_a_title_is_a_tap(
    #[case] provider: Provider,
    #[case] text: &str,
    #[case] in_reply_to: Option<&str>,
    #[case] is_tap: bool,
) {
    let World { store, .. } = &World::new().await;
    furnish(store, provider).await;
    let answer = changed(said("w.1", ana(), text), |it| {
        it.in_reply_to = in_reply_to.map(str::to_owned);
    });
    apply(store, vec![answer]).await;
    let event = last_event(store).await;
    if is_tap {
        assert_eq!(event.event_type.as_str(), "button.pressed");
        assert_eq!(event.data["button"]["id"], "btn_sales");
        assert_eq!(event.data["inferred"], true);
    } else {
        assert_eq!(event.event_type.as_str(), "message.received");
        assert!(event.data.get("inferred").is_none());
    }
}

#[tokio::test]
async fn two_organizations_hear_only_their_own() {
    let World { store, .. } = &tapped().await;
    ok(store.create_agent(&agent("org_2", "agent-123"), None)).await;
    create_channel(store, "org_2", "chn_2", Provider::WhatsApp).await;
    let mut theirs = application(&org(2), vec![said("w.1", ana(), "Hi")]);
    theirs.items[0].channel_id = id("chn_2");
    let ours = application(&org(1), vec![said("w.1", ana(), "Hi")]);
    for application in [&theirs, &ours] {
        ok(store.keep_webhook_call(&call(application), at(200_000))).await;
    }
    let results = store.apply_webhooks(vec![theirs, ours]).await;
    let told: Vec<_> = results
        .into_iter()
        .map(|result| result.unwrap().events)
        .collect();
    assert_eq!(told, [2, 1], "a new conversation there, a known one here");
    let there = events(store, &org(2)).await;
    assert!(there.iter().all(|event| event.organization_id == org(2)));
    assert_eq!(there[0].id.to_string(), "evt_0000000000000001");
    assert_eq!(events(store, &org(1)).await.len(), 2);
}
