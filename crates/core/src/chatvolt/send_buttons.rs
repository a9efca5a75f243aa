//! The body of `POST /messages/interactive/send-buttons`, as ChatVolt's clients send it.

use std::collections::BTreeMap;

use serde::Deserialize;
use validator::{Validate, ValidationErrors};

use super::flat::{self, Faults};
use super::misspelling;
use crate::fields::{FieldErrors, TextField, optional, required, rule};
use crate::message::{Button, Buttons, FieldPath, Segment};
use crate::request::{SendRequest, SendShape};
use crate::warning::Warning;

/// What stands for the field `buttons` of other interfaces.
const BUTTONS: &str = "button_1_id and button_1_title";

const ALIASES: [(&str, &str); 2] = [("button", BUTTONS), ("buttons", BUTTONS)];

/// Names of the halves of a button without its number, in small letters.
const HALF_NAMES: [(&str, &str); 6] = [
    ("buttonid", "id"),
    ("buttonpayload", "id"),
    ("buttontitle", "title"),
    ("buttontext", "title"),
    ("buttonlabel", "title"),
    ("buttonname", "title"),
];

/// The request as received; unknown keys are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Validate)]
pub struct SendButtons {
    /// The agent that sends the message.
    #[serde(default, rename = "agentId")]
    #[validate(custom(function = "required"))]
    pub agent_id: TextField,
    /// The conversation, which has the channel and the recipient.
    #[serde(default, rename = "conversationId")]
    #[validate(custom(function = "required"))]
    pub conversation_id: TextField,
    /// The bold line above the body.
    #[serde(default)]
    #[validate(custom(function = "optional"))]
    pub header_text: TextField,
    /// The text.
    #[serde(default)]
    #[validate(custom(function = "required"))]
    pub body_text: TextField,
    /// The small line below the body.
    #[serde(default)]
    #[validate(custom(function = "optional"))]
    pub footer_text: TextField,
    /// `button_N_id` and `button_N_title` for every N, among keys that are not ours.
    #[serde(flatten)]
    #[validate(nested)]
    pub buttons: ButtonFields,
}

/// The flat button keys of a request, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ButtonFields(pub BTreeMap<String, TextField>);

const HALVES: [&str; 2] = ["id", "title"];

impl ButtonFields {
    /// The pairs by their number; a pair of which nothing was said is left out, but the first is required.
    fn pairs(&self) -> BTreeMap<u64, [Option<&TextField>; 2]> {
        let mut pairs = BTreeMap::from([(1, [None; 2])]);
        for (key, field) in flat::given(&self.0) {
            if let Some((number, half)) = button_key(key) {
                pairs.entry(number).or_default()[half] = Some(field);
            }
        }
        pairs
    }
}

/// Splits `button_2_title` into 2 and the place of `title` among [`HALVES`]; `button_02_title` is not one of our keys.
fn button_key(key: &str) -> Option<(u64, usize)> {
    let (number, half) = key.strip_prefix("button_")?.split_once('_')?;
    let half = HALVES.iter().position(|known| *known == half)?;
    Some((flat::number(number)?, half))
}

impl Validate for ButtonFields {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut faults = Faults::default();
        for (number, pair) in self.pairs() {
            for (place, half) in HALVES.into_iter().enumerate() {
                let (field, other) = (pair[place], pair[1 - place]);
                let checked = match field {
                    Some(field) => required(field),
                    None if number == 1 => Err(rule("required", "Required")),
                    None if other.is_some() => Err(rule("twin", "Required with its twin")),
                    None => Ok(()),
                };
                faults.note(format!("button_{number}_{half}"), checked);
            }
        }
        faults.result()
    }
}

/// Returns the field that a name was probably meant to be.
fn meant(name: &str) -> Option<String> {
    let (letters, numbers) = misspelling::parts(name);
    if !name.contains(|c: char| c.is_ascii_digit()) {
        let aliases: [&[_]; 2] = [&misspelling::CHOICE_ALIASES, &ALIASES];
        let field = misspelling::field(name, &aliases, &[&misspelling::CHOICE_FIELDS]);
        return field.map(str::to_owned);
    }
    let [number] = *numbers else { return None };
    // The nearest half: `buttontitel` has fewer errors as a title than as a text.
    let half = misspelling::nearest(&letters, &HALF_NAMES)?;
    Some(format!("button_{number}_{half}"))
}

impl SendButtons {
    /// The example of ChatVolt's documentation, byte for byte.
    pub const EXAMPLE: &str = r#"{
  "agentId": "agent-123",
  "conversationId": "conv-456",
  "header_text": "Select an option",
  "body_text": "How can we help you today?",
  "footer_text": "ChatVolt Support",
  "button_1_id": "btn_sales",
  "button_1_title": "Sales",
  "button_2_id": "btn_support",
  "button_2_title": "Support"
}"#;

    /// Returns the fields that are not known, but were probably meant to be one that is absent.
    pub fn misspelled(&self) -> Vec<Warning> {
        let given = self.buttons.0.iter();
        let unknown = given.filter(|(name, _)| button_key(name).is_none());
        misspelling::warnings(unknown, meant, |name| self.has(name))
    }

    fn has(&self, name: &str) -> bool {
        let is_given = |field: &TextField| !field.is_absent();
        let field = match name {
            "agentId" => &self.agent_id,
            "conversationId" => &self.conversation_id,
            "header_text" => &self.header_text,
            "body_text" => &self.body_text,
            "footer_text" => &self.footer_text,
            BUTTONS => {
                return flat::given(&self.buttons.0).any(|(key, _)| button_key(key).is_some());
            }
            button => return self.buttons.0.get(button).is_some_and(is_given),
        };
        is_given(field)
    }
}

impl SendShape for SendButtons {
    fn read_fields(self) -> Result<SendRequest, FieldErrors> {
        let misspelled = self.misspelled();
        flat::check(&self, &misspelled)?;
        let mut numbers = Vec::new();
        let buttons = self
            .buttons
            .pairs()
            .into_iter()
            .filter_map(|(number, [id, title])| {
                let (id, title) = (id?.as_text()?, title?.as_text()?);
                numbers.push(number);
                Some(Button::new(id, title))
            });
        let text = |field: TextField| field.into_text().unwrap_or_default();
        let message = Buttons::new(text(self.body_text), buttons)
            .map_err(|error| FieldErrors::root(&error.to_string()))?
            .with_header(text(self.header_text))
            .with_footer(text(self.footer_text));
        Ok(SendRequest {
            agent: self.agent_id.into_text(),
            conversation: text(self.conversation_id),
            content: message.into(),
            misspelled,
            again_of: None,
            names: Box::new(move |path| name_of(path, &numbers)),
        })
    }
}

/// Returns what a request calls a field of its message: the buttons of a request may have gaps, as 1 and 3 have.
fn name_of(path: &FieldPath, numbers: &[u64]) -> String {
    let name = match path.segments() {
        [
            Segment::Field("buttons"),
            Segment::Index(index),
            Segment::Field(half @ ("id" | "title")),
        ] => numbers
            .get(*index)
            .map(|number| format!("button_{number}_{half}")),
        [Segment::Field(text @ ("header" | "body" | "footer"))] => Some(format!("{text}_text")),
        _ => None,
    };
    // A request has no other field: the path is at least not the name of another one.
    name.unwrap_or_else(|| path.to_string())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::capabilities::WHATSAPP;
    use crate::message::Content;

    fn read(body: Value) -> Result<SendRequest, Value> {
        let body = serde_json::from_value(body).expect("an object");
        crate::request::read::<SendButtons>(body)
            .map_err(|errors| serde_json::to_value(errors).expect("plain JSON"))
    }

    fn with(extra: &Value) -> Value {
        let mut body = json!({"agentId": "A1", "conversationId": "C1", "body_text": "Hi", "button_1_id": "a", "button_1_title": "A"});
        let object = body.as_object_mut().expect("an object");
        object.extend(extra.as_object().expect("an object").clone());
        body
    }

    fn buttons(body: Value) -> Buttons {
        match read(body).expect("a valid body").content {
            Content::Buttons(buttons) => buttons,
            other => panic!("{other:?}"),
        }
    }

    fn button_ids(body: Value) -> Vec<String> {
        let buttons = buttons(body);
        buttons.buttons().iter().map(|it| it.id.clone()).collect()
    }

    #[test]
    fn an_empty_body_names_all_five_required_fields() {
        let required = json!({"_errors": ["Required"]});
        assert_eq!(
            read(json!({})).expect_err("an empty body"),
            json!({"_errors": [], "agentId": required, "conversationId": required, "body_text": required, "button_1_id": required, "button_1_title": required})
        );
    }

    #[test]
    fn wrong_types_and_blanks_are_named_in_one_answer() {
        assert_eq!(
            read(with(
                &json!({"body_text": 42, "agentId": {}, "button_1_title": "  ", "footer_text": true})
            ))
            .expect_err("four faults"),
            json!({
                "_errors": [],
                "agentId": {"_errors": ["Expected string, received object"]},
                "body_text": {"_errors": ["Expected string, received number"]},
                "button_1_title": {"_errors": ["Must not be blank"]},
                "footer_text": {"_errors": ["Expected string, received boolean"]},
            })
        );
    }

    #[test]
    fn half_a_pair_names_the_missing_twin() {
        let twin = json!({"_errors": ["Required with its twin"]});
        assert_eq!(
            read(with(&json!({"button_2_id": "b"}))).expect_err("half a pair")["button_2_title"],
            twin
        );
        assert_eq!(
            read(with(&json!({"button_2_title": "B"}))).expect_err("half a pair")["button_2_id"],
            twin
        );
    }

    #[test]
    fn pairs_keep_their_order_and_gaps_close() {
        let body = with(
            &json!({"button_10_id": "j", "button_10_title": "J", "button_3_id": "c", "button_3_title": "C"}),
        );
        assert_eq!(button_ids(body), ["a", "c", "j"]);
    }

    #[rstest]
    #[case("bodyText", json!("Hi"), "body_text")]
    #[case("body", json!("Hi"), "body_text")]
    #[case("text", json!("Hi"), "body_text")]
    #[case("Body-Text", json!("Hi"), "body_text")]
    #[case("boby_text", json!("Hi"), "body_text")]
    #[case("footer", json!("Bye"), "footer_text")]
    #[case("footerText", json!("Bye"), "footer_text")]
    #[case("fotter_text", json!("Bye"), "footer_text")]
    #[case("header", json!("H"), "header_text")]
    #[case("agent_id", json!("A1"), "agentId")]
    #[case("agentID", json!("A1"), "agentId")]
    #[case("conversation", json!("C1"), "conversationId")]
    #[case("conversation_id", json!("C1"), "conversationId")]
    #[case("button2Id", json!("b"), "button_2_id")]
    #[case("buttonId2", json!("b"), "button_2_id")]
    #[case("button_02_title", json!("B"), "button_2_title")]
    #[case("button_2_titel", json!("B"), "button_2_title")]
    #[case("buton_2_title", json!("B"), "button_2_title")]
    #[case("button_2_text", json!("B"), "button_2_title")]
    #[case("buttons", json!([{"id": "a", "title": "A"}]), "button_1_id and button_1_title")]
    fn a_field_that_looks_like_ours_is_named_with_the_one_that_is_meant(
        #[case] name: &str,
        #[case] value: Value,
        #[case] meant: &str,
    ) {
        let refused = read(json!({name: value.clone()})).expect_err("fields are missing");
        let sentence = format!("Unknown field; write {meant}");
        assert_eq!(refused[name]["_errors"], json!([sentence]));
        let request: SendButtons = serde_json::from_value(json!({name: value})).expect("an object");
        let errors = request.read_fields().expect_err("fields are missing");
        assert_eq!(errors.first(), format!("{name}: {sentence}"));
    }

    #[test]
    fn what_is_ignored_in_a_message_that_can_be_sent_is_a_warning() {
        let warnings = |extra: &Value| {
            let request: SendButtons = serde_json::from_value(with(extra)).expect("an object");
            let warnings = request.misspelled();
            request.read_fields().expect("a valid body");
            warnings
                .into_iter()
                .map(|warning| warning.field)
                .collect::<Vec<_>>()
        };
        assert_eq!(warnings(&json!({"footerText": "Bye"})), ["footerText"]);
        // Other fields, and second spellings of what is there, are ignored as ChatVolt does.
        for extra in [
            json!({"foo": "bar", "nested": {"x": 1}, "to": "5511", "button_x_id": 7, "type": "button"}),
            json!({"text": "Hi", "bodyText": "Hi", "buttons": [], "button1Id": "a"}),
            json!({"footer": "", "header": null}),
        ] {
            assert_eq!(warnings(&extra), Vec::<String>::new(), "{extra}");
        }
    }

    #[test]
    fn a_body_of_unknown_fields_costs_and_says_little() {
        let many = (0..10_000).map(|number| (format!("body {number:_>9}"), json!("x")));
        let long = [("body".to_owned() + &"_".repeat(1_000_000), json!("x"))];
        for extra in [
            Value::Object(many.collect()),
            Value::Object(long.into_iter().collect()),
        ] {
            let mut body = with(&extra);
            body.as_object_mut()
                .expect("an object")
                .shift_remove("body_text");
            let request: SendButtons = serde_json::from_value(body).expect("an object");
            assert!(request.misspelled().len() <= misspelling::MAX_UNKNOWN);
            let errors = request.read_fields().expect_err("no body");
            assert!(errors.to_string().len() < 500);
        }
    }

    #[test]
    fn debug_shows_no_text() {
        let body = with(&json!({"body_text": "qqBody", "button_1_id": "qqId", "header_text": 7}));
        let request: SendButtons = serde_json::from_value(body).expect("an object");
        let shown = format!("{request:?}");
        assert!(!shown.contains("qq"), "{shown}");
        assert!(shown.contains("header_text: Wrong(number)"), "{shown}");
        let body = json!({"agentId": "qqAgent", "conversationId": "5511987654321", "qqFooter_text": "x", "footer": "qq",
            "header_text": "qq", "body_text": "qq", "button_1_id": "qq", "button_1_title": "qq", "body_txt": "5511987654321"});
        let sent = format!("{:?}", read(body).expect("a valid body"));
        assert_eq!(
            sent,
            "SendRequest { content: Buttons(Buttons { buttons: [Button { .. }], .. }), .. }"
        );
    }

    #[test]
    fn empty_optionals_are_absent_and_unknown_keys_ignored() {
        let body = with(
            &json!({"header_text": "", "footer_text": null, "button_2_id": "", "button_2_title": "", "nested": {"x": 1}, "button_x_id": 7}),
        );
        let message = buttons(body);
        assert_eq!(
            (message.header(), message.footer(), message.buttons().len()),
            (None, None, 1)
        );
    }

    #[test]
    fn a_warning_names_the_field_of_the_request() {
        let long = "😀".repeat(15);
        let extra =
            json!({"button_4_id": "d", "button_4_title": &long, "footer_text": long.repeat(3)});
        let request = read(with(&extra)).expect("a valid body");
        let to = "5511900000001".parse().expect("a recipient");
        let warnings = request.check(&WHATSAPP, &to).expect("within the limits");
        let fields: Vec<_> = warnings.iter().map(|warning| &*warning.field).collect();
        assert_eq!(fields, ["footer_text", "button_4_title"]);
    }

    #[test]
    fn a_field_that_a_request_does_not_have_gets_no_name_of_another_one() {
        for path in [
            FieldPath::new("caption"),
            FieldPath::new("buttons"),
            FieldPath::item("buttons", 2).field("id"),
            FieldPath::item("rows", 0).field("id"),
        ] {
            assert_eq!(name_of(&path, &[1, 3]), path.to_string());
        }
    }

    #[test]
    fn a_refusal_names_the_buttons_by_the_numbers_of_the_request() {
        let to = "5511900000001".parse().expect("a recipient");
        for (extra, told) in [
            (
                json!({"button_4_id": "d", "button_4_title": "x".repeat(21)}),
                "button_4_title has 21 characters",
            ),
            (
                json!({"button_4_id": "a", "button_4_title": "D"}),
                "button_4_id is the same as button_1_id",
            ),
            (
                json!({"header_text": "x".repeat(61)}),
                "header_text has 61 characters",
            ),
        ] {
            let request = read(with(&extra)).expect("a valid body");
            let refusal = request.check(&WHATSAPP, &to).expect_err("a refusal");
            assert!(refusal.details.starts_with(told), "{refusal}");
        }
    }
}
