//! What the pages tell browsers, and whose forms they take.

use recado_tests::prelude::*;
use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE};
use reqwest::redirect::Policy;
use rstest::rstest;

const FORM: &str = "email=ana%40example.com&password=correct+horse+battery";

async fn get(world: &World, path: &str) -> Answer {
    let request = world.client.http.get(format!("{}{path}", world.url));
    answer(request.header(ACCEPT_LANGUAGE, "en")).await
}

/// Sends the form of a page as a browser does that shows a page of that site.
async fn post(world: &World, path: &str, site: &str, cookie: &str) -> Answer {
    let client = reqwest::Client::builder().redirect(Policy::none());
    let client = client.no_proxy().build().expect("an HTTP client");
    let request = client.post(format!("{}{path}", world.url)).body(FORM);
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let request = request
        .header("sec-fetch-site", site)
        .header(COOKIE, cookie);
    answer(request.header(ACCEPT_LANGUAGE, "pt-BR")).await
}

#[rstest]
#[case::form("/sign-in", 200)]
#[case::link_that_does_not_work("/set-password/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 404)]
#[tokio::test]
async fn a_page_runs_no_script_and_is_kept_nowhere(#[case] path: &str, #[case] status: u16) {
    let world = World::start().await;
    let page = get(&world, path).await;
    assert_eq!(page.status.as_u16(), status);
    let header = |name: &str| page.headers[name].to_str().expect("a text");
    assert_eq!(
        header("content-security-policy"),
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert!(!page.text.contains("<script") && !page.text.contains(" style="));
    assert!(page.text.contains("<html lang=\"en\">"));
    let portuguese = get(&world, &format!("{path}?lang=pt")).await;
    assert!(portuguese.text.contains("<html lang=\"pt-BR\">"));
}

#[tokio::test]
async fn what_an_address_says_is_shown_as_text() {
    let world = World::start().await;
    let page = get(
        &world,
        "/sign-in?organization=%22%3E%3Cscript%3Ea&notice=%3Cb%3E",
    )
    .await;
    assert!(page.text.contains("value=\"&#34;&#62;&#60;script&#62;a\""));
    assert!(!page.text.contains("<script") && !page.text.contains("<b>"));
}

#[rstest]
#[case::sign_in("/sign-in")]
#[case::sign_out("/sign-out")]
#[case::set_password("/set-password/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
#[tokio::test]
async fn the_form_of_another_site_is_refused_with_a_page(#[case] path: &str) {
    let world = World::start().await;
    let user = people::user(&world.store, "demo", "owner", "ana@example.com").await;
    let (_, secret) = people::session_of(&world.store, &user, world.app.clock.now()).await;
    let cookie = format!("recado-session={secret}");
    for site in ["cross-site", "same-site"] {
        let refused = post(&world, path, site, &cookie).await;
        assert_eq!(refused.status.as_u16(), 403, "{site}");
        refused.says("<h1>Algo deu errado</h1>");
        assert!(!refused.headers.contains_key("set-cookie"));
    }
    let session = world.client.with_session(&secret);
    session.read("/sessions/current").await;
}

#[tokio::test]
async fn a_session_that_has_ended_signs_out_all_the_same() {
    let world = World::start().await;
    let left = post(&world, "/sign-out", "same-origin", "recado-session=ended").await;
    let cookie = left.headers["set-cookie"].to_str().expect("a text");
    assert!(cookie.starts_with("recado-session=; "), "{cookie}");
}
