//! The name that was probably meant by a misspelled one.

use recado_core::switch;

/// How many typing errors a name may have and still be taken for another.
pub(crate) const MAX_TYPING_ERRORS: usize = 2;

/// Longest name, in bytes, that is compared: a comparison takes as long as both names.
const MAX_COMPARED: usize = 64;

/// Returns the known name with the fewest typing errors, and `None` if each has more than `max_errors`. Letter case and
/// underscores do not count: `agentId` is meant by `agent_id`.
pub(crate) fn nearest<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    max_errors: usize,
) -> Option<&'a str> {
    if name.len() > MAX_COMPARED {
        return None;
    }
    let name = switch::plain(name);
    let distances = known.into_iter().map(|known| {
        let errors = strsim::damerau_levenshtein(&name, &switch::plain(known));
        (errors, known)
    });
    let near = distances.filter(|(errors, _)| *errors <= max_errors);
    near.min().map(|(_, known)| known)
}
