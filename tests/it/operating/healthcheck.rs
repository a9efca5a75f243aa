//! `recado-server healthcheck`: for containers without a shell.

use std::process::Output;

use recado_tests::binaries::command;
use recado_tests::prelude::*;
use tokio::net::TcpListener;

async fn healthcheck(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = command("recado-server").expect("the binary");
    command.arg("healthcheck").args(arguments);
    let output = command.envs(environment.iter().copied()).output().await;
    output.expect("a process")
}

/// The one sentence of a check that failed.
fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr.clone()).expect("text");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

#[tokio::test]
async fn a_server_is_healthy_while_it_is_ready() {
    let database = TestDatabase::fresh().await;
    let (_sandbox, urls) = world::sandbox().await;
    let server = Server::on(&database, &urls).await.expect("a server");
    let address = server.url.trim_start_matches("http://").to_owned();
    let port = address.rsplit(':').next().expect("a port");
    let (own, all) = (server.url.clone() + "/", format!(":{port}"));
    let pasted = server.url.clone() + "/readyz";
    // A proxy of the environment is not asked.
    let proxy = ("HTTP_PROXY", "http://127.0.0.1:1");
    for (arguments, environment) in [
        (&["--url", &*own][..], &[proxy][..]),
        (&["--url", &*pasted], &[proxy]),
        (&[], &[("RECADO_LISTEN", &*address), proxy]),
        (&[], &[("RECADO_LISTEN", &*all), proxy]),
    ] {
        let output = healthcheck(arguments, environment).await;
        assert!(output.status.success(), "{output:?}");
        assert_eq!(output.stdout, b"ready\n");
    }
    server.stop().await.expect("an orderly end");
    let said = complaint(&healthcheck(&["--url", &own], &[]).await);
    assert!(said.contains("Connection refused"), "{said}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_silent_or_not_ready_is_not_healthy() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let silent = format!("http://{}", silent.local_addr().expect("an address"));
    // The sandbox has no such route.
    let (_sandbox, urls) = world::sandbox().await;
    for (url, sentence) in [
        (
            &*silent,
            "not ready: the server does not answer within 3 seconds",
        ),
        (&*urls.zapi, "not ready: the server answers 404"),
    ] {
        let said = complaint(&healthcheck(&["--url", url], &[]).await);
        assert!(said.contains(sentence), "{said}");
    }
    let said = complaint(&healthcheck(&[], &[("RECADO_LISTEN", "127.0.0.1:0")]).await);
    assert!(said.contains("say with --url"), "{said}");
}
