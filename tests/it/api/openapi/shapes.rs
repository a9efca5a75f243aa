//! The document describes everything, in shapes that a generator of clients can use.

use recado_core::Provider;
use recado_core::event::EventType;
use recado_tests::prelude::*;
use rstest::rstest;

use super::{document, operations, values_of};

/// The schemas that requests and answers are made of, by name.
fn schemas(document: &Value) -> &serde_json::Map<String, Value> {
    let schemas = document["components"]["schemas"].as_object();
    schemas.expect("schemas")
}

/// Whether a schema, or the only one that it refers to, is described.
fn is_described(schema: &Value) -> bool {
    let described = |schema: &Value| {
        let text = schema["description"].as_str();
        text.is_some_and(|text| text.ends_with(['.', ')', '`']))
    };
    let mut variants = schema["oneOf"].as_array().into_iter().flatten();
    described(schema) || variants.any(described)
}

#[test]
fn everything_is_described_in_sentences() {
    let document = document();
    for (verb, path, operation) in operations(&document) {
        assert!(is_described(operation), "{verb} {path}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = &parameter["name"];
            assert!(is_described(parameter), "{verb} {path} {name}");
        }
    }
    for (name, schema) in schemas(&document) {
        assert!(is_described(schema), "{name}");
        let mut objects = Vec::new();
        values_of(schema, "properties", &mut objects);
        for (property, schema) in objects.iter().filter_map(|it| it.as_object()).flatten() {
            assert!(is_described(schema), "{name}.{property}: {schema}");
        }
    }
}

#[test]
fn descriptions_do_not_speak_of_source_code() {
    let document = document();
    let mut descriptions = Vec::new();
    values_of(&document, "description", &mut descriptions);
    for text in descriptions.into_iter().filter_map(Value::as_str) {
        for mark in [
            "[`",
            "::",
            "see the documentation",
            "nobody",
            "whoever",
            " to be.",
        ] {
            assert!(!text.contains(mark), "{text}");
        }
    }
}

#[test]
fn a_body_that_creates_something_says_what_it_requires() {
    let document = document();
    for (name, schema) in schemas(&document) {
        if name.starts_with("New") && schema.get("oneOf").is_none() {
            let required = schema["required"].as_array();
            assert!(required.is_some_and(|names| !names.is_empty()), "{name}");
        }
    }
}

#[test]
fn the_items_of_a_list_are_the_schema_of_a_single_answer() {
    let document = document();
    let (mut lists, schemas) = (0, schemas(&document));
    for (name, schema) in schemas {
        if let Some(item) = name.strip_suffix("List") {
            let reference = format!("#/components/schemas/{item}");
            let items = &schema["properties"]["data"]["items"];
            assert_eq!(items, &json!({"$ref": reference}));
            lists += 1;
        }
        assert!(!name.contains('_'), "{name} is not a name for a class");
    }
    assert!(lists > 10, "{lists} lists");
}

#[rstest]
#[case::null("Contact", "phone", true)]
#[case::null_of_an_event("ButtonPressedEvent", "conversationId", true)]
#[case::null_in_a_list("AgentList", "nextCursor", true)]
#[case::left_out("ErrorBody", "code", false)]
#[case::of_requests("ZapiSettings", "baseUrl", false)]
fn a_property_of_an_answer_that_may_be_null_is_always_there(
    #[case] schema: &str,
    #[case] property: &str,
    #[case] is_required: bool,
) {
    let document = document();
    let required = schemas(&document)[schema]["required"].as_array();
    let required = required.is_some_and(|names| names.contains(&json!(property)));
    assert_eq!(required, is_required);
}

#[rstest]
#[case::event("Event", "type", EventType::ALL.map(EventType::as_str).to_vec())]
#[case::channel("Channel", "provider", Provider::ALL.map(Provider::as_str).to_vec())]
#[case::new_channel("NewChannel", "provider", Provider::ALL.map(Provider::as_str).to_vec())]
fn a_union_has_one_shape_for_each_word(
    #[case] name: &str,
    #[case] property: &str,
    #[case] words: Vec<&str>,
) {
    let document = document();
    let union = &schemas(&document)[name];
    let discriminator = &union["discriminator"];
    assert_eq!(discriminator["propertyName"], property);
    let mapping = discriminator["mapping"].as_object().expect("a mapping");
    assert_eq!(mapping.len(), words.len());
    for word in words {
        let reference = text(&mapping[word]);
        let shape = document.pointer(&reference[1..]).expect("a shape");
        let told = entries(&shape["properties"][property]["enum"]);
        assert!(told.contains(&json!(word)), "{word}: {shape}");
        let shapes = entries(&union["oneOf"]);
        assert!(shapes.contains(&json!({"$ref": reference})), "{word}");
    }
}
