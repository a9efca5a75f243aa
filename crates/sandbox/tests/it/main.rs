//! The simulators over real HTTP, as their clients meet them.

mod callers;
mod control;
mod cta_url;
mod faults;
mod list;
mod location;
mod text;
mod webhooks;
mod whatsapp;
mod whatsapp_limits;
mod wuzapi;
mod zapi;
mod zapperhub;

use std::ops::Deref;
use std::panic::Location;
use std::time::Duration;

use recado_sandbox::{Provider, Sandbox, Settings};
use reqwest::{Body, Client, Method, Request, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};

/// A header, or none.
type Credential<'a> = Option<(&'a str, &'a str)>;

/// The header with the credential of the account that works.
fn credential(provider: Provider) -> (&'static str, &'static str) {
    match provider {
        Provider::Whatsapp => ("authorization", "Bearer T-WORKING"),
        Provider::Zapi => ("client-token", "CLIENT-TOKEN-01"),
        Provider::Zapperhub => ("x-api-key", "API-KEY-01"),
        Provider::Wuzapi => ("token", "WUZAPI-TOKEN-01"),
    }
}

/// A sandbox that serves on a free port for the length of a test.
struct Server {
    sandbox: Sandbox,
    root: String,
    client: Client,
}

impl Deref for Server {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl Server {
    async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// A server whose switches differ.
    async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let sandbox = Sandbox::new();
        sandbox.change_settings(change);
        let urls = sandbox.serve_on_free_port().await.expect("a free port");
        let root = urls.of(Provider::Zapi).trim_end_matches("/zapi").to_owned();
        Self {
            sandbox,
            root,
            client: Client::new(),
        }
    }

    /// A request with a JSON body, or without one if it is null.
    fn request(
        &self,
        method: Method,
        path: &str,
        credential: Credential<'_>,
        body: &Value,
    ) -> RequestBuilder {
        let mut request = self.client.request(method, format!("{}{path}", self.root));
        if let Some((name, value)) = credential {
            request = request.header(name, value);
        }
        if body.is_null() {
            return request;
        }
        request
            .header("content-type", "application/json")
            .body(body.to_string())
    }

    fn call(
        &self,
        method: Method,
        path: &str,
        credential: Credential<'_>,
        body: &Value,
    ) -> impl Future<Output = Reply> + use<> {
        Reply::of(self.request(method, path, credential, body))
    }

    /// A call such as `GET status`, below the routes of the account that works and with its credential.
    async fn ask(&self, provider: Provider, call: &str, body: &Value) -> Reply {
        Reply::of(self.asking(provider, call, body)).await
    }

    fn asking(&self, provider: Provider, call: &str, body: &Value) -> RequestBuilder {
        let (method, path) = call.split_once(' ').expect("a method and a path");
        let base = match provider {
            Provider::Whatsapp => "/whatsapp/v25.0",
            Provider::Zapi => "/zapi/instances/INST-01/token/TOKEN-01",
            Provider::Zapperhub => "/zapperhub/inst_5f2c",
            Provider::Wuzapi => "/wuzapi",
        };
        let method = method.parse().expect("a method");
        let path = format!("{base}/{path}");
        self.request(method, &path, Some(credential(provider)), body)
    }

    async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None, &Value::Null).await
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::POST, path, None, body).await
    }

    async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, None, &Value::Null).await
    }

    /// Waits until no webhook is on its way.
    #[track_caller]
    fn settled(&self) -> impl Future<Output = ()> {
        let caller = Location::caller();
        async move {
            let settled = self.sandbox.settled();
            let settled = tokio::time::timeout(Duration::from_mins(1), settled).await;
            assert!(settled.is_ok(), "{caller}: webhooks are still on their way");
        }
    }

    /// Asserts a part of the first message that a phone shows.
    #[track_caller]
    fn shows(&self, part: &Value) {
        let shown = self.phone_messages();
        assert_has(&json!(shown.first().expect("a message")), part);
    }

    #[track_caller]
    fn shows_nothing(&self) {
        assert_eq!(self.phone_messages(), []);
    }
}

/// An answer, read to its end.
#[derive(Debug)]
struct Reply {
    /// The request, for the failures.
    asked: String,
    status: u16,
    headers: HeaderMap,
    text: String,
    json: Value,
}

impl Reply {
    async fn of(request: RequestBuilder) -> Self {
        Self::try_of(request).await.expect("an answer")
    }

    async fn try_of(request: RequestBuilder) -> reqwest::Result<Self> {
        let (client, request) = request.build_split();
        let request = request?;
        let asked = asked(&request);
        let response = client.execute(request).await?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await?;
        Ok(Self {
            asked,
            status,
            headers,
            json: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        })
    }

    /// Has the name of its row in the failures.
    fn named(self, row: &str) -> Self {
        let asked = format!("{row}: {}", self.asked);
        Self { asked, ..self }
    }

    /// Asserts the whole answer.
    #[track_caller]
    fn is(&self, status: u16, json: &Value) {
        let Self { asked, .. } = self;
        assert_eq!((self.status, &self.json), (status, json), "{asked}");
    }

    /// Asserts the status and a part of the answer.
    #[track_caller]
    fn has(&self, status: u16, part: &Value) {
        let Self { asked, text, .. } = self;
        assert_eq!(self.status, status, "{asked}: {text}");
        assert_part(asked, &self.json, part);
    }
}

/// A request as the failures name it.
fn asked(request: &Request) -> String {
    let body = request.body().and_then(Body::as_bytes);
    let body = String::from_utf8_lossy(body.unwrap_or_default());
    format!("{} {} {body}", request.method(), request.url())
}

/// Returns the rows of a table: one on a line, with ` | ` between the cells.
fn rows<const N: usize>(table: &str) -> impl Iterator<Item = [&str; N]> {
    table.trim().lines().map(|line| {
        let cells: Vec<_> = line.split(" | ").collect();
        cells.try_into().expect("a cell for each column")
    })
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).expect(json)
}

/// Asserts that the members of `part` are in `whole`; whatever is not an object has to be equal.
///
/// A member of `part` that is null has to be absent.
#[track_caller]
fn assert_has(whole: &Value, part: &Value) {
    assert_part("a value", whole, part);
}

/// Asserts what [`assert_has`] asserts; a failure says of what.
#[track_caller]
fn assert_part(what: &str, whole: &Value, part: &Value) {
    let Value::Object(members) = part else {
        assert_eq!(whole, part, "{what}");
        return;
    };
    for (key, part) in members {
        match whole.get(key) {
            None if part.is_null() => {}
            Some(member) if part.is_null() => panic!("{what}: {key} is there: {member}"),
            member => assert_part(what, member.unwrap_or(&Value::Null), part),
        }
    }
}
