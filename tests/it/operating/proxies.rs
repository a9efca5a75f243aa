//! Proxies of the environment, which a server does not use: it checks itself where its requests go.

use recado_tests::binaries::deploy_with;
use recado_tests::prelude::*;

#[tokio::test]
async fn a_server_uses_no_proxy_of_the_environment_and_says_so() {
    let database = TestDatabase::fresh().await;
    let (sandbox, urls) = world::sandbox().await;
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", proxy.local_addr().expect("an address"));
    let variables = [
        ("HTTP_PROXY", &*url),
        ("https_proxy", &*url),
        ("ALL_PROXY", &*url),
    ];
    let (server, client) = deploy_with(&database, &urls, &variables).await;
    for (_, conversation) in CONVERSATIONS {
        client.accepted(smallest_body(conversation)).await;
    }
    assert_eq!(sandbox.phone_messages().len(), CONVERSATIONS.len());
    let log = server.stop().await.expect("an orderly end");
    let sentence =
        "does not use the proxies of the environment (HTTP_PROXY, ALL_PROXY, https_proxy)";
    assert_contains(&log, sentence);
    proxy.set_nonblocking(true).expect("a socket");
    let asked = proxy.accept().expect_err("no connection");
    assert_eq!(asked.kind(), std::io::ErrorKind::WouldBlock);
}
