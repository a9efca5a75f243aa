//! A proxy that does nothing but pass on: the yardstick of the benchmark.

#![expect(clippy::print_stdout, reason = "tells where it listens")]

use std::net::SocketAddr;

use anyhow::Context as _;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HOST, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

type Upstream = Client<HttpConnector, Incoming>;

/// Passes every request on to the address in the first argument, and prints its own.
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let upstream: SocketAddr = std::env::args().nth(1).context("an address")?.parse()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Upstream = Client::builder(TokioExecutor::new()).build(connector);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let client = client.clone();
        let service = service_fn(move |request| pass_on(client.clone(), upstream, request));
        // A connection that breaks is the client's affair.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn pass_on(
    client: Upstream,
    upstream: SocketAddr,
    mut request: Request<Incoming>,
) -> anyhow::Result<Response<Incoming>> {
    let path = request.uri().path_and_query().context("a path")?;
    *request.uri_mut() = Uri::try_from(format!("http://{upstream}{path}"))?;
    let headers = request.headers_mut();
    headers.remove(CONNECTION);
    headers.insert(HOST, HeaderValue::from_str(&upstream.to_string())?);
    Ok(client.request(request).await?)
}
