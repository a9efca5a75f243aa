//! The class by which Meta charges for a message, as statuses tell it.

use rstest::rstest;
use serde_json::{Value, json};

use crate::webhooks::statuses;
use crate::webhooks_whatsapp::{channel, status_of};

#[rstest]
#[case::billed(json!({"billable": true, "pricing_model": "PMP", "type": "regular", "category": "service"}), ["service", "regular", "PMP"], Some(true), Some(false))]
#[case::free(json!({"billable": false, "pricing_model": "PMP", "type": "free_customer_service", "category": "service"}), ["service", "free_customer_service", "PMP"], Some(false), Some(true))]
#[case::without_billable(json!({"pricing_model": "PMP", "type": "free_entry_point", "category": "utility"}), ["utility", "free_entry_point", "PMP"], None, Some(true))]
#[case::unknown_words(json!({"pricing_model": "X", "type": "new", "category": "general_purpose_ai"}), ["general_purpose_ai", "new", "X"], None, Some(false))]
fn a_status_tells_how_its_message_is_charged(
    #[case] told: Value,
    #[case] words: [&str; 3],
    #[case] billable: Option<bool>,
    #[case] free: Option<bool>,
) {
    let news = &statuses(&*channel(), &status_of(&json!({"pricing": told})))[0];
    let pricing = news.pricing.as_ref().expect("a class");
    let read = [&pricing.category, &pricing.kind, &pricing.model];
    assert_eq!(read.map(|word| word.as_deref().unwrap_or_default()), words);
    assert_eq!((pricing.billable, pricing.free), (billable, free));
}

#[test]
fn what_is_not_a_price_class_is_not_told() {
    let other_types = json!({"billable": "yes", "pricing_model": 1, "category": "x".repeat(65)});
    for told in [json!({}), Value::Null, json!("regular"), other_types] {
        let news = &statuses(&*channel(), &status_of(&json!({"pricing": told})))[0];
        assert_eq!(news.pricing, None);
    }
}
