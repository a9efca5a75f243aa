//! A server that shows its metrics.

use std::collections::BTreeSet;
use std::net::TcpListener;

use recado_sandbox::Sandbox;
use recado_store::testing::TestDatabase;

use crate::Client;
use crate::binaries::Server;
use crate::world;

/// A server that measures, and what it needs.
pub struct Measured {
    pub server: Server,
    pub sandbox: Sandbox,
    pub operator_key: String,
    /// Where the measurements are.
    pub metrics: String,
    pub database: TestDatabase,
}

/// Starts a server that measures.
pub async fn measured() -> Measured {
    let free = TcpListener::bind("127.0.0.1:0")
        .expect("a free port")
        .local_addr()
        .expect("an address");
    let database = TestDatabase::fresh().await;
    let operator_key = world::operator_key(&database.store().await).await;
    let (sandbox, urls) = world::sandbox().await;
    let metrics = free.to_string();
    let listen = [("RECADO_METRICS_LISTEN", &*metrics)];
    let server = Server::with(&database, &urls, &listen).await;
    let server = server.expect("a server");
    Measured {
        server,
        sandbox,
        operator_key,
        metrics: format!("http://{free}"),
        database,
    }
}

/// Returns the names of the metrics that a scrape has.
pub fn measured_names(scrape: &str) -> BTreeSet<String> {
    let types = scrape.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("# TYPE ")?.split_once(' ')?;
        Some(name.to_owned())
    });
    types.collect()
}

/// Returns what a server measures that has done nothing.
pub async fn fresh_scrape() -> String {
    let measured = measured().await;
    let answer = Client::new(&measured.metrics, "").get("/metrics").await;
    answer.text
}
