//! Names of fields: on the wire, and misspelled.

use recado_core::switch;

/// Returns a name of Rust's as the wire has it: `agent_id` is `agentId` there.
pub(crate) fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| {
        let (head, tail) = word.split_at(word.len().min(1));
        text + &head.to_ascii_uppercase() + tail
    })
}

/// How many typing errors a long name may have; a short one may have fewer.
const MAX_TYPING_ERRORS: usize = 2;

/// Letters of a name for each typing error.
const LETTERS_PER_ERROR: usize = 4;

/// Longest name, in bytes, that is compared: a comparison takes as long as both names.
const MAX_COMPARED: usize = 64;

/// Returns the known name with the fewest typing errors for its length, and `None` if each has more. Letter case and
/// underscores do not count, and a missing `Id` at the end neither: `agentId` is meant by `agent_id` and `agent`.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > MAX_COMPARED {
        return None;
    }
    let name = switch::plain(name);
    let most = (name.len() / LETTERS_PER_ERROR).min(MAX_TYPING_ERRORS);
    let distances = known.into_iter().map(|known| {
        let plain = switch::plain(known);
        let is_cut = plain.strip_suffix("id") == Some(&name);
        let errors = if is_cut {
            0
        } else {
            strsim::damerau_levenshtein(&name, &plain)
        };
        (errors, known)
    });
    let near = distances.filter(|(errors, _)| *errors <= most);
    near.min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names_are_camel_case_on_the_wire() {
        assert_eq!(camel_case("agent_id"), "agentId");
        assert_eq!(camel_case("to"), "to");
    }
}
