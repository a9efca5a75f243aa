//! `recado-server healthcheck`: for containers without a shell.

use recado_sandbox::Provider;
use recado_tests::binaries::Ran;
use recado_tests::prelude::*;

async fn healthcheck(arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
    let mut server = recado_server("healthcheck");
    let server = server.args(arguments).envs(environment.iter().copied());
    ran(server).await
}

/// A check failed, and says so in one sentence.
fn assert_unhealthy(checked: &Ran, sentence: &str) {
    checked.refused(sentence);
    let lines = checked.stderr.lines().count();
    assert_eq!((&*checked.stdout, lines), ("", 1), "{}", checked.stderr);
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
        let checked = healthcheck(arguments, environment).await;
        assert_eq!(checked.succeeded(), "ready\n");
    }
    server.stop().await.expect("an orderly end");
    let checked = healthcheck(&["--url", &own], &[]).await;
    assert_unhealthy(&checked, "Connection refused");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_silent_or_not_ready_is_not_healthy() {
    let (_listener, silent) = world::free_port().await;
    // The sandbox has no such route.
    let (_sandbox, urls) = world::sandbox().await;
    let no_answer = "not ready: the server does not answer within 3 seconds";
    for (url, sentence) in [
        (silent.as_str(), no_answer),
        (urls.of(Provider::Zapi), "not ready: the server answers 404"),
    ] {
        let checked = healthcheck(&["--url", url], &[]).await;
        assert_unhealthy(&checked, sentence);
    }
    let checked = healthcheck(&[], &[("RECADO_LISTEN", "127.0.0.1:0")]).await;
    assert_unhealthy(&checked, "say with --url");
}
