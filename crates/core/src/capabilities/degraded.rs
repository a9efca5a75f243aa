//! What a provider carries in another form, though the message goes out.

use crate::message::FieldPath;

/// A field of a content that does not reach the phone as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Degraded {
    /// The field.
    pub field: FieldPath,
    /// What becomes of it.
    pub form: DegradedForm,
}

/// What becomes of a field that has no place of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DegradedForm {
    /// It is a part of the text.
    InText,
    /// The customer does not see it.
    NotShown,
    /// A coordinate of 0 is moved by some centimetres.
    Moved,
    /// The provider or the phone does as it likes.
    NotDecided,
}

impl Degraded {
    pub(crate) const fn new(field: FieldPath, form: DegradedForm) -> Self {
        Self { field, form }
    }

    /// Says what becomes of the field; `provider` is the provider's name for people.
    pub fn describe(&self, provider: &str) -> String {
        let becomes = match self.form {
            DegradedForm::Moved => {
                return format!("{provider} takes 0 for a missing coordinate: 0.000001 is sent");
            }
            DegradedForm::InText => "it becomes a part of the text",
            DegradedForm::NotShown => "the customer does not see it",
            DegradedForm::NotDecided => "the provider or the phone decides",
        };
        format!("{provider} has no place for it: {becomes}")
    }
}

/// Returns what becomes of a header and a footer where both are parts of the text.
pub(crate) fn folded(header: Option<&str>, footer: Option<&str>) -> Vec<Degraded> {
    let fields = [("header", header), ("footer", footer)];
    let given = fields.into_iter().filter(|(_, text)| text.is_some());
    let folded = given.map(|(name, _)| Degraded::new(FieldPath::new(name), DegradedForm::InText));
    folded.collect()
}
