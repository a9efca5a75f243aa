//! `/docs`: Recado's own introduction, and every operation to read and try.

use recado_tests::browser::{Browser, View, browse};
use recado_tests::prelude::*;

/// The operation that the tests try, as Swagger UI names it.
const OPERATION: &str = "#operations-Agents-listAgents";

/// Opens the page and waits until every operation is there.
async fn open(browser: &Browser, world: &World) -> anyhow::Result<()> {
    let url = format!("{}/docs/", world.url);
    browser.driver.goto(url).await?;
    browser.element(OPERATION).await?;
    Ok(())
}

async fn click(browser: &Browser, selector: &str) -> anyhow::Result<()> {
    Ok(browser.element(selector).await?.click().await?)
}

/// Opens an operation of `/docs` and makes its call, which is answered with 200.
pub(super) async fn try_a_call(browser: &Browser) -> anyhow::Result<()> {
    for control in [".opblock-summary-control", ".try-out__btn", ".execute"] {
        click(browser, &format!("{OPERATION} {control}")).await?;
    }
    let answered = format!("{OPERATION} .live-responses-table td.response-col_status");
    browser.text(&answered, "200").await
}

#[tokio::test]
async fn the_page_says_where_a_key_comes_from_and_a_call_with_a_key_works() {
    let world = World::start().await;
    browse(async |browser| {
        for view in View::all() {
            browser.look(view).await?;
            open(&browser, &world).await?;
            let title = if view.is_english() {
                "Recado API"
            } else {
                "API do Recado"
            };
            browser.text("h1", title).await?;
            assert_eq!(browser.driver.title().await?, format!("{title} · Recado"));
            let introduction = browser.element(".introduction").await?.text().await?;
            assert!(
                introduction.contains("operator-key create"),
                "{introduction}"
            );
            click(&browser, ".btn.authorize").await?;
            let key = browser.element("[aria-label=apiKey]").await?;
            key.send_keys(world.client.key()).await?;
            browser.check_accessibility().await?;
            click(&browser, ".auth-container:first-child .authorize").await?;
            click(&browser, ".close-modal").await?;
            try_a_call(&browser).await?;
            browser.check_logs(&world.url).await?;
        }
        Ok(())
    })
    .await;
}
