//! The language of a page: the one that its address names, else the one that the browser prefers.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::texts::{ENGLISH, PORTUGUESE, Texts};

/// The query parameter that names a language.
const PARAMETER: &str = "lang";

/// A language that the pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Portuguese,
    English,
}

impl Language {
    /// Every language, in the order in which the pages offer them.
    pub(super) const ALL: [Self; 2] = [Self::Portuguese, Self::English];

    /// Returns the language's tag, as HTML wants it.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::Portuguese => "pt-BR",
            Self::English => "en",
        }
    }

    /// Returns the language's own name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Portuguese => "Português",
            Self::English => "English",
        }
    }

    pub(super) const fn texts(self) -> &'static Texts {
        match self {
            Self::Portuguese => &PORTUGUESE,
            Self::English => &ENGLISH,
        }
    }

    /// Returns the value of the query parameter: the tag without its region.
    const fn code(self) -> &'static str {
        match self {
            Self::Portuguese => "pt",
            Self::English => "en",
        }
    }

    /// Finds the language of a tag such as `pt`, `PT-br` or `en-GB`.
    fn of_tag(tag: &str) -> Option<Self> {
        let code = tag.split('-').next().unwrap_or_default().trim();
        Self::ALL
            .into_iter()
            .find(|language| language.code().eq_ignore_ascii_case(code))
    }

    /// Finds the language that a browser prefers, by the weights of `Accept-Language`.
    fn preferred(headers: &HeaderMap) -> Option<Self> {
        let header = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
        let mut best = None;
        for entry in header.split(',') {
            let (tag, parameters) = entry.split_once(';').unwrap_or((entry, "q=1"));
            let weight = parameters.trim().strip_prefix("q=").unwrap_or("0");
            let weight = weight.parse::<f32>().unwrap_or(0.0);
            let Some(language) = Self::of_tag(tag) else {
                continue;
            };
            // Of two languages with the same weight, the first one is preferred.
            if weight > best.map_or(0.0, |(found, _)| found) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }
}

/// The language of a request, and the query that its links have to keep.
#[derive(Debug, Clone)]
pub(crate) struct Locale {
    pub(super) language: Language,
    /// The parameters of the query but the language.
    kept: Vec<(String, String)>,
    /// Whether the query named the language: then the next page has to be in it too.
    named: bool,
}

impl Locale {
    /// Returns every language with the link to this same page in it; the page's own language has none.
    pub(super) fn links(&self) -> [(Language, Option<String>); 2] {
        Language::ALL.map(|language| {
            let other = language != self.language;
            (language, other.then(|| self.link(language)))
        })
    }

    fn link(&self, language: Language) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.kept);
        query.append_pair(PARAMETER, language.code());
        format!("?{}", query.finish())
    }

    /// Returns the address of another page in the same language.
    pub(super) fn address(&self, path: &str, parameters: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        if self.named {
            query.append_pair(PARAMETER, self.language.code());
        }
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{path}{mark}{query}")
    }

    /// Returns a parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.kept.iter();
        let found = parameters.find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn has(&self, (name, value): (&str, &str)) -> bool {
        self.parameter(name) == Some(value)
    }

    fn of(parts: &Parts) -> Self {
        let query = parts.uri.query().unwrap_or_default();
        let (mut kept, mut named) = (Vec::new(), None);
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            if key == PARAMETER {
                named = named.or(Language::of_tag(&value));
            } else {
                kept.push((key.into_owned(), value.into_owned()));
            }
        }
        let language = named
            .or_else(|| Language::preferred(&parts.headers))
            .unwrap_or(Language::English);
        Self {
            language,
            kept,
            named: named.is_some(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Locale {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn locale(address: &str, accepted: &str) -> Locale {
        let request = Request::builder()
            .uri(address)
            .header(header::ACCEPT_LANGUAGE, accepted)
            .body(());
        Locale::of(&request.expect("a request").into_parts().0)
    }

    #[test]
    fn the_browser_is_asked_unless_the_address_names_a_language() {
        for (address, accepted, tag) in [
            ("/sign-in", "pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"),
            ("/sign-in", "en-GB,pt;q=0.9", "en"),
            ("/sign-in", "en;q=0.3, PT; q=0.4", "pt-BR"),
            ("/sign-in", "es, pt;q=0, en;q=0.1", "en"),
            ("/sign-in", "fr;q=x,*", "en"),
            ("/sign-in", "", "en"),
            ("/sign-in?lang=pt", "en", "pt-BR"),
            ("/sign-in?lang=xx", "pt", "pt-BR"),
        ] {
            let found = locale(address, accepted).language.tag();
            assert_eq!(found, tag, "{address} {accepted}");
        }
    }

    #[test]
    fn links_keep_the_query_and_a_named_language() {
        let named = locale("/sign-in?organization=a%26b&lang=pt", "en");
        assert_eq!(named.link(Language::English), "?organization=a%26b&lang=en");
        assert_eq!(named.parameter("organization"), Some("a&b"));
        assert_eq!(
            named.address("/sign-in", &[("notice", "signed-out")]),
            "/sign-in?notice=signed-out&lang=pt"
        );
        assert_eq!(locale("/docs/", "pt").address("/sign-in", &[]), "/sign-in");
    }
}
