//! A customer's file: its address is looked up by its id, and then fetched with the access token (Meta, media).

use super::errors;
use crate::prelude::*;

/// Looks the address up, which leads to the file for five minutes; one that has ended is looked up once more.
pub(super) async fn download(
    version_url: &Url,
    phone_number_id: &str,
    connection: &Connection,
    media: &ReceivedMedia,
) -> Result<MediaDownload, NoMedia> {
    let id = media.id.as_deref().ok_or(NoMedia::Gone)?;
    let mut lookup = join(version_url, &[id]).map_err(|_| NoMedia::Gone)?;
    // With it, the file of another number is an error.
    lookup
        .query_pairs_mut()
        .append_pair("phone_number_id", phone_number_id);
    for _ in 0..2 {
        let answer = connection.get(&lookup).await?;
        let found = answer.json().filter(|_| answer.is_success());
        let url = found.as_ref().and_then(|found| text(found, "/url"));
        let Some(url) = url.and_then(|url| Url::parse(url).ok()) else {
            return Err(not_found(&answer));
        };
        if !may_have_token(&url, version_url) {
            let text = "Meta names an address of the file that is not Meta's; the access token was not sent there";
            return Err(Refusal::new(ErrorKind::Misconfigured, text).into());
        }
        match connection.open(&url).await? {
            MediaResponse::Refused(answer) if answer.status == 404 => {}
            other => return fetched(other),
        }
    }
    Err(NoMedia::Gone)
}

/// Meta answers 400 with code 100 for an id that it does not know, or that is older than seven days (observed).
fn not_found(answer: &Answer) -> NoMedia {
    let code = answer
        .json()
        .and_then(|body| body.pointer("/error/code")?.as_i64());
    if answer.status == 404 || code == Some(100) {
        return NoMedia::Gone;
    }
    let unknown = "Meta does not give the file";
    errors::refusal(answer, unknown).into()
}

/// Whether the access token may go to an address: to Meta's stores of files, or to where all requests go.
fn may_have_token(url: &Url, api: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_metas = host == "fbsbx.com" || host.ends_with(".fbsbx.com");
    url.origin() == api.origin() || (url.scheme() == "https" && is_metas)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::store("https://lookaside.fbsbx.com/x?mid=1", true)]
    #[case::api("https://graph.facebook.com/v25.0/1", true)]
    #[case::not_encrypted("http://lookaside.fbsbx.com/x", false)]
    #[case::looks_alike("https://lookaside.fbsbx.com.example/x", false)]
    #[case::other_end("https://evilfbsbx.com/x", false)]
    #[case::elsewhere("https://files.example/x", false)]
    fn the_token_goes_to_meta_alone(#[case] url: &str, #[case] may: bool) {
        let api = Url::parse("https://graph.facebook.com/v25.0").expect("a URL");
        assert_eq!(may_have_token(&Url::parse(url).expect("a URL"), &api), may);
    }
}
