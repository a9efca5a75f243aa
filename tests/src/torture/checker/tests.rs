//! The checker is content with a correct history, and notices each lie by its own rule.

use std::collections::HashSet;

use rstest::rstest;

use super::super::history::{Answer, Loss, Way};
use super::Rule::*;
use super::correct::{BIA, history, text};
use super::*;

/// What is changed in the correct history.
type Change = fn(&mut History);

/// Changes the event of that place in the list and at the endpoint alike.
fn change(history: &mut History, place: usize, change: impl Fn(&mut Event)) {
    let organization = &mut history.organizations[0];
    change(&mut organization.events[place]);
    change(&mut organization.arrivals[place]);
}

/// Appends the event of that place once more, changed, in the list and at the endpoint alike.
fn append(history: &mut History, place: usize, change: impl Fn(&mut Event)) {
    let organization = &mut history.organizations[0];
    let mut event = organization.events[place].clone();
    event.id = format!("evt_{:016x}", organization.events.len() + 1);
    change(&mut event);
    organization.events.push(event.clone());
    organization.arrivals.push(event);
}

/// The answer of the lost message was not lost; its server, or another one, died at that time.
fn died(history: &mut History, server: usize, from: u64) {
    if let Some(handled) = history.handled.get_mut(2) {
        handled.answer_lost = false;
    }
    history.losses.push(Loss {
        server: Some(server),
        organizations: HashSet::from(["one".to_owned()]),
        period: Period { from, until: from },
    });
}

/// Stops servers one after the other, from the beginning of the send whose outcome is unknown, so long each time.
fn paused(history: &mut History, servers: &[usize], millis: u64) {
    history.handled[2].answer_lost = false;
    let from = history.sends[2].asked;
    for (place, &server) in (0..).zip(servers) {
        let from = from + place * millis;
        history.pauses.push(Loss {
            server: Some(server),
            organizations: HashSet::from(["one".to_owned()]),
            period: Period {
                from,
                until: from + millis,
            },
        });
        history.sends[2].ended = from + millis;
    }
}

fn refused(reason: &str) -> Answer {
    Answer::Refused {
        status: 503,
        reason: reason.to_owned(),
        message_id: None,
    }
}

/// The message to Ana was stored once more, before, and taken back.
fn taken_back(history: &mut History, way: Way) {
    history.sends[0].way = way;
    let organization = &mut history.organizations[0];
    let mut earlier = organization.messages[0].clone();
    earlier.id = "msg_one_earlier".to_owned();
    earlier.status = "rejected".to_owned();
    earlier.external_id = None;
    organization.messages.push(earlier);
    append(history, 0, |event| {
        event.kind = "message.rejected".to_owned();
        event.message_id = text("msg_one_earlier");
        event.external_id = None;
    });
}

/// Both messages to Bia are queued, the second one at that time, and leave in the wrong order.
fn overtakes(history: &mut History, asked: u64) {
    for (send, name) in history.sends[1..].iter_mut().zip(["refused", "lost"]) {
        send.way = Way::Queued;
        send.answer = Answer::Queued {
            message_id: format!("msg_one_{name}"),
        };
    }
    history.sends[2].asked = asked;
    history.handled.swap(1, 2);
}

/// The message was read, and an earlier status is told of it again.
fn told_again(history: &mut History, kind: &str) {
    history.organizations[0].messages[0].status = "read".to_owned();
    append(history, 1, |event| event.kind = kind.to_owned());
}

#[rstest]
#[case::nothing(|_: &mut History| {})]
#[case::a_delivery_that_comes_again_and_late(|it: &mut History| {
    let again = it.organizations[0].arrivals[0].clone();
    it.organizations[0].arrivals.push(again);
})]
#[case::an_event_whose_call_the_provider_did_not_see_taken(|it: &mut History| it.inbound[0].acknowledged = false)]
#[case::a_client_that_hung_up(|it: &mut History| it.sends[0].answer = Answer::Nothing)]
#[case::a_server_that_died(|it: &mut History| died(it, 0, 150))]
#[case::a_server_that_was_stopped_often(|it: &mut History| paused(it, &[0, 0, 0], 3_000))]
#[case::its_server_died_after_a_message_was_stored_too_late(|it: &mut History| {
    it.sends[2].answer = refused("unavailable");
    it.handled.remove(2);
    died(it, 0, 5_000);
})]
#[case::a_message_that_was_taken_back_and_sent_again(|it: &mut History| taken_back(it, Way::Row))]
#[case::any_server_of_a_repeated_send_died(|it: &mut History| {
    it.sends[2].way = Way::Repeated;
    died(it, 1, 150);
})]
#[case::a_database_that_was_too_slow_for_the_queue(|it: &mut History| {
    it.sends[2].way = Way::Queued;
    it.handled.remove(2);
    it.organizations[0].messages.remove(2);
})]
#[case::a_server_that_was_stopped_while_it_stored_a_message(|it: &mut History| {
    paused(it, &[0, 0, 0], 3_000);
    it.handled.remove(2);
    it.organizations[0].messages.remove(2);
})]
#[case::an_order_of_what_was_queued_at_the_same_time(|it: &mut History| overtakes(it, 150))]
// Conversations do not wait for one another.
#[case::an_order_across_conversations(|it: &mut History| it.organizations[0].arrivals.swap(3, 4))]
fn what_may_happen_breaks_no_promise(#[case] change: Change) {
    let mut history = history();
    change(&mut history);
    assert_eq!(check(&history), []);
}

#[rstest]
#[case::taken_twice(&[AcceptedOnce], |it: &mut History| {
    let again = Handled { accepted: text("another wamid"), ..it.handled[0].clone() };
    it.handled.push(again);
})]
#[case::never_taken(&[AcceptedIsAccepted], |it: &mut History| it.handled[0].accepted = None)]
#[case::taken_as_another(&[AcceptedIsAccepted], |it: &mut History| it.handled[0].accepted = text("other"))]
#[case::refused_and_taken(&[RefusedIsNotAccepted], |it: &mut History| it.handled[1].accepted = text("one refused wamid"))]
#[case::taken_back_and_taken(&[RefusedIsNotAccepted], |it: &mut History| taken_back(it, Way::Once(0)))]
#[case::still_sending(&[MessageEnds], |it: &mut History| it.organizations[0].messages[2].status = "sending".into())]
#[case::unknown_without_a_cause(&[UnknownHasACause], |it: &mut History| it.handled[2].answer_lost = false)]
#[case::another_server_died(&[UnknownHasACause], |it: &mut History| died(it, 1, 150))]
#[case::its_server_was_stopped_shortly(&[UnknownHasACause], |it: &mut History| paused(it, &[0, 0], 3_000))]
#[case::several_servers_were_stopped(&[UnknownHasACause], |it: &mut History| paused(it, &[0, 1, 0], 3_000))]
#[case::its_server_died_later(&[UnknownHasACause], |it: &mut History| died(it, 0, 250))]
// A database that does not answer excuses what a client is told at once, and not what stays.
#[case::the_database_was_away(&[UnknownHasACause], |it: &mut History| {
    it.handled[2].answer_lost = false;
    it.outages.push(Period { from: 150, until: 160 });
})]
#[case::a_message_is_gone(&[MessageIsStored], |it: &mut History| drop(it.organizations[0].messages.remove(2)))]
#[case::in_another_conversation(&[MessageIsStored], |it: &mut History| it.organizations[0].messages[2].conversation = "ana".into())]
#[case::another_recipient(&[RightRecipient], |it: &mut History| it.handled[0].customer = BIA.into())]
#[case::another_sender(&[RightRecipient], |it: &mut History| it.handled[0].account = "account of two".into())]
#[case::a_lost_status(&[StatusIsCurrent], |it: &mut History| it.statuses[0].status = "read".into())]
#[case::an_untold_status(&[StatusIsCurrent], |it: &mut History| it.organizations[0].messages[0].status = "read".into())]
#[case::a_status_goes_backwards(&[StatusIsCurrent, StatusesAdvance], |it: &mut History| told_again(it, "message.sent"))]
#[case::a_status_comes_twice(&[StatusIsCurrent, StatusesAdvance], |it: &mut History| told_again(it, "message.delivered"))]
#[case::a_lost_tap(&[InboundIsTold], |it: &mut History| change(it, 2, |tap| tap.kind = "channel.connected".into()))]
#[case::a_tap_told_twice(&[InboundIsToldOnce], |it: &mut History| append(it, 2, |_| {}))]
#[case::an_invented_tap(&[InboundIsToldOnce], |it: &mut History| append(it, 2, |tap| tap.external_id = text("invented")))]
#[case::another_conversation(&[RightConversation], |it: &mut History| change(it, 3, |event| event.conversation = text("bia")))]
#[case::another_button(&[ContentSurvives], |it: &mut History| change(it, 2, |tap| tap.button = Some(("yes".into(), "No".into()))))]
#[case::another_text(&[ContentSurvives], |it: &mut History| change(it, 3, |event| event.text = text("oi")))]
#[case::another_message(&[ContentSurvives], |it: &mut History| change(it, 2, |tap| tap.in_reply_to = text("msg_one_refused")))]
#[case::no_message(&[ContentSurvives], |it: &mut History| change(it, 2, |tap| tap.in_reply_to = None))]
#[case::a_gap(&[EventsAreGapless], |it: &mut History| change(it, 5, |event| event.id = "evt_0000000000000007".into()))]
#[case::a_wrong_order(&[EventsAreGapless], |it: &mut History| it.organizations[0].events.swap(3, 4))]
#[case::a_foreign_event(&[Isolated, EveryEventArrives], |it: &mut History| it.organizations[0].events[3].organization = "two".into())]
#[case::a_foreign_arrival(&[Isolated], |it: &mut History| {
    let foreign = it.organizations[1].events[0].clone();
    it.organizations[0].arrivals.push(foreign);
})]
#[case::a_foreign_text(&[Isolated], |it: &mut History| {
    change(it, 3, |event| event.external_id = text("two hello"));
    it.inbound[1].acknowledged = false;
})]
// It is then not the message of whom it belongs to, either.
#[case::a_foreign_send(&[MessageIsStored, RightRecipient, Isolated], |it: &mut History| it.sends[2].organization = "two".into())]
#[case::overtaken_in_the_queue(&[QueueKeepsOrder], |it: &mut History| overtakes(it, 210))]
#[case::no_arrival(&[EveryEventArrives], |it: &mut History| drop(it.organizations[0].arrivals.remove(5)))]
#[case::a_changed_arrival(&[EveryEventArrives], |it: &mut History| it.organizations[0].arrivals[3].text = text("oi"))]
#[case::a_forged_arrival(&[EveryEventArrives], |it: &mut History| it.organizations[0].refused_arrivals.push("forged".into()))]
#[case::arrivals_in_a_wrong_order(&[ArrivesInOrder], |it: &mut History| it.organizations[0].arrivals.swap(0, 1))]
fn a_lie_is_noticed_by_its_own_rule(#[case] rules: &[Rule], #[case] lie: Change) {
    let mut history = history();
    lie(&mut history);
    let violations = check(&history);
    let mut broken: Vec<_> = violations.iter().map(|violation| violation.rule).collect();
    broken.dedup();
    assert_eq!(broken, rules, "{violations:#?}");
}
