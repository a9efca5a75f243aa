//! The simulators over real HTTP, as their clients meet them.

mod control;
mod faults;
mod webhooks;
mod whatsapp;
mod whatsapp_callers;
mod whatsapp_limits;
mod wuzapi;
mod zapi;
mod zapperhub;

use std::future::pending;

use recado_sandbox::{Sandbox, Urls, base_urls};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use tokio::net::TcpListener;

/// A sandbox that serves on a free port for the length of a test.
pub(crate) struct Server {
    pub(crate) sandbox: Sandbox,
    pub(crate) urls: Urls,
    pub(crate) root: String,
    client: Client,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let sandbox = Sandbox::new();
        tokio::spawn(sandbox.clone().serve(listener, pending()));
        Self {
            sandbox,
            urls: base_urls(address),
            root: format!("http://{address}"),
            client: Client::new(),
        }
    }

    pub(crate) fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.client.request(method, url)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        Reply::of(self.client.get(format!("{}{path}", self.root))).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        let url = format!("{}{path}", self.root);
        Reply::of(with_json(self.client.post(url), body)).await
    }
}

/// Puts a JSON body into a request.
pub(crate) fn with_json(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request
        .header("content-type", "application/json")
        .body(body.to_string())
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Reply {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        Self::try_of(request).await.expect("an answer")
    }

    pub(crate) async fn try_of(request: RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await?;
        Ok(Self {
            status,
            headers,
            json: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        })
    }
}
