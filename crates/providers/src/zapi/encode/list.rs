//! A list of options, in `send-option-list` (Z-API docs, page of this name).

use recado_core::List;

use crate::object::Object;

/// The API has no header and no footer: they become part of the text (our choice). It has one list: the rows of all
/// sections follow each other.
pub(in crate::zapi) fn options(phone: &str, content: &List) -> String {
    let options = content.rows().map(|row| {
        let option = Object::new("id", &row.id).with("title", &row.title);
        // The page requires it.
        option.with(
            "description",
            row.description.as_deref().unwrap_or_default(),
        )
    });
    let list = Object::new("title", title(content))
        .with("buttonLabel", content.button())
        .with("options", options.collect::<Vec<_>>());
    Object::new("phone", phone)
        .with("message", content.folded())
        .with("optionList", list)
        .written()
}

/// Returns the title, which the page requires: that of the list, of its only section, or the text of its button (our
/// choice).
fn title(content: &List) -> &str {
    let of_section = match content.sections() {
        [section] => section.title.as_deref(),
        _ => None,
    };
    content.title().or(of_section).unwrap_or(content.button())
}
