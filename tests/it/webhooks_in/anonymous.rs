//! Callers without a proof cost the server little.

use futures_util::future::join_all;
use recado_tests::prelude::*;
use rstest::rstest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const MIB: usize = 1024 * 1024;

/// A call that says that 4 MiB follow, with these headers and the beginning of its body.
async fn begin(world: &World, path: &str, headers: &str, body: &[u8]) -> TcpStream {
    let address = world.url.strip_prefix("http://").expect("a scheme");
    let mut caller = TcpStream::connect(address).await.expect("a connection");
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n{headers}\r\n",
        4 * MIB
    );
    caller.write_all(head.as_bytes()).await.expect("written");
    // The server may have refused it by now.
    caller.write_all(body).await.unwrap_or_default();
    caller
}

/// What the server says before it has the body.
async fn status(mut caller: TcpStream) -> String {
    let mut said = [0; 12];
    caller.read_exact(&mut said).await.expect("an answer");
    String::from_utf8_lossy(&said).into_owned()
}

#[rstest]
#[case::nothing("whatsapp", "", "401")]
#[case::no_digits("whatsapp", "X-Hub-Signature-256: sha256=\r\n", "401")]
#[case::another_form("whatsapp", "X-Hub-Signature-256: 1234\r\n", "401")]
#[case::wrong_secret("zapperhub", "Authorization: Bearer wrong\r\n", "401")]
#[case::unsigned("wuzapi", "", "401")]
#[case::no_signature("wuzapi", "X-Hmac-Signature: 1234\r\n", "401")]
#[tokio::test]
async fn what_the_headers_do_not_prove_is_refused_without_its_body(
    #[case] channel: &str,
    #[case] headers: &str,
    #[case] expected: &str,
) {
    let world = World::start().await;
    world.open_wuzapi().await;
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    let caller = begin(&world, callbacks.path(channel), headers, b"").await;
    assert_eq!(status(caller).await, format!("HTTP/1.1 {expected}"));
}

#[tokio::test]
async fn a_wrong_secret_in_the_url_is_refused_without_the_body() {
    let (world, callbacks) = World::with_callbacks().await;
    for channel in ["zapi", "zapperhub"] {
        let path = format!("{}x", callbacks.path(channel));
        let caller = begin(&world, &path, "", b"").await;
        assert_eq!(status(caller).await, "HTTP/1.1 404", "{channel}");
    }
}

#[tokio::test]
async fn the_bodies_of_anonymous_callers_are_bounded_and_delay_no_other_caller() {
    let (world, callbacks) = World::with_callbacks().await;
    let other = world.operator.organization("other").await;
    let channel = json!({"id": "theirs", "provider": "whatsapp", "name": "theirs",
        "credentials": credentials("whatsapp")});
    other.create("/channels", channel).await;
    let theirs = Callbacks::of(&other, &world.url).await;

    // It has the form of a signature.
    let signature = format!("X-Hub-Signature-256: sha256={}\r\n", "0".repeat(64));
    let path = callbacks.path("whatsapp");
    let body = vec![b'x'; MIB];
    let callers = (0..100).map(|_| begin(&world, path, &signature, &body));
    let mut callers = join_all(callers).await;
    // The first one that had no room has its answer.
    let refused = callers.iter_mut().map(|caller| {
        Box::pin(async move {
            let mut said = [0; 400];
            let count = caller.read(&mut said).await.unwrap_or_default();
            String::from_utf8_lossy(&said[..count]).into_owned()
        })
    });
    let (said, ..) = futures_util::future::select_all(refused).await;
    assert!(said.starts_with("HTTP/1.1 503"), "{said}");
    assert!(
        said.to_ascii_lowercase().contains("retry-after: "),
        "{said}"
    );
    assert!(world.app.intake.bodies.used() <= 8 * MIB);

    // Meanwhile a tap of the same organization is taken, and a large call of another one.
    callbacks
        .deliver("zapi", &zapi(&Text::from("5511944443333")))
        .await;
    let text = whatsapp_texts(NUMBER, &[Text::from("5511944443334")]);
    let mut large = whatsapp(&[vec![text]]);
    large["padding"] = "x".repeat(2 * MIB).into();
    answer(theirs.call("theirs", large.to_string()))
        .await
        .expect(200);
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
        let channel = json!({"id": id, "provider": "whatsapp", "name": id,
            "credentials": credentials("whatsapp")});
        client.create("/channels", channel).await;
        let theirs = Callbacks::of(&client, &world.url).await;
        paths.push(theirs.path(id).to_owned());
    }
    let signature = format!("X-Hub-Signature-256: sha256={}\r\n", "0".repeat(64));
    let body = vec![b'x'; MIB];
    let each = paths.iter().cycle().take(3 * 10);
    let callers = join_all(each.map(|path| begin(&world, path, &signature, &body))).await;
    // Three shares are all that there is.
    while world.app.intake.bodies.used() < 23 * MIB {
        tokio::task::yield_now().await;
    }
    let mut large = zapi(&Text::from("5511944443333"));
    large["padding"] = "x".repeat(2 * MIB).into();
    callbacks.deliver("zapi", &large).await;
    let mut large = zapperhub(&Text::from("5511944443334"));
    large["padding"] = "x".repeat(2 * MIB).into();
    callbacks.deliver("zapperhub", &large).await;
    world.events("message.received", 2).await;
    drop(callers);
}
