//! The fields of a form, as `templates/field.html` shows them.

use recado_store::MAX_EMAIL_CHARS;

/// A labelled field of a form.
pub(super) struct Field<'a> {
    /// Name in the form, and id in the page.
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) autocomplete: &'static str,
    pub(super) label: &'static str,
    pub(super) max_length: usize,
    pub(super) required: bool,
    pub(super) read_only: bool,
    /// Whether the page opens with the cursor in this field.
    pub(super) focus: bool,
    /// What the field holds at first; a password is never shown again.
    pub(super) value: Option<&'a str>,
    pub(super) hint: Option<String>,
    pub(super) problem: Option<String>,
}

impl<'a> Field<'a> {
    /// Returns a required field for an e-mail address, which names the account.
    pub(super) fn email(label: &'static str, value: Option<&'a str>) -> Self {
        Self {
            kind: "email",
            max_length: MAX_EMAIL_CHARS,
            value,
            ..Self::password("email", "username", label)
        }
    }

    /// Returns a required field for a password. It takes more characters than a password may have, because a
    /// browser cuts off what is over the limit, and shows nothing of it.
    pub(super) fn password(
        name: &'static str,
        autocomplete: &'static str,
        label: &'static str,
    ) -> Self {
        Self {
            name,
            kind: "password",
            autocomplete,
            label,
            max_length: 1024,
            required: true,
            read_only: false,
            focus: false,
            value: None,
            hint: None,
            problem: None,
        }
    }

    /// Shows what is wrong with the field, and opens the page there.
    pub(super) fn with_problem(mut self, problem: Option<String>) -> Self {
        self.focus |= problem.is_some();
        self.problem = problem;
        self
    }

    /// Returns the ids of the texts that describe the field.
    pub(super) fn described_by(&self) -> Option<String> {
        let texts = [(&self.problem, "problem"), (&self.hint, "hint")];
        let ids = texts
            .into_iter()
            .filter(|(text, _)| text.is_some())
            .map(|(_, kind)| format!("{}-{kind}", self.name))
            .collect::<Vec<_>>();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}
