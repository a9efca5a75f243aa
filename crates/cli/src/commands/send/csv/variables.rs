//! Texts with variables, such as `Hello {{name}}`.

/// A piece of a text.
#[derive(PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// The name of a variable, in the form of [`name`].
    Variable(String),
}

/// Takes a text apart.
///
/// Errors: braces are not closed, so that the customer would read them.
pub(super) fn pieces(mut text: &str) -> Result<Vec<Piece<'_>>, &'static str> {
    let mut pieces = Vec::new();
    while let Some((before, rest)) = text.split_once("{{") {
        let (inside, after) = rest
            .split_once("}}")
            .filter(|(inside, _)| !inside.contains("{{"))
            .ok_or("has {{ without }}: close it, or take it out")?;
        pieces.extend([Piece::Text(before), Piece::Variable(name(inside))]);
        text = after;
    }
    pieces.push(Piece::Text(text));
    Ok(pieces)
}

/// Returns the name of a column or variable as names are compared: neither capital letters nor blanks around it count.
pub(super) fn name(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_variable_is_what_stands_in_double_braces() {
        let pieces = pieces("Olá {{ Nome }}, {1} é {{preço}}").unwrap();
        let variable = |name: &str| Piece::Variable(name.to_owned());
        assert_eq!(
            pieces,
            [
                Piece::Text("Olá "),
                variable("nome"),
                Piece::Text(", {1} é "),
                variable("preço"),
                Piece::Text("")
            ]
        );
    }

    #[rstest]
    #[case("Hello {{name")]
    #[case("Hello {{name}")]
    #[case("Hello {{name, is {{date}} right?")]
    fn braces_that_are_not_closed_are_refused(#[case] text: &str) {
        assert!(pieces(text).is_err());
    }
}
