//! The checker is content with a correct history, and notices each lie by its own rule.

use std::collections::HashSet;

use super::super::history::{Answer, Loss};
use super::correct::{BIA, history, text};
use super::*;

/// Tells a lie, and checks that exactly these rules notice it.
#[track_caller]
fn notices(rules: &[Rule], lie: impl FnOnce(&mut History)) {
    let mut history = history();
    lie(&mut history);
    let violations = check(&history);
    let mut broken: Vec<_> = violations.iter().map(|violation| violation.rule).collect();
    broken.dedup();
    assert_eq!(broken, rules, "{violations:#?}");
}

/// Changes the event of that place in the list and at the endpoint alike.
fn change(history: &mut History, place: usize, change: impl Fn(&mut Event)) {
    let organization = &mut history.organizations[0];
    change(&mut organization.events[place]);
    change(&mut organization.arrivals[place]);
}

/// Appends an event in the list and at the endpoint alike.
fn append(history: &mut History, event: &Event) {
    let organization = &mut history.organizations[0];
    let id = format!("evt_{:016x}", organization.events.len() + 1);
    for list in [&mut organization.events, &mut organization.arrivals] {
        list.push(Event {
            id: id.clone(),
            ..event.clone()
        });
    }
}

#[test]
fn a_correct_history_breaks_no_promise() {
    notices(&[], |_| {});
}

#[test]
fn what_may_happen_breaks_no_promise() {
    notices(&[], |history| {
        // A delivery that comes twice, also late, and what a provider may or may not have told.
        let again = history.organizations[0].arrivals[0].clone();
        history.organizations[0].arrivals.push(again);
        history.inbound[0].acknowledged = false;
        // A client that hung up, whose message went out all the same.
        history.sends[0].answer = Answer::Nothing;
    });
    notices(&[], |history| {
        // The server died, and another one settled its message; the client heard nothing.
        history.handled[2].answer_lost = false;
        history.losses.push(Loss {
            server: Some(0),
            organizations: HashSet::from(["one".to_owned()]),
            period: Period {
                from: 150,
                until: 160,
            },
        });
    });
}

#[test]
fn a_message_that_the_provider_took_twice_is_noticed() {
    notices(&[Rule::AcceptedOnce], |history| {
        let mut again = history.handled[0].clone();
        again.accepted = text("another wamid");
        history.handled.push(again);
    });
}

#[test]
fn an_acceptance_that_never_was_is_noticed() {
    notices(&[Rule::AcceptedIsAccepted], |history| {
        history.handled[0].accepted = None;
    });
    notices(&[Rule::AcceptedIsAccepted], |history| {
        history.handled[0].accepted = text("other");
    });
}

#[test]
fn a_refusal_of_what_went_out_is_noticed() {
    notices(&[Rule::RefusedIsNotAccepted], |history| {
        history.handled[1].accepted = text("one refused wamid");
    });
}

#[test]
fn a_message_that_stays_sending_is_noticed() {
    notices(&[Rule::MessageEnds], |history| {
        history.organizations[0].messages[2].status = "sending".to_owned();
    });
}

#[test]
fn an_unknown_message_without_a_cause_is_noticed() {
    notices(&[Rule::UnknownHasACause], |history| {
        history.handled[2].answer_lost = false;
    });
    // Another server died, or this one died later.
    for (server, from) in [(1, 150), (0, 250)] {
        notices(&[Rule::UnknownHasACause], |history| {
            history.handled[2].answer_lost = false;
            history.losses.push(Loss {
                server: Some(server),
                organizations: HashSet::from(["one".to_owned()]),
                period: Period { from, until: from },
            });
        });
    }
    // A database that does not answer excuses what a client is told at once, and not what stays.
    notices(&[Rule::UnknownHasACause], |history| {
        history.handled[2].answer_lost = false;
        history.outages.push(Period {
            from: 150,
            until: 160,
        });
    });
}

#[test]
fn a_message_that_is_gone_is_noticed() {
    notices(&[Rule::MessageIsStored], |history| {
        history.organizations[0].messages.remove(2);
    });
    notices(&[Rule::MessageIsStored], |history| {
        history.organizations[0].messages[2].conversation = "ana".to_owned();
    });
}

#[test]
fn a_message_to_another_recipient_is_noticed() {
    notices(&[Rule::RightRecipient], |history| {
        history.handled[0].customer = BIA.to_owned();
    });
    notices(&[Rule::RightRecipient], |history| {
        history.handled[0].account = "account of two".to_owned();
    });
}

#[test]
fn a_lost_status_is_noticed() {
    notices(&[Rule::StatusIsCurrent], |history| {
        history.statuses[0].status = "read".to_owned();
    });
    notices(&[Rule::StatusIsCurrent], |history| {
        history.organizations[0].messages[0].status = "read".to_owned();
    });
}

#[test]
fn a_status_that_goes_backwards_or_comes_twice_is_noticed() {
    for status in ["message.sent", "message.delivered"] {
        notices(&[Rule::StatusIsCurrent, Rule::StatusesAdvance], |history| {
            history.organizations[0].messages[0].status = "read".to_owned();
            let again = Event {
                kind: status.to_owned(),
                ..history.organizations[0].events[1].clone()
            };
            append(history, &again);
        });
    }
}

#[test]
fn a_lost_tap_is_noticed() {
    notices(&[Rule::InboundIsTold], |history| {
        change(history, 2, |event| {
            event.kind = "channel.connected".to_owned();
        });
    });
}

#[test]
fn a_tap_that_is_told_twice_is_noticed() {
    notices(&[Rule::InboundIsToldOnce], |history| {
        let again = history.organizations[0].events[2].clone();
        append(history, &again);
    });
}

#[test]
fn a_tap_that_no_customer_did_is_noticed() {
    notices(&[Rule::InboundIsToldOnce], |history| {
        let mut invented = history.organizations[0].events[2].clone();
        invented.external_id = text("invented");
        append(history, &invented);
    });
}

#[test]
fn a_swapped_conversation_is_noticed() {
    notices(&[Rule::RightConversation], |history| {
        change(history, 3, |event| event.conversation = text("bia"));
    });
}

#[test]
fn another_button_another_text_or_another_message_is_noticed() {
    notices(&[Rule::ContentSurvives], |history| {
        change(history, 2, |event| {
            event.button = Some(("yes".to_owned(), "No".to_owned()));
        });
    });
    notices(&[Rule::ContentSurvives], |history| {
        change(history, 3, |event| event.text = text("oi"));
    });
    for answered in [text("msg_one_refused"), None] {
        notices(&[Rule::ContentSurvives], |history| {
            change(history, 2, |event| event.in_reply_to.clone_from(&answered));
        });
    }
}

#[test]
fn a_gap_and_a_wrong_order_in_the_list_are_noticed() {
    notices(&[Rule::EventsAreGapless], |history| {
        change(history, 5, |event| {
            event.id = "evt_0000000000000007".to_owned();
        });
    });
    notices(&[Rule::EventsAreGapless], |history| {
        history.organizations[0].events.swap(3, 4);
    });
}

#[test]
fn an_event_of_another_organization_is_noticed() {
    notices(&[Rule::Isolated, Rule::EveryEventArrives], |history| {
        history.organizations[0].events[3].organization = "two".to_owned();
    });
    notices(&[Rule::Isolated], |history| {
        let foreign = history.organizations[1].events[0].clone();
        history.organizations[0].arrivals.push(foreign);
    });
    notices(&[Rule::Isolated], |history| {
        change(history, 3, |event| event.external_id = text("two hello"));
        history.inbound[1].acknowledged = false;
    });
    // It is then not the message of whom it belongs to, either.
    let rules = [Rule::MessageIsStored, Rule::RightRecipient, Rule::Isolated];
    notices(&rules, |history| {
        history.sends[2].organization = "two".to_owned();
    });
}

#[test]
fn an_event_that_does_not_arrive_or_arrives_changed_is_noticed() {
    notices(&[Rule::EveryEventArrives], |history| {
        history.organizations[0].arrivals.remove(5);
    });
    notices(&[Rule::EveryEventArrives], |history| {
        history.organizations[0].arrivals[3].text = text("oi");
    });
    notices(&[Rule::EveryEventArrives], |history| {
        let refused = &mut history.organizations[0].refused_arrivals;
        refused.push("a forged call".to_owned());
    });
}

#[test]
fn a_wrong_order_at_the_endpoint_is_noticed() {
    notices(&[Rule::ArrivesInOrder], |history| {
        history.organizations[0].arrivals.swap(0, 1);
    });
    // Conversations do not wait for one another.
    notices(&[], |history| history.organizations[0].arrivals.swap(3, 4));
}
