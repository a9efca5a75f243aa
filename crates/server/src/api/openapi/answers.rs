//! What utoipa does not say of the schemas of answers.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{Components, Content, OpenApi, Ref, RefOr, Response, Schema, Type};

/// The beginning of the names that utoipa gives the instances of the generic list.
const LIST: &str = "List_";

const SCHEMAS: &str = "#/components/schemas/";

/// Describes the answers that say nothing special: those of a creation, a deletion and a list.
pub(super) fn describe(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            let sentence = match status.as_str() {
                "201" => "Created",
                "204" => "Deleted",
                _ if is_list(response) => "One part of the list",
                _ => continue,
            };
            sentence.clone_into(&mut response.description);
        }
    }
}

fn is_list(response: &Response) -> bool {
    let list = format!("{SCHEMAS}{LIST}");
    let mut contents = response.content.values();
    contents.any(|content| match content {
        RefOr::T(Content {
            schema: Some(RefOr::Ref(schema)),
            ..
        }) => schema.ref_location.starts_with(&list),
        _ => false,
    })
}

/// Names each list after its items, and lets them refer to the schema of a single answer, which utoipa writes out.
pub(super) fn name_lists(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    for (name, mut schema) in std::mem::take(&mut components.schemas) {
        let Some(item) = name.strip_prefix(LIST) else {
            components.schemas.insert(name, schema);
            continue;
        };
        if let RefOr::T(Schema::Object(list)) = &mut schema
            && let Some(RefOr::T(Schema::Array(data))) = list.properties.get_mut("data")
        {
            data.items = Ref::from_schema_name(item).into();
        }
        components.schemas.insert(list_of(item), schema);
    }
    let operations = document.paths.paths.values_mut().flat_map(operations);
    for response in operations.flat_map(|(_, operation)| operation.responses.responses.values_mut())
    {
        let RefOr::T(response) = response else {
            continue;
        };
        for content in response.content.values_mut() {
            if let RefOr::T(content) = content
                && let Some(RefOr::Ref(reference)) = &mut content.schema
                && let Some(name) = reference.ref_location.strip_prefix(SCHEMAS)
                && let Some(item) = name.strip_prefix(LIST)
            {
                *reference = Ref::from_schema_name(list_of(item));
            }
        }
    }
}

fn list_of(item: &str) -> String {
    format!("{item}List")
}

/// Requires the properties of answers that may be null: they are always there.
///
/// One that is left out instead of being null says so with `#[schema(nullable = false)]`.
pub(super) fn require_nullable(document: &mut OpenApi) {
    let bodies = schemas_of_bodies(document);
    let components = document.components.get_or_insert_default();
    for (name, schema) in &mut components.schemas {
        let RefOr::T(Schema::Object(object)) = schema else {
            continue;
        };
        if bodies.contains(name) {
            continue;
        }
        let nullable = object.properties.iter();
        let nullable = nullable
            .filter(|(name, schema)| may_be_null(schema) && !object.required.contains(*name));
        let nullable: Vec<_> = nullable.map(|(name, _)| name.clone()).collect();
        object.required.extend(nullable);
    }
}

/// Removes defaults that are null: `#[serde(default)]` means that a field may be left out, and nothing else.
pub(super) fn remove_null_defaults(components: &mut Components) {
    for schema in components.schemas.values_mut() {
        let RefOr::T(Schema::Object(object)) = schema else {
            continue;
        };
        for property in object.properties.values_mut() {
            let default = match property {
                RefOr::T(Schema::Object(object)) => &mut object.default,
                RefOr::T(Schema::Array(array)) => &mut array.default,
                RefOr::T(Schema::OneOf(union)) => &mut union.default,
                RefOr::Ref(reference) => &mut reference.default,
                RefOr::T(_) => continue,
            };
            default.take_if(|default| default.is_null());
        }
    }
}

/// Returns the names of all schemas that the bodies of requests are made of.
fn schemas_of_bodies(document: &OpenApi) -> BTreeSet<String> {
    let whole = json!(document);
    let mut names = BTreeSet::new();
    let operations = whole["paths"].as_object().into_iter().flat_map(Map::values);
    for operation in operations
        .filter_map(Value::as_object)
        .flat_map(Map::values)
    {
        collect(
            &operation["requestBody"],
            &whole["components"]["schemas"],
            &mut names,
        );
    }
    names
}

/// Adds the names of the schemas that a part of the document refers to, and of those that they refer to.
fn collect(part: &Value, schemas: &Value, names: &mut BTreeSet<String>) {
    match part {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str);
            if let Some(name) = reference.and_then(|place| place.strip_prefix(SCHEMAS))
                && names.insert(name.to_owned())
            {
                collect(&schemas[name], schemas, names);
            }
            members
                .values()
                .for_each(|part| collect(part, schemas, names));
        }
        Value::Array(parts) => parts.iter().for_each(|part| collect(part, schemas, names)),
        _ => {}
    }
}

fn may_be_null(schema: &RefOr<Schema>) -> bool {
    let includes_null = |kind: &SchemaType| match kind {
        SchemaType::Type(kind) => *kind == Type::Null,
        SchemaType::Array(kinds) => kinds.contains(&Type::Null),
        SchemaType::AnyValue => false,
    };
    match schema {
        RefOr::T(Schema::Object(object)) => includes_null(&object.schema_type),
        RefOr::T(Schema::Array(array)) => includes_null(&array.schema_type),
        RefOr::T(Schema::OneOf(union)) => union.items.iter().any(may_be_null),
        RefOr::T(Schema::AnyOf(union)) => union.items.iter().any(may_be_null),
        _ => false,
    }
}

/// Returns the operations of a path with their methods.
pub(crate) fn operations(
    item: &mut PathItem,
) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let operations = [
        ("GET", &mut item.get),
        ("POST", &mut item.post),
        ("PUT", &mut item.put),
        ("PATCH", &mut item.patch),
        ("DELETE", &mut item.delete),
    ];
    let operations = operations.into_iter();
    operations.filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}
