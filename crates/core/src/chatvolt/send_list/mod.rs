//! The body of `POST /messages/interactive/send-lists`, as ChatVolt's clients send it.

mod sections;

use serde::Deserialize;
use validator::{Validate, ValidationError};

pub use self::sections::SectionFields;

use self::sections::Key;
use super::{flat, misspelling};
use crate::fields::{FieldErrors, TextField, at_most, optional, required};
use crate::message::{FieldPath, List, Segment};
use crate::request::{SendRequest, SendShape};
use crate::warning::Warning;

/// The lengths that ChatVolt's `OpenAPI` file states for the body of the request.
const MAX_BODY: usize = 4096;
const MAX_BUTTON: usize = 20;
const MAX_HEADER: usize = 60;

/// What stands for the fields `sections` and `rows` of other interfaces.
const ROWS: &str = "section_1_row_1_id and section_1_row_1_title";

const ALIASES: [(&str, &str); 8] = [
    ("button", "button_text"),
    ("title", "list_title"),
    ("section", ROWS),
    ("sections", ROWS),
    ("row", ROWS),
    ("rows", ROWS),
    ("list", ROWS),
    ("options", ROWS),
];

const FIELDS: [&str; 2] = ["button_text", "list_title"];

/// The request as received; unknown keys are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Validate)]
pub struct SendList {
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
    #[validate(custom(function = "line"))]
    pub header_text: TextField,
    /// The text.
    #[serde(default)]
    #[validate(custom(function = "body"))]
    pub body_text: TextField,
    /// The small line below the body.
    #[serde(default)]
    #[validate(custom(function = "line"))]
    pub footer_text: TextField,
    /// The text on the button that opens the list.
    #[serde(default)]
    #[validate(custom(function = "button"))]
    pub button_text: TextField,
    /// The title of the opened list.
    #[serde(default)]
    #[validate(custom(function = "optional"))]
    pub list_title: TextField,
    /// `section_N_title`, and `section_N_row_M_id`, `…_title` and `…_description` for every N and M, among keys that are
    /// not ours.
    #[serde(flatten)]
    #[validate(nested)]
    pub sections: SectionFields,
}

fn line(field: &TextField) -> Result<(), ValidationError> {
    at_most(field, MAX_HEADER)?;
    optional(field)
}

fn body(field: &TextField) -> Result<(), ValidationError> {
    at_most(field, MAX_BODY)?;
    required(field)
}

fn button(field: &TextField) -> Result<(), ValidationError> {
    at_most(field, MAX_BUTTON)?;
    required(field)
}

/// Returns the field that a name was probably meant to be.
fn meant(name: &str) -> Option<String> {
    let (letters, numbers) = misspelling::parts(name);
    if !name.contains(|c: char| c.is_ascii_digit()) {
        let aliases: [&[_]; 2] = [&misspelling::CHOICE_ALIASES, &ALIASES];
        let fields: [&[_]; 2] = [&misspelling::CHOICE_FIELDS, &FIELDS];
        return misspelling::field(name, &aliases, &fields).map(str::to_owned);
    }
    match *numbers {
        [section] => {
            let known = [("sectiontitle", ()), ("sectionname", ())];
            misspelling::nearest(&letters, &known)?;
            Some(format!("section_{section}_title"))
        }
        [section, row] => {
            let known = [
                ("sectionrowid", "id"),
                ("sectionrowtitle", "title"),
                ("sectionrowtext", "title"),
                ("sectionrowname", "title"),
                ("sectionrowdescription", "description"),
                ("sectionrowdesc", "description"),
                ("sectionrowsubtitle", "description"),
            ];
            let part = misspelling::nearest(&letters, &known)?;
            Some(format!("section_{section}_row_{row}_{part}"))
        }
        _ => None,
    }
}

impl SendList {
    /// A request in the shape of ChatVolt's documentation.
    pub const EXAMPLE: &str = r#"{
  "agentId": "agent-123",
  "conversationId": "conv-456",
  "header_text": "Delivery",
  "body_text": "When may we deliver your order?",
  "footer_text": "We answer until 18:00",
  "button_text": "Choose a time",
  "section_1_title": "Today",
  "section_1_row_1_id": "slot-14",
  "section_1_row_1_title": "14:00 to 16:00",
  "section_1_row_1_description": "Three places left",
  "section_1_row_2_id": "slot-16",
  "section_1_row_2_title": "16:00 to 18:00",
  "section_2_title": "Tomorrow",
  "section_2_row_1_id": "slot-morning",
  "section_2_row_1_title": "In the morning"
}"#;

    /// Returns the fields that are not known, but were probably meant to be one that is absent.
    pub fn misspelled(&self) -> Vec<Warning> {
        let given = self.sections.0.iter();
        let unknown = given.filter(|(name, _)| Key::read(name).is_none());
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
            "button_text" => &self.button_text,
            "list_title" => &self.list_title,
            ROWS => {
                return flat::given(&self.sections.0)
                    .any(|(name, _)| matches!(Key::read(name), Some(Key::Row { .. })));
            }
            other => return self.sections.0.get(other).is_some_and(is_given),
        };
        is_given(field)
    }
}

impl SendShape for SendList {
    fn read_fields(self) -> Result<SendRequest, FieldErrors> {
        let misspelled = self.misspelled();
        flat::check(&self, &misspelled)?;
        let (mut numbers, mut sections) = (Vec::new(), Vec::new());
        for (number, fields) in self.sections.sections() {
            let rows: Vec<_> = fields.rows.keys().copied().collect();
            numbers.push((number, rows));
            sections.push(fields.section());
        }
        let text = |field: TextField| field.into_text().unwrap_or_default();
        let message = List::new(text(self.body_text), text(self.button_text), sections)
            .map_err(|error| FieldErrors::root(&error.to_string()))?
            .with_header(text(self.header_text))
            .with_footer(text(self.footer_text))
            .with_title(text(self.list_title));
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

/// Returns what a request calls a field of its message: the sections and rows of a request may have gaps, as 1 and 3 have.
fn name_of(path: &FieldPath, numbers: &[(u64, Vec<u64>)]) -> String {
    let name = match path.segments() {
        [
            Segment::Field("sections"),
            Segment::Index(section),
            rest @ ..,
        ] => numbers.get(*section).and_then(|(number, rows)| match rest {
            [Segment::Field(part)] => Some(format!("section_{number}_{part}")),
            [
                Segment::Field("rows"),
                Segment::Index(row),
                Segment::Field(part),
            ] => {
                let row = rows.get(*row)?;
                Some(format!("section_{number}_row_{row}_{part}"))
            }
            _ => None,
        }),
        [Segment::Field("title")] => Some("list_title".to_owned()),
        [Segment::Field(text @ ("header" | "body" | "footer" | "button"))] => {
            Some(format!("{text}_text"))
        }
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
    use crate::capabilities::{Capabilities, WHATSAPP, ZAPI, ZAPPERAPI_V2};
    use crate::message::{Content, ListRow, ListSection};
    use crate::recipient::Recipient;

    fn read(body: Value) -> Result<SendRequest, Value> {
        let body = serde_json::from_value(body).expect("an object");
        crate::request::read::<SendList>(body)
            .map_err(|errors| serde_json::to_value(errors).expect("plain JSON"))
    }

    fn with(extra: &Value) -> Value {
        let mut body = json!({"agentId": "A1", "conversationId": "C1", "body_text": "Hi", "button_text": "Open",
            "section_1_row_1_id": "a", "section_1_row_1_title": "A"});
        let object = body.as_object_mut().expect("an object");
        object.extend(extra.as_object().expect("an object").clone());
        body
    }

    fn sections(body: Value) -> Vec<ListSection> {
        match read(body).expect("a valid body").content {
            Content::List(list) => list.sections().to_vec(),
            other => panic!("{other:?}"),
        }
    }

    /// Checks a body against what a channel carries; returns the details of the refusal or the fields of the warnings.
    fn checked(body: Value, capabilities: &Capabilities) -> Result<Vec<String>, String> {
        let to: Recipient = "+5511988887777".parse().expect("a phone number");
        let warnings = read(body).expect("a valid body").check(capabilities, &to);
        let warnings = warnings.map_err(|refusal| refusal.details)?;
        Ok(warnings.into_iter().map(|warning| warning.field).collect())
    }

    #[test]
    fn an_empty_body_names_all_required_fields() {
        let required = json!({"_errors": ["Required"]});
        assert_eq!(
            read(json!({})).expect_err("an empty body"),
            json!({"_errors": [], "agentId": required, "conversationId": required, "body_text": required,
                "button_text": required, "section_1_row_1_id": required, "section_1_row_1_title": required})
        );
    }

    #[test]
    fn the_example_is_valid() {
        let example = serde_json::from_str(SendList::EXAMPLE).expect("JSON");
        let rows: Vec<_> = sections(example).iter().map(|it| it.rows.len()).collect();
        assert_eq!(rows, [2, 1]);
    }

    #[test]
    fn sections_and_rows_are_in_the_order_of_their_numbers_and_may_have_gaps() {
        let body = with(
            &json!({"section_10_title": "Last", "section_10_row_1_id": "j", "section_10_row_1_title": "J",
            "section_3_row_0_id": "c0", "section_3_row_0_title": "C0", "section_3_row_10_id": "c10", "section_3_row_10_title": "C10", "section_3_row_2_id": "c2",
            "section_3_row_2_title": "C2", "section_3_row_2_description": "second", "section_02_title": "not ours"}),
        );
        let row = ListRow::new;
        assert_eq!(
            sections(body),
            [
                ListSection::new([row("a", "A")]),
                ListSection::new([
                    row("c0", "C0"),
                    row("c2", "C2").with_description("second"),
                    row("c10", "C10")
                ]),
                ListSection::new([row("j", "J")]).with_title("Last"),
            ]
        );
    }

    #[rstest]
    #[case::half_a_row(json!({"section_2_row_1_id": "b"}), &["section_2_row_1_title"])]
    #[case::a_description_alone(json!({"section_1_row_2_description": "d"}), &["section_1_row_2_id", "section_1_row_2_title"])]
    #[case::a_section_without_rows(json!({"section_2_title": "T"}), &["section_2_row_1_id", "section_2_row_1_title"])]
    #[case::a_blank_title(json!({"section_1_row_1_title": " "}), &["section_1_row_1_title"])]
    #[case::a_number(json!({"section_1_title": 7}), &["section_1_title"])]
    #[case::a_long_button(json!({"button_text": "x".repeat(21)}), &["button_text"])]
    #[case::long_lines(json!({"header_text": "x".repeat(61), "footer_text": "x".repeat(61)}), &["footer_text", "header_text"])]
    #[case::a_long_body(json!({"body_text": "x".repeat(4097)}), &["body_text"])]
    #[case::nested_sections(json!({"section_1_row_1_id": null, "section_1_row_1_title": null, "sections": [{"rows": []}]}),
        &["section_1_row_1_id", "section_1_row_1_title", "sections"])]
    fn a_wrong_field_is_named(#[case] extra: Value, #[case] fields: &[&str]) {
        let errors = read(with(&extra)).expect_err("a wrong field");
        let errors = errors.as_object().expect("an object").keys();
        let named: Vec<_> = errors.filter(|name| *name != "_errors").collect();
        assert_eq!(named, fields);
    }

    #[test]
    fn of_very_many_wrong_keys_some_are_named() {
        let many = (1..=20_000).map(|number| (format!("section_{number}_title"), json!("T")));
        let many = Value::Object(many.collect());
        let errors = read(with(&many)).expect_err("sections without rows");
        let named = errors.as_object().expect("an object").len();
        assert_eq!(named, 101, "with the faults of the whole");
    }

    #[rstest]
    #[case("bodyText", "body_text")]
    #[case("buttonText", "button_text")]
    #[case("listTitle", "list_title")]
    #[case("rows", ROWS)]
    #[case("section2Title", "section_2_title")]
    #[case("section_2_row_3_titel", "section_2_row_3_title")]
    #[case("Section2Row3Description", "section_2_row_3_description")]
    #[case("section_1_row_1_desc", "section_1_row_1_description")]
    fn a_name_that_resembles_ours_tells_which_one_was_meant(
        #[case] name: &str,
        #[case] field: &str,
    ) {
        assert_eq!(meant(name).as_deref(), Some(field));
    }

    #[rstest]
    #[case::a_long_body(json!({"body_text": "x".repeat(1025)}), "body_text has 1025 characters; WhatsApp Cloud API allows 1024")]
    #[case::an_untitled_section(json!({"section_3_row_1_id": "b", "section_3_row_1_title": "B"}),
        "section_1_title is required, because the list has several sections")]
    #[case::equal_ids(json!({"section_1_row_4_id": "a", "section_1_row_4_title": "B"}),
        "section_1_row_4_id is the same as section_1_row_1_id; they must be unique in a message")]
    #[case::a_long_description(json!({"section_1_row_1_description": "x".repeat(73)}),
        "section_1_row_1_description has 73 characters; WhatsApp Cloud API allows 72")]
    fn a_broken_limit_names_the_field_of_the_request(#[case] extra: Value, #[case] details: &str) {
        assert_eq!(checked(with(&extra), &WHATSAPP), Err(details.to_owned()));
    }

    #[test]
    fn eleven_rows_over_two_sections_are_refused_everywhere() {
        let mut extra = json!({"section_1_title": "One", "section_2_title": "Two"});
        for row in 1..=10 {
            extra[format!("section_2_row_{row}_id")] = format!("b{row}").into();
            extra[format!("section_2_row_{row}_title")] = "B".into();
        }
        for capabilities in [&WHATSAPP, &ZAPI, &ZAPPERAPI_V2] {
            let title = capabilities.title;
            let details = format!("the message has 11 rows; {title} allows 10");
            assert_eq!(checked(with(&extra), capabilities), Err(details));
        }
    }

    #[test]
    fn what_a_channel_carries_in_another_form_is_a_warning() {
        let extra = json!({"header_text": "H", "footer_text": "F", "list_title": "L", "section_1_title": "One",
            "section_3_title": "Three", "section_3_row_1_id": "c", "section_3_row_1_title": "C"});
        let fields = |capabilities| checked(with(&extra), capabilities).expect("within the limits");
        assert_eq!(fields(&WHATSAPP), ["list_title"]);
        assert_eq!(fields(&ZAPPERAPI_V2), ["list_title"]);
        assert_eq!(
            checked(with(&json!({"list_title": "L"})), &ZAPPERAPI_V2),
            Ok(Vec::new())
        );
        let both = json!({"list_title": "L", "section_1_title": "One"});
        assert_eq!(
            checked(with(&both), &ZAPI),
            Ok(vec!["section_1_title".to_owned()])
        );
        let flat = [
            "header_text",
            "footer_text",
            "section_1_title",
            "section_3_title",
        ];
        assert_eq!(fields(&ZAPI), flat);
        assert_eq!(
            checked(with(&json!({"section_1_title": "One"})), &ZAPI),
            Ok(Vec::new())
        );
    }
}
