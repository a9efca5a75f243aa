//! The fields of Meta's webhooks that are about the account, a number or a template (Meta, webhooks reference).

use recado_core::inbound::{AccountAlert, AlertSeverity};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::webhook::prelude::*;

const MILLISECONDS_OF_DAY: i64 = 24 * 60 * 60 * 1000;

/// Fields that make no alert: what a phone sends from its own history, and what other programs of the business do.
const SILENT: [&str; 5] = [
    "smb_message_echoes",
    "smb_app_state_sync",
    "history",
    "standby",
    "messaging_handovers",
];

/// Where the words of a change may stand, in the order in which a person reads them.
const WORDS: [&str; 19] = [
    "/event",
    "/decision",
    "/alert_info/alert_type",
    "/alert_info/alert_description",
    "/restriction_info/0/restriction_type",
    "/violation_info/violation_type",
    "/ban_info/waba_ban_state",
    "/ban_info/waba_ban_date",
    "/disconnection_info/reason",
    "/message_template_name",
    "/message_template_language",
    "/new_quality_score",
    "/new_category",
    "/requested_verified_name",
    "/rejection_reason",
    "/reason",
    "/current_limit",
    "/message",
    "/flow_id",
];

/// Fields whose values name no customer; of others the value is not kept, because an erasure could not find it.
const ABOUT_NO_CUSTOMER: [&str; 14] = [
    "account_alerts",
    "account_review_update",
    "account_update",
    "business_capability_update",
    "flows",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "partner_solutions",
    "payment_configuration_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "template_category_update",
];

/// What happens to an account that sends no more, or soon will not (`account_update`).
const CRITICAL_EVENTS: [&str; 4] = [
    "ACCOUNT_RESTRICTION",
    "ACCOUNT_DELETED",
    "ACCOUNT_OFFBOARDED",
    "PARTNER_REMOVED",
];

/// The events of a template that is not sent any more (`message_template_status_update`).
const WORSE_TEMPLATES: [&str; 6] = [
    "REJECTED",
    "PAUSED",
    "DISABLED",
    "FLAGGED",
    "LOCKED",
    "LIMIT_EXCEEDED",
];

/// Returns the alert of a change, also of a field that is not known; `None` if the field makes none.
pub(super) fn alert(
    redactor: &Redactor,
    entry: &Value,
    field: &str,
    value: &Value,
) -> Option<Inbound> {
    if SILENT.contains(&field) {
        return None;
    }
    let mut alert = AccountAlert::new(field, severity(field, value), digest(entry, field, value));
    let words = WORDS.iter().filter_map(|path| text(value, path));
    // Meta writes it in the place of a reason.
    let words: Vec<_> = words.filter(|word| *word != "NONE").collect();
    alert.detail = (!words.is_empty()).then(|| redactor.clean(&words.join(": ")));
    alert.account = account(entry, value);
    if ABOUT_NO_CUSTOMER.contains(&field) {
        alert.value = whole(value);
    }
    Some(Inbound::AccountAlert(alert))
}

/// Returns the alert of an error that is about no message.
pub(super) fn of_error(
    redactor: &Redactor,
    entry: &Value,
    error: &Value,
    words: &MessageError,
) -> Inbound {
    let field = "errors";
    let mut alert = AccountAlert::new(field, AlertSeverity::Warning, digest(entry, field, error));
    alert.code = words.code;
    alert.detail = Some(redactor.clean(&words.message)).filter(|text| !text.is_empty());
    alert.account = account(entry, &Value::Null);
    alert.value = whole(error);
    Inbound::AccountAlert(alert)
}

fn severity(field: &str, value: &Value) -> AlertSeverity {
    let event = text(value, "/event").unwrap_or_default();
    let decision = text(value, "/decision").unwrap_or_default();
    match field {
        "account_update" if CRITICAL_EVENTS.contains(&event) => AlertSeverity::Critical,
        "account_update" if event == "DISABLED_UPDATE" => {
            match text(value, "/ban_info/waba_ban_state") {
                Some("REINSTATE") => AlertSeverity::Info,
                _ => AlertSeverity::Critical,
            }
        }
        "account_update" if event == "ACCOUNT_VIOLATION" => AlertSeverity::Warning,
        "account_alerts" => match text(value, "/alert_info/alert_severity") {
            Some("CRITICAL") => AlertSeverity::Critical,
            Some("WARNING") => AlertSeverity::Warning,
            _ => AlertSeverity::Info,
        },
        "account_review_update" if decision == "REJECTED" => AlertSeverity::Critical,
        "phone_number_name_update" if decision == "REJECTED" => AlertSeverity::Warning,
        "phone_number_quality_update" if ["FLAGGED", "DOWNGRADE"].contains(&event) => {
            AlertSeverity::Warning
        }
        "message_template_status_update" if WORSE_TEMPLATES.contains(&event) => {
            AlertSeverity::Warning
        }
        "message_template_quality_update" if text(value, "/new_quality_score") == Some("RED") => {
            AlertSeverity::Warning
        }
        // The PIN of the number: critical unless its owner asked for it.
        "security" => AlertSeverity::Critical,
        "flows" => AlertSeverity::Warning,
        _ => AlertSeverity::Info,
    }
}

/// The account: of a partner's change the entry may name a business portfolio.
fn account(entry: &Value, value: &Value) -> Option<String> {
    id(value.pointer("/waba_info/waba_id")).or_else(|| id(entry.get("id")))
}

/// Meta repeats a change without an id. The same may happen again on another day, and is news then.
fn digest(entry: &Value, field: &str, value: &Value) -> String {
    let account = entry.get("id").unwrap_or(&Value::Null);
    let day = instant(entry.get("time")).map(|at| at / MILLISECONDS_OF_DAY);
    let said = format!("{account} {day:?} {field} {value}");
    hex::encode(&Sha256::digest(said)[..16])
}
