//! The answer to a dry run: the message, the provider's request, the limits.

use recado_sandbox::{drawing::Bubble, terminal::visible};
use serde_json::Value;

use super::fitting::Shrinks;
use super::output::{View, cell};

pub(crate) fn views(bubble: Option<Bubble>, answer: &Value) -> Vec<View> {
    let mut views: Vec<View> = bubble.map(View::Message).into_iter().collect();
    views.extend(answer.get("request").map(request));
    views.extend(answer.get("limits").and_then(limits));
    views.extend(View::warnings(answer));
    views.extend(answer.get("cost").and_then(cost));
    views.push(View::Text("nothing was sent (dry run)".to_owned()));
    views
}

fn request(request: &Value) -> View {
    let part = |key: &str| cell(request.get(key));
    let headers = request.get("headers").and_then(Value::as_object);
    let headers = headers.into_iter().flatten();
    let headers = headers.map(|(name, value)| format!("{name}: {}\n", cell(Some(value))));
    let body = format!("{:#}", request.get("body").unwrap_or(&Value::Null));
    View::Text(format!(
        "\n{} {}\n{}\n{}\n",
        part("method"),
        part("url"),
        headers.collect::<String>(),
        visible(&body)
    ))
}

/// Returns `{"kind": "text", "message": {"min": 1, "max": 4096, "source": …}}` as a table.
fn limits(limits: &Value) -> Option<View> {
    // The provider does not have those that are null.
    let limits = limits.as_object()?.iter().filter(|(_, it)| it.is_object());
    let rows = limits.map(|(name, limit)| {
        let part = |key: &str| cell(limit.get(key));
        vec![name.clone(), part("min"), part("max"), part("source")]
    });
    let columns = ["LIMIT", "MIN", "MAX", "SOURCE"].map(|title| (title, Shrinks::Freely));
    Some(View::Rows {
        columns: columns.into(),
        rows: rows.collect(),
    })
}

/// Says what the message would cost; `None` if the provider says nothing about prices.
fn cost(cost: &Value) -> Option<View> {
    let left = cost.get("freeLeft")?.as_u64()?;
    let part = |place: &str| cell(cost.pointer(place));
    let text = if cost["free"] == true {
        format!("cost: probably none, as {left} of this month's free messages are left")
    } else if cost["price"].is_null() {
        "cost: the message is billed, and the server keeps no price for it".to_owned()
    } else {
        let [amount, currency] = ["/price/amount", "/price/currency"].map(part);
        let [date, source] = ["/price/ratesDate", "/price/ratesSource"].map(part);
        format!("cost: about {amount} {currency} by the rates of {date} ({source})")
    };
    Some(View::Text(text))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::render::bubble;

    #[rstest]
    #[case(json!({"freeLeft": 7, "free": true}), "cost: probably none, as 7 of")]
    #[case(json!({"freeLeft": 0, "price": null}), "keeps no price for it")]
    #[case(
        json!({"freeLeft": 0, "price": {"amount": "0.0325", "currency": "BRL", "ratesDate": "2026-10-01", "ratesSource": "a page"}}),
        "cost: about 0.0325 BRL by the rates of 2026-10-01 (a page)"
    )]
    fn the_cost_is_a_sentence(#[case] told: Value, #[case] says: &str) {
        let Some(View::Text(text)) = cost(&told) else {
            panic!("no sentence");
        };
        assert!(text.contains(says), "{text}");
        assert!(cost(&Value::Null).is_none());
    }

    #[test]
    fn a_dry_run_shows_bubble_request_limits_and_warnings() {
        let answer = json!({
            "dryRun": true,
            "request": {"method": "POST", "url": "https://x/y", "headers": {"authorization": "***"}, "body": {"to": "1"}},
            "limits": {"kind": "buttons", "body_text": {"min": 1, "max": 1024, "source": "Meta"}},
            "warnings": [{"field": "body_text", "message": "long"}],
        });
        let bubble = bubble::of_message(&json!({"text": "Hi"}));
        let views = views(bubble, &answer);
        let [
            View::Message(_),
            View::Text(request),
            View::Rows { rows, .. },
            View::Text(warnings),
            View::Text(end),
        ] = &views[..]
        else {
            panic!("other views");
        };
        let expected = "\nPOST https://x/y\nauthorization: ***\n\n{\n  \"to\": \"1\"\n}\n";
        assert_eq!(request, expected);
        assert_eq!(rows, &[["body_text", "1", "1024", "Meta"]]);
        assert_eq!(warnings, "warning: body_text: long");
        assert_eq!(end, "nothing was sent (dry run)");
    }
}
