//! A receiver of webhooks in a process of its own: takes what is signed, and prints it, a line of JSON each.

#![expect(clippy::print_stdout, reason = "the result of the program")]

use std::io;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::net::TcpListener;

/// Prints its URL, reads its secret from standard input, and serves until that ends.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!(
        "{}",
        json!({"url": format!("http://{}/hook", listener.local_addr()?)})
    );
    let secret = io::stdin().lines().next().context("a line")??;
    let webhook = Arc::new(Webhook::new(&secret)?);
    let router = Router::new()
        .route("/hook", post(receive))
        .with_state(webhook);
    let input = tokio::task::spawn_blocking(|| io::stdin().lines().count());
    tokio::select! {
        served = async { axum::serve(listener, router).await } => Ok(served?),
        ended = input => ended.map(|_| ()).context("standard input"),
    }
}

/// Prints before it answers, so that what was answered with 200 has been printed.
async fn receive(
    State(webhook): State<Arc<Webhook>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    match webhook.verify(&body, &headers) {
        Ok(()) => {
            let id = headers.get("webhook-id").and_then(|id| id.to_str().ok());
            let event: Option<Value> = serde_json::from_slice(&body).ok();
            println!("{}", json!({"id": id, "event": event}));
            StatusCode::OK
        }
        Err(error) => {
            println!("{}", json!({"refused": error.to_string()}));
            StatusCode::UNAUTHORIZED
        }
    }
}
