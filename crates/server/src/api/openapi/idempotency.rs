//! What the `OpenAPI` document says of a route that takes an `Idempotency-Key`.

use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{Header, ObjectBuilder, RefOr, Type};

/// Returns whether an operation takes the header.
pub(crate) fn takes_header(operation: &Operation) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| {
        matches!(parameter, RefOr::T(one)
            if one.parameter_in == ParameterIn::Header && one.name == "Idempotency-Key")
    })
}

/// Describes the header of an answer that tells what an earlier request did.
pub(super) fn describe(operation: &mut Operation) {
    if !takes_header(operation) {
        return;
    }
    for (status, response) in &mut operation.responses.responses {
        let may_be_replayed = status.starts_with('2') || status == "500";
        if let RefOr::T(response) = response
            && may_be_replayed
        {
            let word = ObjectBuilder::new()
                .schema_type(Type::String)
                .enum_values(Some(["true"]));
            let mut header = Header::new(word);
            let sentence = "Is there if an earlier request did this, and this one did nothing";
            header.description = Some(sentence.to_owned());
            let name = "Idempotent-Replayed".to_owned();
            response.headers.insert(name, RefOr::T(header));
        }
    }
}
