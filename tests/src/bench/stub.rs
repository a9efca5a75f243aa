//! The provider and the receiver of webhooks, as cheap as they can be: a thread of their own that answers and counts.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::arrivals::Arrivals;
use crate::callbacks::NUMBER;

/// Where deliveries go.
const HOOK: &str = "/hook";

/// Answers every provider call of WhatsApp's with success, and takes every delivery.
#[derive(Clone)]
pub struct Stub {
    pub address: SocketAddr,
    /// The marked messages that it has taken.
    pub arrivals: Arc<Arrivals>,
    counts: Arc<Counts>,
    deliveries: watch::Receiver<Delivered>,
}

/// How many deliveries came, and when the last one did.
#[derive(Debug, Clone, Copy)]
pub struct Delivered {
    pub count: u64,
    pub at: Instant,
}

struct Counts {
    messages: AtomicU64,
    arrivals: Arc<Arrivals>,
    delivered: watch::Sender<Delivered>,
}

impl Stub {
    /// Starts it on a free port; it ends with the process.
    pub async fn start() -> anyhow::Result<Self> {
        let (delivered, deliveries) = watch::channel(Delivered {
            count: 0,
            at: Instant::now(),
        });
        let arrivals = Arc::<Arrivals>::default();
        let counts = Arc::new(Counts {
            messages: AtomicU64::new(0),
            arrivals: Arc::clone(&arrivals),
            delivered,
        });
        let (tell, told) = tokio::sync::oneshot::channel();
        let serving = Arc::clone(&counts);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(serve(serving, tell))
        });
        Ok(Self {
            address: told.await?,
            arrivals,
            counts,
            deliveries,
        })
    }

    /// Returns its URL in the place of the provider's.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the URL of the webhook endpoint.
    pub fn hook(&self) -> String {
        format!("http://{}{HOOK}", self.address)
    }

    /// Returns how many messages it has taken; the provider's id of the last one has this number.
    pub fn messages(&self) -> u64 {
        self.counts.messages.load(Ordering::SeqCst)
    }

    /// Returns how many deliveries it has taken.
    pub fn delivered(&self) -> u64 {
        self.deliveries.borrow().count
    }

    /// Waits until it has taken so many deliveries; returns when the last one came.
    pub async fn wait_for_deliveries(&mut self, count: u64) -> anyhow::Result<Instant> {
        let come = self.deliveries.wait_for(|now| now.count >= count).await?;
        Ok(come.at)
    }
}

/// Returns the provider's id of the message with that number.
pub fn external_id(number: u64) -> String {
    format!("wamid.{number:012}")
}

async fn serve(
    counts: Arc<Counts>,
    tell: tokio::sync::oneshot::Sender<SocketAddr>,
) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let _ = tell.send(listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let counts = Arc::clone(&counts);
        let service = service_fn(move |request| answer(Arc::clone(&counts), request));
        // A connection that breaks is the other side's affair.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(
    counts: Arc<Counts>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    // What is not read to its end would end the connection.
    let body = body.collect().await;
    let text = match (head.method, head.uri.path()) {
        (Method::GET, _) => number(),
        (_, HOOK) => {
            counts.delivered.send_modify(|delivered| {
                delivered.count += 1;
                delivered.at = Instant::now();
            });
            "{}".to_owned()
        }
        // The proxies pass on the path of the client's request, which is another than the provider's.
        _ => {
            if let Ok(body) = body {
                counts.arrivals.add(&body.to_bytes());
            }
            accepted(counts.messages.fetch_add(1, Ordering::SeqCst) + 1)
        }
    };
    let mut response = Response::new(Full::from(text));
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    Ok(response)
}

/// WhatsApp's answer to a message.
fn accepted(message: u64) -> String {
    let id = external_id(message);
    format!(
        r#"{{"messaging_product":"whatsapp","contacts":[{{"input":"5511900000001","wa_id":"5511900000001"}}],"messages":[{{"id":"{id}"}}]}}"#
    )
}

/// WhatsApp's answer to the question for the number.
fn number() -> String {
    format!(
        r#"{{"id":"{NUMBER}","display_phone_number":"+55 11 80000-0001","verified_name":"Bench","quality_rating":"GREEN"}}"#
    )
}
