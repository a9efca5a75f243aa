//! Shapes that differ by one word, as unions of the `OpenAPI` document: events by their type, channels by
//! their provider.

use recado_core::Provider;
use recado_core::event::EventType;
use recado_providers::Profile;
use utoipa::openapi::schema::{ArrayBuilder, Discriminator, OneOfBuilder};
use utoipa::openapi::{Components, Object, ObjectBuilder, Ref, RefOr, Schema, Type};

use super::accounts;

/// One shape of a union.
struct Variant {
    /// The name of its schema.
    name: String,
    /// The words by which it is told.
    words: Vec<&'static str>,
    /// The properties that have a shape of their own.
    properties: Vec<(&'static str, RefOr<Schema>)>,
}

/// Replaces the shapes of events and channels with unions of what each type and each provider has.
pub(super) fn divide(components: &mut Components) {
    accounts::add(components);
    divide_by(components, "Event", "type", events());
    for name in ["Channel", "NewChannel"] {
        divide_by(components, name, "provider", channels(name));
    }
    for (name, property, description) in [
        ("SentContent", "type", "The kind of the message."),
        ("ReceivedContent", "type", "The type of the content."),
        ("SendLimits", "kind", "The kind of the message."),
    ] {
        name_kinds(components, name, property, description);
    }
}

/// Puts the word of each kind into the shape of the kind. utoipa states it beside the shape, which generators of clients do
/// not read.
fn name_kinds(components: &mut Components, name: &str, property: &str, description: &str) {
    let Some(RefOr::T(Schema::OneOf(kinds))) = components.schemas.get(name).cloned() else {
        return;
    };
    let mut union = OneOfBuilder::new().description(kinds.description.clone());
    let mut discriminator = Discriminator::new(property);
    for kind in &kinds.items {
        let Some((shape, word)) = shape_and_word(kind, property) else {
            continue;
        };
        let reference = Ref::from_schema_name(&shape);
        let place = reference.ref_location.clone();
        discriminator.mapping.insert(word.clone(), place);
        let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(&shape) else {
            continue;
        };
        // Kinds of one shape stand in it together, as `image` and `video` do.
        if let Some(RefOr::T(Schema::Object(known))) = object.properties.get_mut(property) {
            known.enum_values.get_or_insert_default().push(word.into());
            continue;
        }
        union = union.item(reference);
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(description))
            .enum_values(Some([word]));
        object.properties.insert(property.to_owned(), schema.into());
        object.required.push(property.to_owned());
    }
    let union = union.discriminator(Some(discriminator)).build();
    components
        .schemas
        .insert(name.to_owned(), Schema::OneOf(union).into());
}

/// Returns the name of the shape of a kind, and the kind's word.
fn shape_and_word(kind: &RefOr<Schema>, property: &str) -> Option<(String, String)> {
    let RefOr::T(Schema::AllOf(parts)) = kind else {
        return None;
    };
    let [RefOr::Ref(shape), RefOr::T(Schema::Object(beside))] = &parts.items[..] else {
        return None;
    };
    let (_, shape) = shape.ref_location.rsplit_once('/')?;
    let RefOr::T(Schema::Object(word)) = beside.properties.get(property)? else {
        return None;
    };
    let word = word.enum_values.as_ref()?.first()?.as_str()?;
    Some((shape.to_owned(), word.to_owned()))
}

fn events() -> Vec<Variant> {
    let mut variants: Vec<Variant> = Vec::new();
    for event_type in EventType::ALL {
        let data = event_type.data_schema();
        let name = format!("{}Event", data.trim_end_matches("Data"));
        match variants.iter_mut().find(|variant| variant.name == name) {
            Some(variant) => variant.words.push(event_type.as_str()),
            None => variants.push(Variant {
                name,
                words: vec![event_type.as_str()],
                properties: vec![("data", Ref::from_schema_name(data).into())],
            }),
        }
    }
    variants
}

fn channels(name: &str) -> Vec<Variant> {
    let variant = |provider: Provider| {
        let stem = Profile::of(provider).type_name;
        let reference =
            |kind: &str| -> RefOr<Schema> { Ref::from_schema_name(format!("{stem}{kind}")).into() };
        let (prefix, credentials) = if name.starts_with("New") {
            ("New", ("credentials", reference("Credentials")))
        } else {
            let names = ArrayBuilder::new().items(reference("CredentialName"));
            ("", ("credentialsSet", Schema::Array(names.build()).into()))
        };
        Variant {
            name: format!("{prefix}{stem}Channel"),
            words: vec![provider.as_str()],
            properties: vec![("settings", reference("Settings")), credentials],
        }
    };
    Provider::ALL.map(variant).into()
}

/// Divides an object into one object for each variant.
fn divide_by(components: &mut Components, name: &str, property: &str, variants: Vec<Variant>) {
    let Some(RefOr::T(Schema::Object(whole))) = components.schemas.get(name).cloned() else {
        return;
    };
    let mut union = OneOfBuilder::new().description(whole.description.clone());
    if let Some(example) = &whole.example {
        union = union.examples([example.clone()]);
    }
    let mut discriminator = Discriminator::new(property);
    for variant in variants {
        let reference = Ref::from_schema_name(&variant.name);
        for word in &variant.words {
            let place = reference.ref_location.clone();
            discriminator.mapping.insert((*word).to_owned(), place);
        }
        union = union.item(reference);
        let object = narrowed(&whole, property, &variant);
        components.schemas.insert(variant.name, object.into());
    }
    let union = union.discriminator(Some(discriminator)).build();
    components
        .schemas
        .insert(name.to_owned(), Schema::OneOf(union).into());
}

/// Returns the object with the words and the properties of a variant.
fn narrowed(whole: &Object, property: &str, variant: &Variant) -> Object {
    let mut object = whole.clone();
    object.example = None;
    let word = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(description(whole, property))
        .enum_values(Some(variant.words.clone()));
    object.properties.insert(property.to_owned(), word.into());
    for (name, schema) in &variant.properties {
        let mut schema = schema.clone();
        let text = description(whole, name);
        match &mut schema {
            RefOr::Ref(reference) => reference.description = text.unwrap_or_default(),
            RefOr::T(Schema::Array(array)) => array.description = text,
            RefOr::T(_) => {}
        }
        object.properties.insert((*name).to_owned(), schema);
    }
    object
}

fn description(object: &Object, property: &str) -> Option<String> {
    match object.properties.get(property)? {
        RefOr::Ref(reference) => {
            Some(reference.description.clone()).filter(|text| !text.is_empty())
        }
        RefOr::T(Schema::Object(object)) => object.description.clone(),
        RefOr::T(Schema::Array(array)) => array.description.clone(),
        RefOr::T(_) => None,
    }
}
