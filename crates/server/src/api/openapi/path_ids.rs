//! The ids in the paths of the `OpenAPI` document, each described by the word before it.

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, RefOr, Required, Type};

use crate::api::error::Reason;
use crate::api::noun;

/// Returns the reasons for which the things in a path may be missing.
pub(super) fn missing(path: &str) -> impl Iterator<Item = Reason> {
    ids(path).filter_map(|(word, _)| Some(noun::after(word)?.missing))
}

/// Documents the parameters of a path, before those of the query.
pub(super) fn add(path: &str, operation: &mut Operation) {
    let mut parameters: Vec<_> = ids(path)
        .map(|(word, name)| parameter(word, name))
        .collect();
    let others = operation.parameters.take().into_iter().flatten();
    parameters.extend(others.filter(
        |parameter| !matches!(parameter, RefOr::T(one) if one.parameter_in == ParameterIn::Path),
    ));
    operation.parameters = (!parameters.is_empty()).then_some(parameters);
}

fn parameter(word: &str, name: &str) -> RefOr<Parameter> {
    // In the paths of providers the channel's id follows the provider's word; a provider that calls a wrong URL is told nothing of channels.
    let noun = noun::after(word).map(|noun| noun.name);
    let description = match noun.or_else(|| name.strip_suffix("Id")) {
        Some(noun) => format!("The id of the {noun}."),
        None => "The secret of the channel's webhook URL.".to_owned(),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
        .into()
}

/// Returns the parameters of a path, each with the segment before it.
fn ids(path: &str) -> impl Iterator<Item = (&str, &str)> {
    let segments = path.split('/').zip(path.split('/').skip(1));
    segments.filter_map(|(word, id)| Some((word, id.strip_prefix('{')?.strip_suffix('}')?)))
}
