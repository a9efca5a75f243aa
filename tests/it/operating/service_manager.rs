//! What a service manager such as systemd gives to the server, and what the server tells it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use recado_tests::prelude::*;
use tokio::net::UnixDatagram;
use tokio::sync::watch;

/// Requests that are served before and after the restart.
const ENOUGH: usize = 20;

/// What the server tells its service manager.
struct Told(UnixDatagram);

impl Told {
    /// Waits for a message that contains `text`.
    async fn wait_for(&self, text: &str) {
        until(text, async || {
            let mut buffer = [0; 1024];
            let length = self.0.recv(&mut buffer).await.expect("a message");
            let message = String::from_utf8_lossy(&buffer[..length]);
            message.contains(text).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn the_server_tells_when_it_is_ready_lives_and_stops() {
    let database = TestDatabase::fresh().await;
    let (_sandbox, urls) = world::sandbox().await;
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("notify");
    let told = Told(UnixDatagram::bind(&socket).expect("a socket"));
    let variables = [
        ("NOTIFY_SOCKET", socket.to_str().expect("text")),
        ("WATCHDOG_USEC", "200000"),
    ];
    let server = Server::with(&database, &urls, &variables).await;
    let server = server.expect("a server");
    told.wait_for("EXTEND_TIMEOUT_USEC=").await;
    told.wait_for("READY=1\nSTATUS=Ready").await;
    told.wait_for("WATCHDOG=1").await;
    server.stop().await.expect("an orderly end");
    // Without a request in flight it closes the database at once.
    told.wait_for("STOPPING=1\nSTATUS=").await;
}

/// Asks for the health of the server again and again, each time with a connection of its own, until `over`.
async fn ask(url: String, served: Arc<AtomicUsize>, over: watch::Receiver<bool>) {
    let client = reqwest::Client::builder().pool_max_idle_per_host(0);
    let client = client.no_proxy().build().expect("a client");
    while !*over.borrow() {
        let answer = client.get(format!("{url}/healthz")).send().await;
        assert_eq!(answer.expect("no connection is refused").status(), 200);
        served.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_restart_with_a_socket_of_the_service_manager_refuses_no_connection() {
    let database = TestDatabase::fresh().await;
    let (_sandbox, urls) = world::sandbox().await;
    let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("an address").to_string();
    let server = Server::activated(&database, &urls, &socket).await;
    let server = server.expect("a server");
    assert_eq!(server.url, format!("http://{address}"));
    let (answered, (finish, over)) = (Arc::<AtomicUsize>::default(), watch::channel(false));
    let asking = tokio::spawn(ask(server.url.clone(), Arc::clone(&answered), over));
    let reach = async |count| {
        let reached = async || {
            assert!(!asking.is_finished(), "a request failed");
            (answered.load(Ordering::SeqCst) >= count).then_some(())
        };
        until("requests are answered", reached).await;
    };
    reach(ENOUGH).await;
    server.stop().await.expect("an orderly end");
    let before = answered.load(Ordering::SeqCst);
    let server = Server::activated(&database, &urls, &socket).await;
    let server = server.expect("a server");
    reach(before + ENOUGH).await;
    finish.send_replace(true);
    let asked = soon("the last request ends", asking).await;
    asked.expect("each request was answered");
    server.stop().await.expect("an orderly end");
}

#[tokio::test]
async fn a_socket_that_is_not_one_of_tcp_is_refused() {
    let database = TestDatabase::fresh().await;
    let (_sandbox, urls) = world::sandbox().await;
    let folder = tempfile::tempdir().expect("a folder");
    let socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket"));
    let socket = std::net::TcpListener::from(std::os::fd::OwnedFd::from(socket.expect("a socket")));
    let started = Server::activated(&database, &urls, &socket).await;
    let error = started.err().expect("a failure").to_string();
    let sentence = "the socket that the service manager opened cannot be used";
    assert_contains(&error, sentence);
}
