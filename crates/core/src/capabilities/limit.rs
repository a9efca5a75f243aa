//! A limit, and where it comes from.

words! {
    /// How sure a limit is.
    pub enum Basis {
        /// The provider's documentation says so.
        Documented = "documented",
        /// Seen in the provider's answers.
        Observed = "observed",
        /// The provider is silent: our best guess, kept so that the channels behave alike.
        Inferred = "inferred",
    }
}

/// Where a limit comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// How sure it is.
    pub basis: Basis,
    /// Who says so.
    pub text: &'static str,
}

/// How many there may be: buttons, or code points of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The least.
    pub min: usize,
    /// The most.
    pub max: usize,
    /// Where it comes from.
    pub source: Source,
}

/// The limits of one kind of content at one provider, by name: for documents and forms.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitTable {
    /// The name of the API that carries the kind.
    pub api: &'static str,
    /// Numbers of items and lengths of texts.
    pub limits: Vec<(&'static str, Limit)>,
    /// Rules about the form of values.
    pub rules: Vec<(&'static str, Source)>,
}

impl LimitTable {
    /// Creates a table; a rule without a source does not hold, and is left out.
    pub(crate) fn new(
        api: &'static str,
        limits: impl IntoIterator<Item = (&'static str, Option<Limit>)>,
        rules: impl IntoIterator<Item = (&'static str, Option<Source>)>,
    ) -> Self {
        let limits = limits.into_iter();
        let rules = rules.into_iter();
        Self {
            api,
            limits: limits
                .filter_map(|(name, limit)| Some((name, limit?)))
                .collect(),
            rules: rules
                .filter_map(|(name, source)| Some((name, source?)))
                .collect(),
        }
    }
}

impl Limit {
    /// Creates a limit of `min` to `max`.
    pub const fn new(min: usize, max: usize, source: Source) -> Self {
        Self { min, max, source }
    }
}

impl Source {
    /// Names what the provider's documentation says.
    pub const fn documented(text: &'static str) -> Self {
        let basis = Basis::Documented;
        Self { basis, text }
    }

    /// Names what was seen in the provider's answers.
    pub const fn observed(text: &'static str) -> Self {
        let basis = Basis::Observed;
        Self { basis, text }
    }

    /// Names the reason of a guess.
    pub const fn inferred(text: &'static str) -> Self {
        let basis = Basis::Inferred;
        Self { basis, text }
    }
}
