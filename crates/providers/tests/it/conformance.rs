//! Every channel keeps every rule: one list of rules, stamped for each channel.

use crate::rules;
use crate::support::Subject;

macro_rules! conformance {
    ($($rule:ident),* $(,)?) => {
        mod whatsapp { $(#[tokio::test] async fn $rule() { super::rules::$rule(super::Subject::WhatsApp).await; })* }
        mod zapi { $(#[tokio::test] async fn $rule() { super::rules::$rule(super::Subject::Zapi).await; })* }
        mod zapperhub { $(#[tokio::test] async fn $rule() { super::rules::$rule(super::Subject::ZapperHub).await; })* }
        mod wuzapi { $(#[tokio::test] async fn $rule() { super::rules::$rule(super::Subject::Wuzapi).await; })* }
    };
}

conformance![
    header_body_footer_and_buttons_arrive_in_order,
    a_message_without_header_and_footer_arrives_without_them,
    the_receipt_names_the_message_on_the_phone,
    four_buttons_are_refused_without_a_request,
    a_refused_connection_is_unavailable,
    a_reset_before_the_answer_is_indeterminate_and_never_repeated,
    a_reset_on_a_used_connection_is_indeterminate_and_never_repeated,
    a_reset_after_acceptance_is_indeterminate_and_arrives_once,
    a_garbage_200_is_indeterminate,
    an_html_502_is_indeterminate,
    wrong_credentials_are_unauthorized_and_shown_nowhere,
    throttling_carries_the_wait,
    the_providers_own_throttling_is_recognised,
    a_connected_number_is_healthy,
    a_disconnected_number_is_not_healthy,
    an_unreachable_provider_has_no_health,
    the_preview_is_what_arrives_and_shows_no_secret,
    two_passing_refusals_end_in_one_accepted_message,
    two_hundred_at_once_arrive_once_each_at_their_own_recipient,
];
