//! A list of options: the exact requests, and what arrives on the phone.

use recado_core::{List, ListRow, ListSection};
use recado_providers::ErrorKind::ContentRefused;
use recado_providers::OutboundMessage;
use rstest::rstest;

use crate::support::{Subject, World, message, shown};

const PHONE: &str = "5521988887777";

/// A list with every part, in two sections.
fn full() -> OutboundMessage {
    let today = [
        ListRow::new("slot:14", "14h–16h").with_description("Vagas: 3"),
        ListRow::new("slot:16", "16h–18h"),
    ];
    let sections = [
        ListSection::new(today).with_title("Hoje"),
        ListSection::new([ListRow::new("slot:m", "Manhã")]).with_title("Amanhã"),
    ];
    let list = List::new("Escolha um *horário*", "Ver horários", sections);
    let list = list
        .expect("a list")
        .with_header("Entrega")
        .with_footer("Até 18h");
    message(PHONE, list.with_title("Horários"))
}

/// A list that has what every list has.
fn plain() -> OutboundMessage {
    let section = ListSection::new([ListRow::new("a", "Primeira")]);
    let list = List::new("Escolha", "Abrir", [section]);
    message(PHONE, list.expect("a list"))
}

#[test]
fn whatsapp_is_sent_sections_and_rows() {
    let preview = Subject::WhatsApp.preview("https://graph.facebook.com", &full());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST https://graph.facebook.com/v25.0/800000000000001/messages
    authorization: ***
    content-type: application/json

    {"messaging_product":"whatsapp","recipient_type":"individual","to":"5521988887777","type":"interactive","interactive":{"type":"list","header":{"type":"text","text":"Entrega"},"body":{"text":"Escolha um *horário*"},"footer":{"text":"Até 18h"},"action":{"button":"Ver horários","sections":[{"rows":[{"id":"slot:14","title":"14h–16h","description":"Vagas: 3"},{"id":"slot:16","title":"16h–18h"}],"title":"Hoje"},{"rows":[{"id":"slot:m","title":"Manhã"}],"title":"Amanhã"}]}},"biz_opaque_callback_data":"msg_0199f3aa4a1e7c109d7b000000000001"}
    "#);
    let body = Subject::WhatsApp
        .preview("https://graph.facebook.com", &plain())
        .body;
    insta::assert_snapshot!(body["interactive"].to_string(), @r#"{"type":"list","body":{"text":"Escolha"},"action":{"button":"Abrir","sections":[{"rows":[{"id":"a","title":"Primeira"}]}]}}"#);
}

#[test]
fn k55_k56_zapi_is_sent_one_list_with_the_header_and_the_footer_in_the_text() {
    let preview = Subject::Zapi.preview("https://api.z-api.io", &full());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST https://api.z-api.io/instances/***/token/***/send-option-list
    client-token: ***
    content-type: application/json

    {"phone":"5521988887777","message":"*Entrega*\n\nEscolha um *horário*\n\n_Até 18h_","optionList":{"title":"Horários","buttonLabel":"Ver horários","options":[{"id":"slot:14","title":"14h–16h","description":"Vagas: 3"},{"id":"slot:16","title":"16h–18h","description":""},{"id":"slot:m","title":"Manhã","description":""}]}}
    "#);
    let body = Subject::Zapi.preview("https://api.z-api.io", &plain()).body;
    insta::assert_snapshot!(body.to_string(), @r#"{"phone":"5521988887777","message":"Escolha","optionList":{"title":"Abrir","buttonLabel":"Abrir","options":[{"id":"a","title":"Primeira","description":""}]}}"#);
}

#[test]
fn zapi_shows_the_title_of_the_only_section_as_that_of_the_list() {
    let section = ListSection::new([ListRow::new("a", "Primeira")]).with_title("Hoje");
    let list = List::new("Escolha", "Abrir", [section]).expect("a list");
    let preview = Subject::Zapi.preview("https://api.z-api.io", &message(PHONE, list));
    assert_eq!(preview.body["optionList"]["title"], "Hoje");
}

#[test]
fn zapperhub_shows_the_title_of_a_list_in_the_place_of_a_missing_header() {
    let section = ListSection::new([ListRow::new("a", "Primeira")]);
    let list = List::new("Escolha", "Abrir", [section]).expect("a list");
    let sent = message(PHONE, list.with_title("Horários"));
    for subject in [Subject::ZapperHub, Subject::Wuzapi] {
        let preview = subject.preview("https://api.example.com", &sent);
        assert_eq!(preview.body["title"], "Horários");
    }
}

#[test]
fn zapperapi_is_sent_sections_and_rows() {
    let preview = Subject::ZapperHub.preview("https://api.zapperapi.com", &full());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST https://api.zapperapi.com/inst_5f2c/messages/list
    x-api-key: ***
    content-type: application/json

    {"jid":"5521988887777","title":"Entrega","description":"Escolha um *horário*","footer":"Até 18h","buttonText":"Ver horários","sections":[{"rows":[{"title":"14h–16h","rowId":"slot:14","description":"Vagas: 3"},{"title":"16h–18h","rowId":"slot:16"}],"title":"Hoje"},{"rows":[{"title":"Manhã","rowId":"slot:m"}],"title":"Amanhã"}]}
    "#);
    let body = Subject::ZapperHub
        .preview("https://api.zapperapi.com", &plain())
        .body;
    insta::assert_snapshot!(body.to_string(), @r#"{"jid":"5521988887777","description":"Escolha","buttonText":"Abrir","sections":[{"rows":[{"title":"Primeira","rowId":"a"}]}]}"#);
}

#[test]
fn wuzapi_is_sent_the_same_with_an_id() {
    let preview = Subject::Wuzapi.preview("http://wuzapi.example:8080", &full());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST http://wuzapi.example:8080/chat/send/list
    token: ***
    content-type: application/json

    {"Phone":"5521988887777","Id":"3EB0FFFCAE1775EFAF3954","title":"Entrega","description":"Escolha um *horário*","footer":"Até 18h","buttonText":"Ver horários","sections":[{"rows":[{"title":"14h–16h","rowId":"slot:14","description":"Vagas: 3"},{"title":"16h–18h","rowId":"slot:16"}],"title":"Hoje"},{"rows":[{"title":"Manhã","rowId":"slot:m"}],"title":"Amanhã"}]}
    "#);
}

#[rstest]
#[tokio::test]
async fn the_phone_shows_every_row_with_its_id(
    #[values(Subject::WhatsApp, Subject::Zapi, Subject::ZapperHub, Subject::Wuzapi)]
    subject: Subject,
) {
    let world = World::start().await;
    for sent in [full(), plain()] {
        world.channel(subject).send(&sent).await.expect("accepted");
    }
    let phone = world.sandbox.phone_messages();
    let menu = |index: usize| {
        let list = phone[index].content.as_list();
        list.expect("a list").menu.clone()
    };
    let rows = |index| {
        let rows: Vec<_> = menu(index)
            .rows()
            .map(|row| (row.id.clone(), row.title.clone(), row.description.clone()))
            .collect();
        rows
    };
    let row = |id: &str, title: &str, description: Option<&str>| {
        (
            id.to_owned(),
            title.to_owned(),
            description.map(str::to_owned),
        )
    };
    assert_eq!(
        rows(0),
        [
            row("slot:14", "14h–16h", Some("Vagas: 3")),
            row("slot:16", "16h–18h", None),
            row("slot:m", "Manhã", None),
        ]
    );
    assert_eq!(rows(1), [row("a", "Primeira", None)]);
    assert_eq!(menu(0).button, "Ver horários");
    let texts = [phone[0].header(), phone[0].body(), phone[0].footer()];
    let texts = texts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    for text in ["Entrega", "Escolha um *horário*", "Até 18h"] {
        assert!(texts.contains(text), "{texts}");
    }
}

#[rstest]
#[case::whatsapp(Subject::WhatsApp)]
#[case::k57_zapi(Subject::Zapi)]
#[case::zapperapi(Subject::ZapperHub)]
#[case::wuzapi(Subject::Wuzapi)]
#[tokio::test]
async fn a_list_to_a_group_is_refused_without_a_request(#[case] subject: Subject) {
    let world = World::start().await;
    let mut sent = plain();
    sent.to = "120363000000000001@g.us".parse().expect("a group");
    let refused = world.channel(subject).send(&sent).await;
    assert_eq!(refused.expect_err("refused").kind, ContentRefused);
    assert_eq!(world.sandbox.requests().len(), 0);
}
