//! A deleted organization is refused at once, and its data are removed in the background.

use recado_server::retention::removal::{REMOVAL_DELAY, remove_deleted};
use recado_tests::prelude::*;

const DELETE: &str = "/organizations/demo?confirm=demo";

/// Every way into the organization is closed.
async fn assert_gone(client: &Client, operator: &Client, callbacks: &Callbacks) {
    for path in ["/agents", "/events/stream", "/organizations/demo/api-keys"] {
        client.get(path).await.refused(401, "unauthorized");
    }
    let sent = client.send(smallest_body("conv-456")).await;
    sent.refused(401, "unauthorized");
    for path in ["/organizations/demo", "/organizations/demo/api-keys"] {
        let missing = operator.get(path).await;
        missing.refused(404, "organization_not_found");
    }
    for (channel, _) in CONVERSATIONS {
        let body = zapi(&Text::from(CUSTOMER)).to_string();
        let answer = callbacks.call(channel, body).send().await;
        assert_eq!(answer.expect("an answer").status(), 404, "{channel}");
    }
}

#[tokio::test]
async fn a_deleted_organization_is_refused_at_once_and_its_data_are_removed_later() {
    let (world, ahead) = World::with_clock().await;
    let other = world.operator.organization("other").await;
    let callbacks = world.callbacks().await;
    let said = zapi(&Text::from(CUSTOMER));
    callbacks.deliver("zapi", &said).await;
    world.events("message.received", 1).await;
    let mut stream = EventStream::open(&world.client, "", None).await;
    for query in ["", "?confirm=", "?confirm=other", "?confirm=Demo"] {
        let path = format!("/organizations/demo{query}");
        let refused = world.operator.delete(&path).await;
        refused.refused(400, "invalid_query");
        assert!(refused.body["details"]["confirm"].is_object(), "{query}");
    }
    world.operator.remove(DELETE).await;
    ends_within(&mut stream, Duration::from_secs(1)).await;
    assert_gone(&world.client, &world.operator, &callbacks).await;
    world.operator.delete(DELETE).await.expect(404);
    other.read("/agents").await;

    remove_deleted(&world.app).await.expect("a removal");
    let again = json!({"id": "demo", "name": "Demo"});
    let taken = world.operator.post("/organizations", again).await;
    taken.refused(409, "already_exists");
    taken.says("is being deleted");
    ahead.pass(REMOVAL_DELAY + Duration::from_secs(1));
    remove_deleted(&world.app).await.expect("a removal");
    assert_gone(&world.client, &world.operator, &callbacks).await;
    // Its ids and numbers are free: another organization connects them.
    open_conversations(&other, &CONVERSATIONS).await;
    organization(&world.operator, "demo").await;
}

#[tokio::test]
async fn the_name_confirms_a_deletion_as_well_as_the_id() {
    let world = World::start().await;
    let named = json!({"id": "loja", "name": "Loja Exemplo"});
    world.operator.create("/organizations", named).await;
    let path = "/organizations/loja?confirm=Loja%20Exemplo";
    world.operator.remove(path).await;
}

#[tokio::test]
async fn a_send_that_is_under_way_when_its_organization_is_deleted_comes_to_its_end() {
    let (world, ahead) = World::with_clock().await;
    let provider = world.client.hold("zapperhub").await;
    for removed in [false, true] {
        let sending = world.client.begin_send("conv-zapperhub");
        let request = provider.receive().await;
        world.operator.remove(DELETE).await;
        if removed {
            ahead.pass(Duration::from_hours(1));
            remove_deleted(&world.app).await.expect("a removal");
        }
        let taken = json!({"success": true, "data": {"messageId": "3EB0"}});
        request.answer(&taken).await;
        let sent = soon("the send ends", sending).await.expect("no panic");
        if removed {
            sent.refused(500, "outcome_unknown");
        } else {
            sent.expect(200);
            // The organization exists again, for the second round.
            let again = "update organizations set deleted_at = null";
            world.database.execute(again).await;
        }
    }
}

#[tokio::test]
async fn a_deletion_counts_on_every_server() {
    let world = World::start().await;
    let Some(server) = Server::second(&world.database, &world.sandbox_urls).await else {
        return;
    };
    let url = &server.url;
    let (there, operator) = (world.client.at(url), world.operator.at(url));
    let callbacks = Callbacks::of(&there, url).await;
    let mut stream = EventStream::open(&there, "", None).await;
    stream.next().await.expect("where it begins");
    world.operator.remove(DELETE).await;
    assert_gone(&there, &operator, &callbacks).await;
    // Half a second between two looks, and the rest for a machine that is busy.
    ends_within(&mut stream, Duration::from_secs(5)).await;
}
