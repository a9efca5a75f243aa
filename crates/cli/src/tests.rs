//! Servers for the tests of this crate, over real HTTP on this machine.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::Request, response::Response, routing::any};
use tokio::net::TcpListener;

use crate::{Client, api::address::parse_server};

/// Serves, and returns the address.
pub(crate) async fn serve(router: Router) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    url
}

/// Returns an address at which no server listens.
pub(crate) async fn closed() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

pub(crate) fn client(url: &str) -> Client {
    Client::new(parse_server(url).unwrap(), &"k-s3cret".into()).unwrap()
}

/// Returns the client of a server with these answers, one for each request, and the requests: path and last event.
pub(crate) async fn scripted(answers: Vec<Response>) -> (Client, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (seen, answers) = (asked.clone(), Mutex::new(answers.into_iter()));
    let answers = Arc::new(answers);
    let answer = move |request: Request| async move {
        let id = request.headers().get("last-event-id");
        let id = id.map_or("-", |id| id.to_str().unwrap());
        let line = format!("{} {id}", request.uri());
        seen.lock().unwrap().push(line);
        answers.lock().unwrap().next().unwrap()
    };
    let url = serve(Router::new().fallback(any(answer))).await;
    (client(&url), asked)
}
