//! Callers without a proof cost the server little.

use futures_util::future::{join_all, select_all};
use recado_tests::prelude::*;
use recado_tests::wire::Wire;

const MIB: usize = 1024 * 1024;

/// It has the form of a signature.
fn forged() -> String {
    format!("X-Hub-Signature-256: sha256={}\r\n", "0".repeat(64))
}

/// Begins a call that says that 4 MiB follow, with these headers and the beginning of its body.
async fn begin(world: &World, path: &str, headers: &str, body: &[u8]) -> Wire {
    let mut caller = Wire::connect(&world.url).await;
    let length = 4 * MIB;
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{headers}\r\n");
    caller.write(head).await;
    // The server may have refused it by now.
    caller.write(body).await;
    caller
}

#[tokio::test]
async fn what_the_headers_do_not_prove_is_refused_without_its_body() {
    let world = World::start().await;
    world.open_wuzapi().await;
    let callbacks = world.callbacks().await;
    let path = |channel: &str| callbacks.path(channel).to_owned();
    for (path, headers, status) in [
        (path("whatsapp"), "", "401"),
        (path("whatsapp"), "X-Hub-Signature-256: sha256=\r\n", "401"),
        (path("whatsapp"), "X-Hub-Signature-256: 1234\r\n", "401"),
        (path("zapperhub"), "Authorization: Bearer wrong\r\n", "401"),
        (path("wuzapi"), "", "401"),
        (path("wuzapi"), "X-Hmac-Signature: 1234\r\n", "401"),
        (path("zapi") + "x", "", "404"),
        (path("zapperhub") + "x", "", "404"),
    ] {
        let mut caller = begin(&world, &path, headers, b"").await;
        let said = caller.read_until("\r\n").await;
        let expected = format!("HTTP/1.1 {status}");
        assert!(said.starts_with(&expected), "{path} {headers}: {said}");
    }
}

#[tokio::test]
async fn the_bodies_of_anonymous_callers_are_bounded_and_delay_no_other_caller() {
    let (world, callbacks) = World::with_callbacks().await;
    let other = world.operator.organization("other").await;
    other.connect("theirs", "whatsapp").await;
    let theirs = Callbacks::of(&other, &world.url).await;

    let (path, signature, body) = (callbacks.path("whatsapp"), forged(), vec![b'x'; MIB]);
    let callers = (0..100).map(|_| begin(&world, path, &signature, &body));
    let mut callers = join_all(callers).await;
    // The first one that had no room has its answer.
    let refused = callers.iter_mut();
    let refused = refused.map(|caller| Box::pin(caller.read_until("\r\n\r\n")));
    let (said, ..) = select_all(refused).await;
    assert!(said.starts_with("HTTP/1.1 503"), "{said}");
    assert_contains(&said.to_ascii_lowercase(), "retry-after: ");
    assert!(world.app.intake.bodies.used() <= 8 * MIB);

    // Meanwhile a tap of the same organization is taken, and a large call of another one.
    let tap = zapi(&Text::from("5511944443333"));
    callbacks.deliver("zapi", &tap).await;
    let texts = whatsapp_texts(NUMBER, &[Text::from("5511944443334")]);
    let large = padded(whatsapp(&[vec![texts]]), 2 * MIB);
    theirs.deliver("theirs", &large).await;
    world.events("message.received", 1).await;
    drop(callers);
    world.stop().await;
    assert_eq!(world.app.intake.bodies.used(), 0);
}

#[tokio::test]
async fn the_bodies_of_anonymous_callers_take_no_room_of_calls_that_their_url_proves() {
    let (world, callbacks) = World::with_callbacks().await;
    let mut paths = vec![callbacks.path("whatsapp").to_owned()];
    for id in ["second", "third"] {
        let client = world.operator.organization(id).await;
        client.connect(id, "whatsapp").await;
        let theirs = Callbacks::of(&client, &world.url).await;
        paths.push(theirs.path(id).to_owned());
    }
    let (signature, body) = (forged(), vec![b'x'; MIB]);
    let each = paths.iter().cycle().take(3 * 10);
    let callers = join_all(each.map(|path| begin(&world, path, &signature, &body))).await;
    // Three shares are all that there is.
    let bodies = &world.app.intake.bodies;
    let full = async || (bodies.used() >= 23 * MIB).then_some(());
    until("all shares are used", full).await;
    let large = padded(zapi(&Text::from("5511944443333")), 2 * MIB);
    callbacks.deliver("zapi", &large).await;
    let large = padded(zapperhub(&Text::from("5511944443334")), 2 * MIB);
    callbacks.deliver("zapperhub", &large).await;
    world.events("message.received", 2).await;
    drop(callers);
}

/// A call with so many bytes that say nothing.
fn padded(mut call: Value, bytes: usize) -> Value {
    call["padding"] = "x".repeat(bytes).into();
    call
}
