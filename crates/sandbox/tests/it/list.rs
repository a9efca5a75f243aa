//! Lists of options: what each simulated provider takes, refuses and shows.

use recado_sandbox::Provider;
use serde_json::{Value, json};

use crate::{Server, parsed, rows};

fn call(provider: Provider) -> &'static str {
    match provider {
        Provider::Whatsapp => "POST 800000000000001/messages",
        Provider::Zapi => "POST send-option-list",
        Provider::Zapperhub => "POST messages/list",
        Provider::Wuzapi => "POST chat/send/list",
    }
}

/// A list as each provider takes it.
fn list(provider: Provider) -> Value {
    let rows = |id: &str| json!([{"title": "Manhã", id: "slot_m", "description": "Vagas: 3"}]);
    let sections = |id| json!([{"title": "Hoje", "rows": rows(id)}]);
    let device = json!({"title": "Entrega", "description": "Escolha", "footer": "Até 18h",
        "buttonText": "Abrir", "sections": sections("rowId")});
    let addressed = |name: &str| {
        let mut device = device.clone();
        device[name] = json!("5521988887777");
        device
    };
    match provider {
        Provider::Whatsapp => json!({
            "messaging_product": "whatsapp", "to": "5521988887777", "type": "interactive",
            "interactive": {
                "type": "list", "header": {"type": "text", "text": "Entrega"},
                "body": {"text": "Escolha"}, "footer": {"text": "Até 18h"},
                "action": {"button": "Abrir", "sections": sections("id")},
            },
        }),
        Provider::Zapi => json!({
            "phone": "5521988887777", "message": "Escolha",
            "optionList": {"title": "Entrega", "buttonLabel": "Abrir", "options": rows("id")},
        }),
        Provider::Zapperhub => addressed("jid"),
        Provider::Wuzapi => addressed("Phone"),
    }
}

/// Returns the rows that the phone shows.
fn shown_rows(server: &Server) -> Value {
    let messages = server.phone_messages();
    let list = messages[0].content.as_list().expect("a list");
    list.menu.rows().map(|row| json!(row)).collect()
}

#[tokio::test]
async fn a_list_is_taken_and_shown_with_its_rows() {
    for provider in Provider::ALL {
        let server = Server::start().await;
        let reply = server.ask(provider, call(provider), &list(provider)).await;
        assert_eq!(reply.status, 200, "{provider:?}: {}", reply.text);
        server.shows(&json!({"to": "5521988887777", "body": "Escolha", "button": "Abrir"}));
        let row = json!({"id": "slot_m", "title": "Manhã", "description": "Vagas: 3"});
        assert_eq!(shown_rows(&server), json!([row]));
    }
}

#[tokio::test]
async fn what_a_provider_refuses_is_refused_in_its_words() {
    let server = Server::start().await;
    let row = |id: &str| json!({"id": id, "title": "T"});
    let eleven: Value = (0..11).map(|n| row(&n.to_string())).collect();
    let table = format!(
        r#"
no button | whatsapp | /interactive/action/button | null | (#100) The parameter interactive['action']['button'] is required.
no sections | whatsapp | /interactive/action/sections | null | (#100) The parameter interactive['action']['sections'] is required.
an empty description | whatsapp | /interactive/action/sections/0/rows/0/description | "" | (#100) The parameter interactive['action']['sections'][0]['rows'][0]['description'] is required.
s63 eleven rows | whatsapp | /interactive/action/sections/0/rows | {eleven} | Invalid rows count. Min allowed rows: 1, Max allowed rows: 10
equal ids | whatsapp | /interactive/action/sections/0/rows | [{{"id": "a", "title": "A"}}, {{"id": "a", "title": "B"}}] | Row ids must be unique
two without titles | whatsapp | /interactive/action/sections | [{{"rows": [{{"id": "a", "title": "A"}}]}}, {{"rows": [{{"id": "b", "title": "B"}}]}}] | Section title length invalid. Min length: 1, Max length: 24
a picture | whatsapp | /interactive/header | {{"type": "image", "image": {{"id": "1"}}}} | Header must be a text
no options | zapi | /optionList/options | [] | The field 'options' is empty
no title | zapi | /optionList/title | "" | The field 'title' is empty
no description | zapi | /optionList/options/0/description | null | The field 'description' is empty
a group | zapi | /phone | "120363000000000001-group" | option lists cannot be sent to groups
no body | zapperhub | /description | "" | body/description must NOT have fewer than 1 characters
no rows | zapperhub | /sections/0/rows | [] | body/sections/0/rows must NOT have fewer than 1 items
another key | zapperhub | /sections/0/id | "a" | body/sections/0 must NOT have additional properties
no button | wuzapi | /buttonText | "" | missing required fields: Phone, buttonText (or ButtonText), description (or Desc)
no sections | wuzapi | /sections | [] | no sections or list provided"#
    );
    for [name, provider, pointer, value, problem] in rows(&table) {
        let provider = provider.parse().expect("a provider");
        let mut body = list(provider);
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        body.pointer_mut(parent).expect("a parent")[key] = parsed(value);
        let reply = server.ask(provider, call(provider), &body).await;
        assert_eq!(reply.status, 400, "{name}: {}", reply.text);
        assert!(reply.text.contains(problem), "{name}: {}", reply.text);
    }
    server.shows_nothing();
}

#[tokio::test]
async fn wuzapi_gives_a_list_without_a_title_its_own_and_a_row_without_an_id_its_title() {
    let server = Server::start().await;
    let body = json!({"phone": "5521988887777", "buttontext": "Abrir", "Description": "Escolha",
        "Sections": [{"Rows": [{"Title": "Manhã"}]}]});
    let reply = server
        .ask(Provider::Wuzapi, call(Provider::Wuzapi), &body)
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    server.shows(&json!({"header": "Menu"}));
    let row = json!({"id": "Manhã", "title": "Manhã", "description": null});
    assert_eq!(shown_rows(&server), json!([row]));
}

#[tokio::test]
async fn a_row_is_chosen_by_its_id() {
    let server = Server::start().await;
    let provider = Provider::Zapi;
    server.ask(provider, call(provider), &list(provider)).await;
    let id = server.phone_messages()[0].message_id.clone();
    let pick = |row: &str| json!({"messageId": id, "id": row});
    let chosen = server.post("/_sandbox/phone/pick", &pick("slot_m")).await;
    assert_eq!(chosen.status, 201, "{}", chosen.text);
    let other = server.post("/_sandbox/phone/pick", &pick("slot_x")).await;
    assert!(other.text.contains("the message does not have this row"));
}
