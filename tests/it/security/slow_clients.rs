//! Clients that do not read what they asked for, and those that read slowly.

use std::time::Instant;

use recado_server::ConnectionLimits;
use recado_tests::bench::process::{memory_mib, peak_memory_mib};
use recado_tests::prelude::*;
use recado_tests::wire::Wire;

/// 1.4 MB, for everyone.
const SCRIPT: &str = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: x\r\n\r\n";

/// Clients at once; each held a copy of the script.
const CLIENTS: usize = 300;

/// What so many connections may cost, in MiB; the copies took 420.
const ROOM: f64 = 60.0;

fn impatient() -> ConnectionLimits {
    ConnectionLimits {
        write_timeout: Duration::from_millis(200),
        ..ConnectionLimits::default()
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_loses_its_connection() {
    let world = World::start().await;
    let limits = ConnectionLimits {
        connections: 1,
        ..impatient()
    };
    let url = world::serve(&world.app, limits).await;
    let mut greedy = Wire::connect(&url).await;
    greedy.write(SCRIPT).await;
    greedy.readable().await;
    let mut next = Wire::connect(&url).await;
    next.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    next.read_until("ok\"}").await;
}

#[tokio::test]
async fn a_quiet_stream_whose_client_reads_stays_open() {
    let limits = ConnectionLimits {
        write_timeout: Duration::from_millis(50),
        ..ConnectionLimits::default()
    };
    let world = World::with(Options {
        limits,
        heartbeat: Duration::from_millis(150),
        ..Options::default()
    })
    .await;
    let mut stream = EventStream::open(&world.client, "", None).await;
    // Each silence is longer than the deadline, and in none of them anything waits to be written.
    for _ in 0..4 {
        stream.next().await.expect("an open stream");
    }
}

#[tokio::test]
async fn a_client_that_reads_gets_the_whole_script() {
    let world = World::start().await;
    let script = world.client.get("/docs/swagger-ui-bundle.js").await;
    let length = script.headers["content-length"].to_str().expect("a number");
    assert_eq!(script.text.len().to_string(), length);
}

#[tokio::test]
async fn clients_that_never_read_cost_little_memory_and_do_not_delay_the_shutdown() {
    let deployment = Deployment::start().await;
    let id = deployment.server.process.id().expect("a running server");
    let before = memory_mib(id).expect("its memory");
    let mut clients = Vec::with_capacity(CLIENTS);
    for _ in 0..CLIENTS {
        let mut client = Wire::connect(&deployment.server.url).await;
        client.write(SCRIPT).await;
        clients.push(client);
    }
    for client in &mut clients {
        client.readable().await;
    }
    let after = peak_memory_mib(id).expect("its memory");
    assert!(after < before + ROOM, "from {before} MiB to {after} MiB");
    deployment.client.read("/healthz").await;
    let asked = Instant::now();
    deployment.server.stop().await.expect("success");
    // A connection that still has something to do gets 25 seconds.
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(15), "{took:?}");
}
