//! Request bodies that come slowly take a bounded part of the memory, and no other organization's part.

use recado_tests::prelude::*;
use recado_tests::wire::Wire;

const MIB: usize = 1024 * 1024;

/// Bytes of the bodies of one organization that are read at once.
const SHARE: usize = 8 * MIB;

/// A request of that key whose body never ends: it stops short of its 1 MiB.
async fn begin(world: &World, client: &Client, path: &str) -> Wire {
    let mut caller = Wire::connect(&world.url).await;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {MIB}\r\n\r\n",
        client.key()
    );
    caller.write(head).await;
    caller.write(vec![b' '; MIB - 1]).await;
    caller
}

#[tokio::test]
async fn the_bodies_of_one_organization_are_bounded_and_delay_no_other() {
    let world = World::start().await;
    let other = world.operator.organization("other").await;
    let mut callers = Vec::new();
    let paths = ["/agents", "/channels", SEND];
    for number in 0..3 * SHARE / MIB {
        callers.push(begin(&world, &world.client, paths[number % paths.len()]).await);
    }
    // Those that had no room have their answer.
    let refused = callers
        .iter_mut()
        .map(|caller| Box::pin(caller.read_until("}")));
    let (said, ..) = futures_util::future::select_all(refused).await;
    for part in ["http/1.1 503", "retry-after: ", "unavailable"] {
        assert_contains(&said.to_ascii_lowercase(), part);
    }
    assert!(world.app.memory.request_bodies.used() <= SHARE);

    // Meanwhile a message of the same organization is sent, and large bodies of others are read.
    world.client.accepted(smallest_body("conv-zapi")).await;
    let large = json!({"id": "large", "name": "Large", "padding": "x".repeat(MIB / 2)});
    other.create("/agents", large.clone()).await;
    // An unknown field is named only when the whole body was read.
    let read = world.operator.post("/organizations", large).await;
    read.refused(400, "invalid_body");
    drop(callers);
    world.stop().await;
    assert_eq!(world.app.memory.request_bodies.used(), 0);
}
