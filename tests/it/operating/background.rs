//! Tasks in the background that panic.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use recado_server::ConnectionLimits;
use recado_server::app::Clock;
use recado_tests::prelude::*;
use recado_tests::world::{free_port, sandbox};

#[tokio::test]
async fn a_server_whose_background_tasks_panic_ends_with_an_error() {
    let database = TestDatabase::fresh().await;
    let store = database.store().await;
    let (_sandbox, urls) = sandbox().await;
    let broken = Arc::new(AtomicBool::new(false));
    let breaks = Arc::clone(&broken);
    let clock = Clock::from_fn(move || {
        // Once: the end of the server asks for the time too.
        let broken = breaks.swap(false, Ordering::SeqCst);
        assert!(!broken, "a clock that is broken on purpose");
        Timestamp::now()
    });
    let options = Options {
        clock,
        ..Options::default()
    };
    let (listener, url) = free_port().await;
    let app = world::app(&store, &urls, &url, &options);
    let limits = ConnectionLimits::default();
    let served = recado_server::run(app, listener, limits, std::future::pending());
    let served = tokio::spawn(served);
    let ready = reqwest::get(format!("{url}/readyz")).await;
    assert_eq!(ready.expect("an answer").status(), 200);
    broken.store(true, Ordering::SeqCst);
    let ended = soon("the server ends", served).await.expect("no panic");
    let error = ended.expect_err("a failure").to_string();
    assert!(error.starts_with("the background task"), "{error}");
}
