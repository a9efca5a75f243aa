//! Credentials and settings by provider, as schemas of the `OpenAPI` document.
//!
//! They are made of the table with which `providers` describes what it reads.

use recado_core::Provider;
use recado_providers::{AccountField, MIN_SECRET_CHARS, Profile};
use utoipa::openapi::schema::{AdditionalProperties, AnyOfBuilder, SchemaType};
use utoipa::openapi::{
    Components, KnownFormat, Object, ObjectBuilder, Ref, Schema, SchemaFormat, Type,
};

pub(crate) fn changes() -> Ref {
    described(
        "CredentialsPatch",
        "The credentials that change: one that is named is replaced, one that is null is removed, and the others stay.",
    )
}

pub(crate) fn settings() -> Ref {
    described(
        "ChannelSettings",
        "All settings of the channel, which replace the present ones.",
    )
}

fn described(name: &str, description: &str) -> Ref {
    let mut reference = Ref::from_schema_name(name);
    description.clone_into(&mut reference.description);
    reference
}

/// Adds the credentials and settings of each provider, and the union of each kind.
pub(super) fn add(components: &mut Components) {
    let mut changes = AnyOfBuilder::new().description(Some(
        "Some of the credentials; null removes one that is optional.",
    ));
    let mut settings = AnyOfBuilder::new().description(Some("All settings of the channel."));
    for provider in Provider::ALL {
        let fields = Profile::of(provider);
        let stem = fields.type_name;
        let title = provider.title();
        for (kind, schema) in [
            (
                "Credentials",
                object(fields.credentials, Presence::Whole)
                    .description(Some(format!("The credentials of a channel at {title}."))),
            ),
            (
                "CredentialsPatch",
                object(fields.credentials, Presence::Part).description(Some(format!(
                    "Changes of the credentials of a channel at {title}."
                ))),
            ),
            (
                "Settings",
                object(fields.settings, Presence::Whole)
                    .description(Some(format!("The settings of a channel at {title}."))),
            ),
        ] {
            let name = format!("{stem}{kind}");
            components.schemas.insert(name, schema.build().into());
        }
        let names = fields.credentials.iter().map(|field| field.name);
        let name = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(format!("The name of a credential at {title}.")))
            .enum_values(Some(names));
        let name_of = format!("{stem}CredentialName");
        components.schemas.insert(name_of, name.build().into());
        changes = changes.item(Ref::from_schema_name(format!("{stem}CredentialsPatch")));
        settings = settings.item(Ref::from_schema_name(format!("{stem}Settings")));
    }
    for (name, union) in [("CredentialsPatch", changes), ("ChannelSettings", settings)] {
        let null = ObjectBuilder::new().schema_type(Type::Null);
        let union = Schema::AnyOf(union.item(null).build());
        components.schemas.insert(name.to_owned(), union.into());
    }
}

/// Whether required fields have to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Whole,
    Part,
}

fn object(fields: &[AccountField], presence: Presence) -> ObjectBuilder {
    let nothing_else = AdditionalProperties::FreeForm(false);
    let object = ObjectBuilder::new().additional_properties(Some(nothing_else));
    fields.iter().fold(object, |object, field| {
        let object = object.property(field.name, schema(field));
        if field.required && presence == Presence::Whole {
            object.required(field.name)
        } else {
            object
        }
    })
}

fn schema(field: &AccountField) -> Object {
    let may_be_null = !field.required;
    let kind = if field.range.is_some() {
        Type::Number
    } else {
        Type::String
    };
    let kind = if may_be_null {
        SchemaType::Array(vec![kind, Type::Null])
    } else {
        kind.into()
    };
    let schema = ObjectBuilder::new()
        .schema_type(kind)
        .minimum(field.range.map(|[least, _]| least))
        .maximum(field.range.map(|[_, most]| most))
        .description(Some(field.description));
    if field.secret {
        schema
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .min_length(Some(MIN_SECRET_CHARS))
            .build()
    } else if field.words.is_empty() {
        schema.build()
    } else {
        let null = may_be_null.then_some(serde_json::Value::Null);
        let words = field
            .words
            .iter()
            .map(|word| serde_json::Value::from(*word));
        schema.enum_values(Some(words.chain(null))).build()
    }
}
