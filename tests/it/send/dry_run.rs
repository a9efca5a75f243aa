//! The switch that shows a send instead of doing it never fails open.

use recado_tests::prelude::*;
use reqwest::header::CONTENT_TYPE;

const YES: &str = "dryRun=true dryRun=True dryRun=TRUE dryRun=1 dryRun=yes dryRun= dryRun dry%52un=tru%65 \
    dryRun=1&dryRun=true utm_source=x&dryRun=true";

const UNREADABLE: &str = "dryRun=maybe dryRun=on dryRun=2 dryRun=%FF dryRun=true%20 dryRun=true&dryRun=false \
    dryRun=false&dryRun dryrun=true DryRun=true DRYRUN=1 dry_run=true dry-run=true dry+run=true dry%20run=true \
    dryRun%3Dtrue dry%2552un=true dryRun[]=true isDryRun=true dyrRun=true dry=true dryRun=false&dry_run=true \
    a=1;dryRun=true a=1&amp;dryRun=true dryrun=false";

#[tokio::test]
async fn every_spelling_of_yes_shows_the_send_on_every_provider() {
    let world = World::start().await;
    for (_, conversation) in CONVERSATIONS {
        for query in YES.split_whitespace() {
            let path = format!("{SEND}?{query}");
            let shown = world.client.act(&path, smallest_body(conversation)).await;
            assert_eq!(shown["dryRun"], true, "{path}");
        }
    }
    assert!(world.sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_switch_that_cannot_be_read_is_refused_and_nothing_is_sent() {
    let world = World::start().await;
    for query in UNREADABLE.split_whitespace() {
        let path = format!("{SEND}?{query}");
        let refused = world.client.post(&path, smallest_body("conv-456")).await;
        refused.refused(400, "invalid_query");
        let error = text(&refused.body["error"]);
        let says = error.contains("rite") && error.contains("dryRun");
        assert!(says, "{query}: {error}");
    }
    assert!(world.sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_switch_in_the_body_is_refused_and_nothing_is_sent() {
    let world = World::start().await;
    let mut body = smallest_body("conv-zapi");
    body["dryRun"] = json!(true);
    let refused = world.client.send(body).await.expect(400);
    let sentence = "Write dryRun=true in the query, not in the body";
    assert_eq!(refused["details"]["dryRun"]["_errors"], json!([sentence]));
    let form = "agentId=agent-123&conversationId=conv-zapi&body_text=Hi&button_1_id=a&button_1_title=A&dry_run=true";
    let request = world.client.request(Method::POST, SEND).body(form);
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    answer(request).await.expect(400);
    assert!(world.sandbox.requests().is_empty());
}

#[tokio::test]
async fn every_spelling_of_no_sends_once() {
    let world = World::start().await;
    let spellings = ["dryRun=false", "dryRun=False", "dryRun=0", "dryRun=no", ""];
    for query in spellings {
        let path = format!("{SEND}?{query}");
        let sent = world.client.act(&path, smallest_body("conv-zapi")).await;
        assert_eq!(sent["success"], true, "{query}");
    }
    assert_eq!(world.sandbox.requests().len(), spellings.len());
}
