//! Rows in every shape, and every fault that a row may have.

mod recipients;

use recado_core::Provider;
use recado_providers::Profile;
use rstest::rstest;
use serde_json::{Value, json};

use super::checked::{Checked, Kind, Verdict};
use super::existing::{Channel, Existing, Parties};
use super::{channels::choice, checking::Plan, parsing, parsing::Row};

/// An organization with agent `a1`, a channel of each provider, two of Z-API, and conversation `old`.
fn existing() -> Existing {
    let mut existing = Existing::default();
    existing.agents.insert("a1".to_owned(), "Ana".to_owned());
    for (id, provider) in [
        ("main", Provider::WhatsApp),
        ("z1", Provider::Zapi),
        ("z2", Provider::Zapi),
        ("hub", Provider::ZapperHub),
    ] {
        existing.channels.push(Channel {
            id: id.to_owned(),
            provider,
            capabilities: Profile::of(provider).capabilities(&Value::Null),
        });
    }
    existing.add("old".to_owned(), parties("a1", "main", "5511900000001"));
    existing
}

fn parties(agent: &str, channel: &str, to: &str) -> Parties {
    Parties {
        agent: agent.to_owned(),
        channel: channel.to_owned(),
        to: to.to_owned(),
    }
}

fn rows(text: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    parsing::rows("f", text, &mut rows);
    rows
}

fn plan(text: &str, channels: &[&str]) -> Plan {
    let choices: Vec<_> = channels.iter().map(|it| choice(it).unwrap()).collect();
    let agent = "a1".parse().unwrap();
    Plan::new(rows(text), &existing(), &choices, Some(&agent)).unwrap()
}

/// The only row of a CSV file with these cells.
fn one(cells: &str) -> Checked {
    let text = format!("agentId,agentName,conversationId,channel,phone,name\n{cells}\n");
    let channels: &[&str] = if cells.contains(",zapi,") {
        &["zapi=z1"]
    } else {
        &[]
    };
    let plan = plan(&text, channels);
    let mut rows: Vec<_> = plan.agents.into_iter().chain(plan.conversations).collect();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

/// What is to be done with a row, by the status of the report.
fn told(row: &Checked) -> String {
    match &row.verdict {
        Verdict::Create(body) => format!("create {body}"),
        Verdict::Present => "present".to_owned(),
        Verdict::LeftOut(reason) => format!("leftOut: {reason}"),
        Verdict::Wrong(problem) => format!("wrong: {problem}"),
    }
}

/// Checks how what is told begins, and what it contains.
#[track_caller]
fn assert_told(row: &Checked, begin: &str, part: &str) {
    let told = told(row);
    assert!(told.starts_with(begin) && told.contains(part), "{told}");
}

fn created(plan: &Plan) -> Vec<Value> {
    let bodies = plan.rows().map(|row| match &row.verdict {
        Verdict::Create(body) => body.clone(),
        other => panic!("line {}: {other:?}", row.place.line),
    });
    bodies.collect()
}

fn expected() -> [Value; 3] {
    [
        json!({"id": "a2", "name": "Bia"}),
        json!({"id": "c1", "agentId": "a2", "channelId": "main", "to": "+5511900000002"}),
        json!({"id": "c2", "agentId": "a1", "channelId": "hub", "to": "190000000000001@lid"}),
    ]
}

#[rstest]
#[case::a_table(
    "agentId,agentName,conversationId,channel,phone,name\na2,Bia,c1,whatsapp,+55 11 90000-0002,\"Rita, R.\"\na1,,c2,zapperapi,190000000000001@lid,\n"
)]
#[case::of_a_spreadsheet(
    "Phone;ConversationId;Channel;AgentId;AgentName\r\n+5511900000002;c1;WhatsApp;a2;Bia\r\n190000000000001@lid;c2;zapper;;\r\n"
)]
#[case::with_tabs(
    "agentId\tagentName\tconversationId\tchannel\tphone\tname\na2\tBia\tc1\twhatsapp\t+5511900000002\tRita, R.; x\na1\t\tc2\tzapper\t190000000000001@lid\t\n"
)]
#[case::with_a_line_that_tells_the_separator(
    "sep=;\r\nagentId;agentName;conversationId;channel;phone\r\na2;Bia;c1;whatsapp;+5511900000002\r\na1;;c2;zapper;190000000000001@lid\r\n"
)]
#[case::with_another_separator(
    "\"sep=|\"\nagentId|agentName|conversationId|channel|phone\na2|Bia|c1|whatsapp|+5511900000002\na1||c2|zapper|190000000000001@lid\n"
)]
#[case::answers_of_the_api(r#"[{"id":"a2","name":"Bia","modelName":"gpt_4o","tools":[]}]
    [{"id":"c1","agentId":"a2","channel":"whatsapp","channelExternalId":"5511900000002","participantsContacts":[]},
     {"id":"c2","agentId":null,"channel":"zapperapi","channelExternalId":null,"whatsappChatLid":"190000000000001@lid"}]"#)]
#[case::contacts_of_the_api(r#"[{"id":"a2","name":"Bia"},
     {"id":"c1","agentId":"a2","channel":"whatsapp","participantsContacts":[{"phoneNumber":"+55 (11) 90000-0002"}]},
     {"id":"c2","channel":"zapperapi","participantsContacts":[{"externalId":"190000000000001@lid"}]}]"#)]
#[case::an_object_on_each_line(r#"{"agentId":"a2","agentName":"Bia","conversationId":"c1","channel":"whatsapp","phone":"+5511900000002"}
    {"conversationId":"c2","channel":"zapperapi","phone":"190000000000001@lid"}"#)]
#[case::an_agent_that_is_named_later(r#"{"id":"c1","agentId":"a2","channel":"whatsapp","channelExternalId":"5511900000002"}
    {"id":"c2","agentId":"a1","channel":"zapperapi","channelExternalId":"190000000000001@lid"}{"id":"a2","name":"Bia"}"#)]
fn every_shape_of_a_file_is_read(#[case] text: &str) {
    assert_eq!(created(&plan(text, &[])), expected());
}

#[rstest]
#[case::present("a1,Ana,,,,", Kind::Agent)]
#[case::present_without_a_name("a1,,,,,", Kind::Agent)]
#[case::present("a1,,old,whatsapp,5511900000001,", Kind::Conversation)]
#[case::present_by_another_spelling("a1,,old,whatsapp,+55 (11) 90000-0001,", Kind::Conversation)]
fn what_is_there_and_the_same_stays(#[case] cells: &str, #[case] kind: Kind) {
    let row = one(cells);
    assert_eq!((row.verdict, row.kind), (Verdict::Present, kind));
}

#[test]
fn an_object_may_name_an_agent_by_its_id_alone() {
    let plan = plan(r#"{"agentId":"a1"}"#, &[]);
    let verdicts: Vec<_> = plan.agents.iter().map(told).collect();
    assert_eq!(verdicts, ["present"]);
}

#[rstest]
#[case::website("website")]
#[case::instagram("instagramDm")]
#[case::zapier("zapier")]
#[case::slack_direct("slackDm")]
fn what_is_not_whatsapp_is_left_out(#[case] channel: &str) {
    let row = one(&format!("a1,,c1,{channel},,"));
    let expected = format!("leftOut: channel {channel} is not WhatsApp");
    assert_eq!(told(&row), expected);
}

#[rstest]
#[case::nothing(",,,,,Ana", "neither agentId nor conversationId")]
#[case::no_conversation_id("a1,,,whatsapp,+5511900000002,", "but no conversationId")]
#[case::conversation_id(
    "a1,,c 1,whatsapp,+5511900000002,",
    "conversationId: an id has 1 to 64 characters"
)]
#[case::agent_id("a 1,Ana,,,,", "agentId: an id has 1 to 64 characters")]
#[case::agent_without_name("a9,,,,,", "the agent has no name")]
#[case::agent_of_another_name("a1,Bia,,,,", "exists with the name \"Ana\"")]
#[case::unknown_agent(
    "a9,,c1,whatsapp,+5511900000002,",
    "agent a9 does not exist, and has no name here"
)]
#[case::no_channel("a1,,c1,,+5511900000002,", "it names no channel")]
#[case::unknown_channel("a1,,c1,whatsap,+5511900000002,", "give --channel whatsap=ID")]
#[case::no_phone("a1,,c1,whatsapp,,", "it has no phone")]
#[case::not_a_phone("a1,,c1,whatsapp,12,", "phone: ")]
#[case::a_decimal(
    "a1,,c1,whatsapp,5511900020018.0,",
    "phone: it is written as a decimal number"
)]
#[case::a_decimal_with_a_plus(
    "a1,,c1,whatsapp,+5511900020018.00,",
    "phone: it is written as a decimal number"
)]
#[case::a_decimal_comma(
    "a1,,c1,whatsapp,\"5511900020018,0\",",
    "phone: it is written as a decimal number"
)]
#[case::a_power_of_ten("a1,,c1,whatsapp,5.511900020018E12,", "phone: ")]
#[case::a_trunk_zero("a1,,c1,whatsapp,+44 (0)20 7946 0018,", "phone: ")]
#[case::not_carried(
    "a1,,c1,whatsapp,190000000000001@lid,",
    "phone: WhatsApp Cloud API does not carry a text to a LID"
)]
#[case::two_faults(
    "a1,,c 1,whatsapp,12,",
    "conversationId: an id has 1 to 64 characters out of letters, digits, '.', '_', ':' and '-'; phone: "
)]
#[case::other_content("a1,,old,whatsapp,+5511900000002,", "exists with another recipient")]
#[case::other_channel("a1,,old,zapi,5511900000001,", "exists with channel main")]
#[case::other_id("a1,,c1,whatsapp,+5511900000001,", "already, in conversation old")]
fn a_wrong_row_says_what_to_change(#[case] cells: &str, #[case] problem: &str) {
    let row = one(cells);
    assert_told(&row, "wrong: ", problem);
    assert_eq!(row.place.line, 2);
    let text = told(&row);
    assert!(!text.contains("90000000"), "no number is repeated: {text}");
}

#[rstest]
#[case::the_same(
    "c1,+5511900000002",
    "c1,+55 11 90000-0002",
    "leftOut: the same is in f, line 2"
)]
#[case::another_phone(
    "c1,+5511900000002",
    "c1,+5511900000003",
    "wrong: the id is in f, line 2 too"
)]
#[case::another_id(
    "c1,+5511900000002",
    "c2,+5511900000002",
    "wrong: the agent talks to this phone over this channel in conversation c1 (f, line 2)"
)]
fn rows_are_compared_with_one_another(
    #[case] first: &str,
    #[case] second: &str,
    #[case] expected: &str,
) {
    let text = format!("conversationId,phone,channel\n{first},whatsapp\n{second},whatsapp\n");
    let rows = plan(&text, &[]).conversations;
    assert!(rows[0].is_new());
    assert_told(&rows[1], expected, "");
}

#[test]
fn an_agent_has_one_name() {
    let rows = plan("agentId,agentName\na2,Bia\na2,Bia\na2,Bea\n", &[]).agents;
    assert_eq!(rows.len(), 2, "a name that is repeated is one agent");
    assert_told(&rows[1], "wrong: ", "another name in f, line 2");
}

#[rstest]
#[case::of_all(&["z1"], r#""channelId":"z1""#)]
#[case::of_a_word(&["z1", "zapi=z2"], r#""channelId":"z2""#)]
#[case::of_an_id_at_chatvolt(&["zapi=z1", "sp_7=z2"], r#""channelId":"z2""#)]
#[case::of_none(&[], "wrong: there are several Z-API channels (z1, z2)")]
fn a_channel_is_chosen(#[case] channels: &[&str], #[case] expected: &str) {
    let text = r#"{"id":"c1","channel":"zapi","channelCredentialsId":"sp_7","channelExternalId":"5511900000002"}"#;
    assert_told(&plan(text, channels).conversations[0], "", expected);
}

#[rstest]
#[case::without_a_word("", r#""channelId":"main""#)]
#[case::a_word_of_whatsapp("zapperapi", r#""channelId":"main""#)]
#[case::an_id_at_recado("z2", r#""channelId":"z2""#)]
#[case::another_word("sms", "leftOut: channel sms is not known: give --channel sms=ID")]
fn a_choice_for_all_is_for_what_is_whatsapp(#[case] word: &str, #[case] expected: &str) {
    let text = format!("conversationId,channel,phone\nc1,{word},+5511900000002\n");
    assert_told(&plan(&text, &["main"]).conversations[0], "", expected);
}

#[test]
fn an_agent_that_has_its_name_further_down_is_no_fault() {
    let rows = plan("agentId,agentName\na2,\na2,Bia\n", &[]).agents;
    assert_eq!(rows.len(), 1);
    assert!(rows[0].is_new());
}

#[rstest]
#[case::unknown(&["x"], "channel x does not exist; see `recado channel list`")]
#[case::two_for_all(&["z1", "main"], "--channel names two channels for all conversations on WhatsApp, z1 and main: ")]
#[case::two_for_a_word(&["zapi=z1", "ZAPI=z2"], "--channel names two channels for ZAPI, z1 and z2: ")]
#[case::for_nothing(&["zapi=z1", "support=z2"], "--channel support=… is for no conversation of the files: the conversations have website, zapi")]
fn a_choice_that_is_wrong_or_useless_is_refused(#[case] channels: &[&str], #[case] problem: &str) {
    let choices: Vec<_> = channels.iter().map(|it| choice(it).unwrap()).collect();
    let rows = rows("conversationId,channel,phone\nc1,zapi,+5511900000002\nc2,Website,\n");
    let failure = Plan::new(rows, &existing(), &choices, None).err().unwrap();
    let text = failure.to_string();
    assert!(text.starts_with(problem), "{text}");
}

#[test]
fn a_choice_for_a_row_that_cannot_be_read_is_not_refused() {
    let text = "conversationId,channel,phone\nc1,whatsapp,+5511900000002\n,zapi,5511900000003\n";
    assert!(plan(text, &["zapi=z1"]).has_errors());
}

#[test]
fn an_agent_of_all_conversations_exists_or_is_named() {
    let plan = |agent: &str| {
        let agent = agent.parse().unwrap();
        let rows = rows("agentId,agentName\na2,Bia\n");
        Plan::new(rows, &existing(), &[], Some(&agent))
    };
    assert!(plan("a1").is_ok() && plan("a2").is_ok());
    let failure = plan("a9").err().unwrap().to_string();
    assert!(failure.starts_with("agent a9 does not exist"), "{failure}");
}

#[test]
fn a_phone_that_two_agents_share_is_a_warning() {
    let text = "agentId,agentName,conversationId,channel,phone\n\
        a2,Bia,c1,whatsapp,+5511900000001\na2,,c2,whatsapp,+5511900000002\na1,,c3,whatsapp,+5511900000002\n\
        a1,,c4,zapperapi,+5511900000002\n";
    let rows = plan(text, &[]).conversations;
    assert!(rows.iter().all(Checked::is_new));
    let shared: Vec<_> = rows.iter().map(|row| row.shared.as_deref()).collect();
    let of = |agent: &str, id: &str| {
        format!(
            "agent {agent} talks to this phone over this channel as well, in conversation {id}: what the customer writes comes to one of the two"
        )
    };
    let (old, new) = (of("a1", "old"), of("a2", "c2"));
    assert_eq!(shared, [Some(&*old), None, Some(&*new), None]);
}

#[rstest]
#[case::one_line(r#"[{"id":"a2","name":"Bia"},{"name":"Cid"}]"#, "f, line 1, entry [1]")]
#[case::in_the_second_list(
    "[{\"id\":\"a2\",\"name\":\"Bia\"}]\n[{\"name\":\"Cid\"}]",
    "f, line 2, entry [0]"
)]
#[case::not_json(
    r#"[{"id":"a2","name":"Bia"},{"id":"a3"},{"id":]"#,
    "f, line 1, entry [2]"
)]
#[case::no_list("{\"id\":\"a2\",\"name\":\"Bia\"}\n{\"name\":\"Cid\"}", "f, line 2")]
#[case::a_table("sep=;\nagentId;agentName\n;Bia\n", "f, line 3")]
fn a_problem_says_where_it_is(#[case] text: &str, #[case] place: &str) {
    let rows = rows(text);
    let wrong = rows.iter().find(|row| row.said.is_err()).unwrap();
    assert_eq!(wrong.place.to_string(), place);
}

#[rstest]
#[case::cut(
    "[{\"id\":\"a2\",\"name\":\"Bia\"},\n{\"id\":\"a3\",",
    2,
    2,
    "not JSON"
)]
#[case::unfinished("[{\"id\":\"a2\",\"name\":\"Bia\"}\n", 2, 2, "ends within a list")]
#[case::an_error(
    "{\"error\":\"UNAUTHORIZED\"}",
    1,
    1,
    "an error of ChatVolt, not data (UNAUTHORIZED)"
)]
#[case::without_id("\n{\"name\":\"Bia\"}", 1, 2, "it has no id")]
#[case::empty("", 1, 1, "the file has no rows")]
#[case::blank("\n \n", 1, 1, "the file has no rows")]
#[case::an_empty_list("[]\n", 1, 1, "the file has no rows")]
#[case::a_head_alone("agentId,agentName\n", 1, 1, "the file has no rows")]
#[case::without_columns("a;b\n1;2\n", 1, 1, "has to name the columns")]
#[case::a_page("<html>\n", 1, 1, "has to name the columns")]
#[case::an_open_quote("conversationId,name\nc1,\"Rita\nc2,Bia\n", 1, 2, "more than one line")]
#[case::in_the_head("conversationId,\"name\nc1,Rita\n", 1, 1, "more than one line")]
#[case::behind_empty_rows(
    "conversationId,name\r\n\r\n,\r\nc1,\"Rita\r\n",
    1,
    4,
    "more than one line"
)]
fn a_file_that_is_not_read_to_its_end_says_where(
    #[case] text: &str,
    #[case] count: usize,
    #[case] line: u64,
    #[case] problem: &str,
) {
    let rows = rows(text);
    assert_eq!(rows.len(), count);
    let last = rows.last().unwrap();
    assert_eq!(last.place.line, line);
    let said = last.said.as_ref().err().unwrap();
    assert!(said.contains(problem), "{said}");
}
