//! The URL at which a provider answers: what it may be, and the URLs below it.

use recado_core::FieldErrors;
use url::Url;

use crate::error::ConfigError;

/// Checks that paths can be appended to a URL, and says what to change if they cannot.
pub fn check_base_url(url: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        Err("Must begin with http:// or https://")
    } else if url.query().is_some() || url.fragment().is_some() {
        Err("Must not have a query or fragment")
    } else {
        Ok(())
    }
}

/// Checks a URL as [`check_base_url`] does, and that it has no credentials of its own: errors and previews show it.
pub(crate) fn check_provider_url(url: &Url) -> Result<(), &'static str> {
    check_base_url(url)?;
    if url.username().is_empty() && url.password().is_none() {
        Ok(())
    } else {
        Err("Must not contain a user name or password")
    }
}

/// Appends `segments` to the path of a URL, each percent-encoded.
pub(crate) fn join(base: &Url, segments: &[&str]) -> Result<Url, ConfigError> {
    // The URL parser drops such segments, and the path would be another one.
    if segments.iter().any(|it| matches!(*it, "" | "." | "..")) {
        let problem = "An id or a token is empty, or consists of dots";
        return Err(FieldErrors::field("credentials", problem).into());
    }
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| FieldErrors::field("settings.baseUrl", "Cannot carry a path"))?
        .pop_if_empty()
        .extend(segments);
    Ok(url)
}

pub(crate) fn segments(url: &Url) -> Vec<&str> {
    url.path_segments().into_iter().flatten().collect()
}
