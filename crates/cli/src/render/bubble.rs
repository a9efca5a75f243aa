//! What the customer sees, taken from a request or from the server's answer.

use recado_core::{Content, List, ListRow, ListSection, Location};
use recado_sandbox::drawing::{Bubble, Link};
use recado_sandbox::{self as sandbox, Menu, Section};
use serde::Deserialize as _;
use serde_json::Value;

pub(crate) fn of_content(content: &Content) -> Bubble {
    match content {
        Content::Text(message) => Bubble {
            body: message.body().to_owned(),
            ..Bubble::default()
        },
        Content::Buttons(message) => Bubble {
            header: message.header().map(str::to_owned),
            body: message.body().to_owned(),
            footer: message.footer().map(str::to_owned),
            buttons: (message.buttons().iter())
                .map(|button| button.title.clone())
                .collect(),
            ..Bubble::default()
        },
        Content::List(message) => Bubble {
            header: message.header().map(str::to_owned),
            body: message.body().to_owned(),
            footer: message.footer().map(str::to_owned),
            menu: Some(menu(message)),
            ..Bubble::default()
        },
        Content::CtaUrl(message) => Bubble {
            header: message.header().map(str::to_owned),
            body: message.body().to_owned(),
            footer: message.footer().map(str::to_owned),
            links: vec![Link {
                title: message.button().to_owned(),
                url: message.url().to_owned(),
            }],
            ..Bubble::default()
        },
        Content::Location(content) => place(content),
        Content::LocationRequest(message) => Bubble {
            body: message.body().to_owned(),
            asks_for_location: true,
            ..Bubble::default()
        },
    }
}

fn place(content: &Location) -> Bubble {
    Bubble::of_place(
        (content.latitude(), content.longitude()),
        content.name().map(str::to_owned),
        content.address().map(str::to_owned),
    )
}

fn menu(message: &List) -> Menu {
    let row = |row: &ListRow| sandbox::ListRow {
        id: row.id.clone(),
        title: row.title.clone(),
        description: row.description.clone(),
    };
    let section = |section: &ListSection| Section {
        title: section.title.clone(),
        rows: section.rows.iter().map(row).collect(),
    };
    Menu {
        button: message.button().to_owned(),
        title: message.title().map(str::to_owned),
        sections: message.sections().iter().map(section).collect(),
    }
}

/// Returns the bubble of a flat message, as the server answers it; `None` without a text.
pub(crate) fn of_message(message: &Value) -> Option<Bubble> {
    let text = |pointer: &str| {
        let text = message.pointer(pointer).and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let degrees = |name: &str| message.pointer("/metadata/location")?.get(name)?.as_f64();
    if let Some(degrees) = degrees("latitude").zip(degrees("longitude")) {
        let (name, address) = (
            text("/metadata/location/name"),
            text("/metadata/location/address"),
        );
        return Some(Bubble::of_place(degrees, name, address));
    }
    let buttons = message.pointer("/metadata/buttons");
    let buttons = buttons.and_then(Value::as_array).into_iter().flatten();
    Some(Bubble {
        header: text("/metadata/header"),
        body: text("/text")?,
        footer: text("/metadata/footer"),
        buttons: buttons
            .filter_map(|button| button.get("title")?.as_str().map(str::to_owned))
            .collect(),
        asks_for_location: message.pointer("/metadata/kind") == Some(&"location_request".into()),
        links: text("/metadata/link/url")
            .zip(text("/metadata/link/title"))
            .map(|(url, title)| Link { title, url })
            .into_iter()
            .collect(),
        menu: message
            .pointer("/metadata/list")
            .and_then(|list| Menu::deserialize(list).ok()),
    })
}

#[cfg(test)]
mod tests {
    use recado_core::{SendButtons, request};
    use recado_sandbox::drawing::Style;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_of_the_server_is_drawn_like_its_request() {
        let request = json!({
            "agentId": "agent-123", "conversationId": "conv-456",
            "header_text": "Select an option", "body_text": "How can we help you today?",
            "footer_text": "ChatVolt Support",
            "button_1_id": "btn_sales", "button_1_title": "Sales",
            "button_2_id": "btn_support", "button_2_title": "Support",
        });
        let message = json!({
            "text": "How can we help you today?",
            "metadata": {
                "header": "Select an option", "footer": "ChatVolt Support",
                "buttons": [{"id": "btn_sales", "title": "Sales"}, {"id": "btn_support", "title": "Support"}]
            }
        });
        let drawn = "\
╭────────────────────────────╮
│ Select an option           │
│ How can we help you today? │
│ ChatVolt Support           │
├────────────────────────────┤
│          ↩ Sales           │
├────────────────────────────┤
│         ↩ Support          │
╰────────────────────────────╯";
        let request = serde_json::from_value(request).unwrap();
        let request = of_content(&request::read::<SendButtons>(request).unwrap().content);
        for bubble in [request, of_message(&message).unwrap()] {
            assert_eq!(bubble.draw(80, Style::Plain), drawn);
        }
    }

    #[test]
    fn a_message_without_a_text_has_no_bubble() {
        assert_eq!(of_message(&json!({"text": null})), None);
    }
}
