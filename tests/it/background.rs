//! Tasks in the background that panic.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use recado_server::ConnectionLimits;
use recado_server::app::Clock;
use recado_store::testing::TestDatabase;
use recado_tests::world::{self, Options, sandbox};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_server_whose_background_tasks_panic_ends_with_an_error() {
    let database = TestDatabase::fresh().await;
    let store = database.store().await;
    let (_sandbox, urls) = sandbox().await;
    // The first one to ask for the time is the start of the server, and its tasks come after it.
    let asked = Arc::new(AtomicUsize::new(0));
    let clock = Clock::from_fn(move || {
        let before = asked.fetch_add(1, Ordering::SeqCst);
        assert!(before == 0, "a clock that is broken on purpose");
        Timestamp::now()
    });
    let options = Options {
        clock,
        ..Options::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let app = world::app(&store, &urls, "http://127.0.0.1", &options);
    let limits = ConnectionLimits::default();
    let served = recado_server::run(app, listener, limits, std::future::pending());
    let ended = tokio::time::timeout(Duration::from_mins(1), served).await;
    let error = ended.expect("an end in time").expect_err("a failure");
    assert!(
        error.to_string().starts_with("the background task"),
        "{error}"
    );
}
