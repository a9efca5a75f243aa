//! Flat keys with numbers, such as `button_2_title`, which stand beside the other fields of a request.

use std::collections::BTreeMap;

use validator::{Validate, ValidationError, ValidationErrors, ValidationErrorsKind};

use crate::fields::{FieldErrors, TextField};
use crate::request::{add, wire_name};
use crate::warning::Warning;

/// Most wrong keys that are named: a body may have tens of thousands.
const MAX_NAMED: usize = 100;

/// Reads a number of a key; `02` is none, so that no two keys are the same.
pub(super) fn number(text: &str) -> Option<u64> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = is_digits && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain)
}

/// Returns the keys of which something was said.
pub(super) fn given(
    fields: &BTreeMap<String, TextField>,
) -> impl Iterator<Item = (&String, &TextField)> {
    fields.iter().filter(|(_, field)| !field.is_absent())
}

/// What is wrong with flat keys.
#[derive(Default)]
pub(super) struct Faults(ValidationErrors);

impl Faults {
    pub(super) fn note(&mut self, name: String, checked: Result<(), ValidationError>) {
        let errors = self.0.errors_mut();
        if let Err(broken) = checked
            && errors.len() < MAX_NAMED
        {
            errors.insert(name.into(), ValidationErrorsKind::Field(vec![broken]));
        }
    }

    pub(super) fn result(self) -> Result<(), ValidationErrors> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.0)
        }
    }
}

/// Checks the rules of a shape, and names every field that breaks one, with those that are misspelled.
pub(super) fn check(shape: &impl Validate, misspelled: &[Warning]) -> Result<(), FieldErrors> {
    shape.validate().map_err(|errors| {
        let mut errors = FieldErrors::from_validation(&errors, wire_name);
        add(&mut errors, misspelled.to_vec());
        errors
    })
}
