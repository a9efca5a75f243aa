//! A request to send a message: reading its body, and checking what it says against what a channel carries.

mod send_message;

pub use send_message::SendMessage;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::capabilities::{Capabilities, Caution, Refusal};
use crate::fields::FieldErrors;
use crate::id::{AgentId, ConversationId, MessageId};
use crate::message::{Content, FieldPath};
use crate::recipient::Recipient;
use crate::switch;
use crate::warning::Warning;

/// The request shape of one kind of message; [`read`] reads it.
pub trait SendShape: DeserializeOwned {
    /// Turns the request into a message that can only be valid, or names every field that is missing, blank or of a
    /// wrong type.
    fn read_fields(self) -> Result<SendRequest, FieldErrors>;
}

/// Reads the body of a request as this shape, or names every field that is wrong.
///
/// A field that was meant to be `dryRun` or `sendAt` is wrong in every shape: they are read from the query alone, and a
/// caller that wrote one here expects that nothing is sent now.
pub fn read<Shape: SendShape>(body: Map<String, Value>) -> Result<SendRequest, FieldErrors> {
    let names = body
        .keys()
        .filter_map(|name| Some((name, misplaced(name)?)));
    let mut faults: Vec<_> = names
        .map(|(name, sentence)| Warning::new(name, sentence))
        .collect();
    let request: Shape = serde_json::from_value(Value::Object(body))
        .map_err(|_| FieldErrors::root("A field has a value of a wrong type"))?;
    let mut errors = match request.read_fields() {
        Ok(send) if faults.is_empty() => return Ok(send),
        Ok(send) => {
            faults.extend(send.misspelled);
            FieldErrors::default()
        }
        Err(errors) => errors,
    };
    add(&mut errors, faults);
    Err(errors)
}

/// Returns where a field belongs that is not read from the body.
fn misplaced(name: &str) -> Option<&'static str> {
    if switch::resembles_dry_run(name) {
        Some("Write dryRun=true in the query, not in the body")
    } else if switch::resembles_send_at(name) {
        Some("Write sendAt in the query, not in the body")
    } else {
        None
    }
}

/// Returns what a request calls a field of its shape: some names differ from Rust's, and flat keys have no name in common.
pub(crate) fn wire_name(name: &str) -> String {
    match name {
        "agent_id" => "agentId",
        "conversation_id" => "conversationId",
        "link_preview" => "linkPreview",
        "buttons" | "sections" => "",
        other => other,
    }
    .to_owned()
}

/// Adds faults of fields to those that were found.
pub(crate) fn add(errors: &mut FieldErrors, faults: Vec<Warning>) {
    for Warning { field, message, .. } in faults {
        errors.fields.entry(field).or_default().push(message);
    }
}

/// A request that is valid.
#[non_exhaustive]
pub struct SendRequest {
    /// The id of the agent that sends the message, as it was given; without one, it is that of the conversation.
    pub agent: Option<String>,
    /// The id of the conversation, as it was given.
    pub conversation: String,
    /// What the message says.
    pub content: Content,
    /// Fields that are ignored and were probably meant to be others.
    pub misspelled: Vec<Warning>,
    /// The message that a person has sent again, although it may have arrived.
    pub again_of: Option<MessageId>,
    pub(crate) names: Names,
}

/// Returns the name that a shape has for a field of its content.
pub(crate) type Names = Box<dyn Fn(&FieldPath) -> String + Send + Sync>;

// Names of fields, and ids that do not exist, are the client's own text.
shows_only!(SendRequest { content });

impl SendRequest {
    /// Returns the request to send again what a message says; its fields have the names of the content.
    pub fn again(
        message: MessageId,
        agent: &AgentId,
        conversation: &ConversationId,
        content: Content,
    ) -> Self {
        Self {
            agent: Some(agent.to_string()),
            conversation: conversation.to_string(),
            content,
            misspelled: Vec::new(),
            again_of: Some(message),
            names: Box::new(ToString::to_string),
        }
    }

    /// Checks the content against what a channel carries; every field has its name in the request.
    ///
    /// Returns what may look wrong on the phone, with what is [carried in another form](Capabilities::degraded) and the
    /// misspelled fields last, or the first limit that is broken.
    pub fn check(
        &self,
        capabilities: &Capabilities,
        to: &Recipient,
    ) -> Result<Vec<Warning>, Refusal> {
        let name = &self.names;
        let cautions = capabilities
            .check(&self.content, to)
            .map_err(|violation| violation.refuse(capabilities.title, name))?;
        let warn = |Caution { field, units, max }| {
            let message =
                format!("{units} UTF-16 units exceed {max}; the provider may refuse or cut it");
            Warning::new(name(&field), message)
        };
        let cautions = cautions.into_iter().map(warn);
        let degraded = capabilities.degraded(&self.content);
        let degraded = degraded.into_iter().map(|degraded| {
            Warning::degraded(name(&degraded.field), degraded.describe(capabilities.title))
        });
        let misspelled = self.misspelled.iter().cloned();
        Ok(cautions.chain(degraded).chain(misspelled).collect())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::chatvolt::SendButtons;

    /// A shape that ignores every field.
    #[derive(serde::Deserialize)]
    struct Anything {}

    impl SendShape for Anything {
        fn read_fields(self) -> Result<SendRequest, FieldErrors> {
            let example = serde_json::from_str(SendButtons::EXAMPLE).expect("an object");
            read::<SendButtons>(example)
        }
    }

    #[rstest]
    #[case("dryRun", json!(true))]
    #[case("dry_run", json!("1"))]
    #[case("DryRun", json!(false))]
    #[case("sendAt", json!("2026-12-01T09:00:00-03:00"))]
    #[case("send_at", json!(""))]
    #[case("sentAt", json!(""))]
    fn what_belongs_into_the_query_is_refused_in_the_body_however_it_is_written(
        #[case] name: &str,
        #[case] value: Value,
    ) {
        let mut body: Map<_, _> = serde_json::from_str(SendButtons::EXAMPLE).expect("an object");
        assert!(read::<Anything>(body.clone()).is_ok());
        body.insert(name.to_owned(), value);
        let sentence = misplaced(name).expect("a name of the query");
        let refused = Some(FieldErrors::field(name, sentence));
        assert_eq!(read::<Anything>(body.clone()).err(), refused);
        assert_eq!(read::<SendButtons>(body).err(), refused);
    }

    #[test]
    fn a_dry_run_in_the_body_is_named_with_the_other_faults() {
        let body =
            json!({"dryRun": true, "bodyText": "Hi", "agentId": "A1", "conversationId": "C1"});
        let body = body.as_object().cloned().expect("an object");
        let errors = read::<SendButtons>(body).expect_err("four faults");
        let fields: Vec<_> = errors.fields.keys().map(String::as_str).collect();
        let wrong = [
            "bodyText",
            "body_text",
            "button_1_id",
            "button_1_title",
            "dryRun",
        ];
        assert_eq!(fields, wrong);
    }
}
