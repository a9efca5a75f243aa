//! What Meta says about an account, a number or a template.

use recado_core::inbound::{AccountAlert, Ignored, Inbound};
use rstest::rstest;
use serde_json::{Value, json};

use crate::webhooks::{address, message, read};
use crate::webhooks_whatsapp::channel;

fn body(account: &str, field: &str, value: &Value) -> Value {
    json!({"object": "whatsapp_business_account", "entry": [{"id": account, "time": 1_790_000_300,
        "changes": [{"field": field, "value": value}]}]})
}

fn alert(field: &str, value: &Value) -> AccountAlert {
    match &read(&*channel(), &body("900000000000001", field, value))[..] {
        [Inbound::AccountAlert(alert)] => alert.clone(),
        other => panic!("not one alert: {other:?}"),
    }
}

#[rstest]
#[case::k152_restriction("account_update",
    json!({"event": "ACCOUNT_RESTRICTION", "restriction_info": [{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1_790_604_800}]}),
    "critical", "ACCOUNT_RESTRICTION: RESTRICTED_BIZ_INITIATED_MESSAGING")]
#[case::disabled("account_update", json!({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}), "critical", "DISABLED_UPDATE: DISABLE")]
#[case::reinstated("account_update", json!({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}}), "info", "DISABLED_UPDATE: REINSTATE")]
#[case::violation("account_update", json!({"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SCAM"}}), "warning", "ACCOUNT_VIOLATION: SCAM")]
#[case::k153_partner("account_update", json!({"event": "PARTNER_ADDED", "waba_info": {"waba_id": "900000000000001"}}), "info", "PARTNER_ADDED")]
#[case::k154_template("message_template_status_update",
    json!({"event": "REJECTED", "message_template_id": 6, "message_template_name": "pedido_pronto", "message_template_language": "pt_BR", "reason": "INVALID_FORMAT"}),
    "warning", "REJECTED: pedido_pronto: pt_BR: INVALID_FORMAT")]
#[case::approved("message_template_status_update",
    json!({"event": "APPROVED", "message_template_name": "pedido_pronto", "reason": "NONE"}), "info", "APPROVED: pedido_pronto")]
#[case::quality("message_template_quality_update", json!({"message_template_name": "t", "new_quality_score": "RED"}), "warning", "t: RED")]
#[case::limit("phone_number_quality_update", json!({"event": "DOWNGRADE", "current_limit": "TIER_250"}), "warning", "DOWNGRADE: TIER_250")]
#[case::name("phone_number_name_update", json!({"decision": "REJECTED", "requested_verified_name": "Loja", "rejection_reason": null}), "warning", "REJECTED: Loja")]
#[case::review("account_review_update", json!({"decision": "REJECTED"}), "critical", "REJECTED")]
#[case::pin("security", json!({"event": "PIN_RESET_REQUEST"}), "critical", "PIN_RESET_REQUEST")]
#[case::meta_says_how_much_it_matters("account_alerts",
    json!({"alert_info": {"alert_severity": "WARNING", "alert_type": "OBA", "alert_description": "Check it"}}), "warning", "OBA: Check it")]
fn a_change_of_the_account_has_its_severity_and_its_words(
    #[case] field: &str,
    #[case] value: Value,
    #[case] severity: &str,
    #[case] detail: &str,
) {
    let alert = alert(field, &value);
    assert_eq!((&*alert.field, alert.severity.as_str()), (field, severity));
    assert_eq!(alert.detail.as_deref(), Some(detail));
    assert_eq!(alert.value, Some(value));
}

#[rstest]
#[case::k155_number(json!({"max_daily_conversations_per_business": 1000}))]
#[case::k155_tier(json!({"max_daily_conversations_per_business": "TIER_1K"}))]
fn a_limit_is_told_in_metas_own_form(#[case] value: Value) {
    assert_eq!(
        alert("business_capability_update", &value).value,
        Some(value)
    );
}

#[test]
fn k159_a_field_that_was_never_seen_is_told_with_its_name() {
    let alert = alert("hologram_update", &json!({"x": 1}));
    assert_eq!(
        (&*alert.field, alert.severity.as_str()),
        ("hologram_update", "info")
    );
    // It may name customers.
    assert_eq!((alert.detail, alert.value), (None, None));
}

#[test]
fn k160_the_same_change_is_recognized_and_that_of_another_account_is_another() {
    let value = json!({"event": "ACCOUNT_RESTRICTION"});
    let first = alert("account_update", &value);
    assert_eq!(first, alert("account_update", &value));
    assert_ne!(
        first.digest,
        alert("account_update", &json!({"event": "ACCOUNT_DELETED"})).digest
    );
    let other = read(
        &*channel(),
        &body("900000000000002", "account_update", &value),
    );
    assert!(matches!(&other[..], [Inbound::AccountAlert(other)] if other.digest != first.digest));
}

#[rstest]
#[case::k156_history("history")]
#[case::k111_what_the_phone_sent("smb_message_echoes")]
#[case::contacts_of_the_phone("smb_app_state_sync")]
#[case::k157_of_another_program("standby")]
fn what_other_programs_and_the_phone_do_makes_no_alert(#[case] field: &str) {
    let items = read(
        &*channel(),
        &body("9", field, &json!({"messages": [{"id": "wamid.1"}]})),
    );
    assert_eq!(items, [Inbound::Ignored(Ignored::Field)]);
}

#[test]
fn a_field_without_a_name_is_ignored() {
    let items = read(&*channel(), &body("9", "", &json!({})));
    assert_eq!(items, [Inbound::Ignored(Ignored::Field)]);
}

#[test]
fn k153_the_account_of_a_partners_change_is_named_in_its_value() {
    let value = json!({"event": "PARTNER_ADDED", "waba_info": {"waba_id": "900000000000001"}});
    let items = read(
        &*channel(),
        &body("700000000000001", "account_update", &value),
    );
    let [Inbound::AccountAlert(alert)] = &items[..] else {
        panic!("an alert");
    };
    assert_eq!(alert.account.as_deref(), Some("900000000000001"));
}

#[test]
fn k158_a_customer_who_wants_no_marketing_is_a_notice_about_the_customer() {
    let value = json!({"metadata": {"phone_number_id": "800000000000001"},
        "contacts": [{"profile": {"name": "Rita"}, "wa_id": "5511900000001"}],
        "user_preferences": [{"wa_id": "5511900000001", "detail": "User requested to stop marketing messages",
            "category": "marketing_messages", "value": "stop", "timestamp": 1_790_000_304}]});
    let notice = message(&*channel(), &body("9", "user_preferences", &value));
    assert_eq!(address(&notice.from.phone), Some("5511900000001"));
    assert_eq!(
        notice.external_id,
        "5511900000001#marketing_messages_stop-1790000304000"
    );
    let content = serde_json::to_value(notice.content.received()).expect("JSON");
    assert_eq!(
        content,
        json!({"type": "system", "event": "marketing_messages_stop"})
    );
    assert!(!notice.content.opens_window());
}
