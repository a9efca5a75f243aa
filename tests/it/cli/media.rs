//! `recado message media`: the file of a customer's message.

use recado_sandbox::{Effect, Fault, FileKind, PhoneFile, Provider};
use recado_tests::prelude::*;

use super::shell::Shell;

#[tokio::test]
async fn a_customers_file_is_written_whole_or_not_at_all() {
    let world = World::connected().await;
    let shell = Shell::of(&world, world.client.key());
    let picture = PhoneFile {
        kind: FileKind::Image,
        mime_type: "image/png".to_owned(),
        name: None,
        caption: None,
        bytes: "photo".repeat(50_000).into(),
    };
    let sent = (world.sandbox).send_file(Provider::Whatsapp, "", CUSTOMER, &picture);
    sent.expect("a message");
    let event = &world.events("message.received", 1).await[0];
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("photo.png");
    let file = path.to_str().expect("a path");
    let words = ["message", "media", text(&event["data"]["messageId"]), file];

    let refusal = recado_sandbox::Answer::new(500, json!({}));
    let fault = Fault::new(Provider::Whatsapp, Effect::Answer(refusal));
    world.sandbox.fail_next(fault, 1);
    let refused = shell.run(&words).await;
    assert_contains(&refused.stderr, "could not fetch the file through whatsapp");
    assert!(!path.exists());

    let written = shell.run(&words).await.json();
    assert_eq!(written, json!({"file": file, "bytes": picture.bytes.len()}));
    assert!(std::fs::read(&path).expect("a file") == picture.bytes);

    let again = shell.run(&words).await;
    assert_contains(&again.stderr, "cannot write");
    assert!(std::fs::read(&path).expect("a file") == picture.bytes);
}
