//! Calls that a test makes for their effect: each expects the answer of a success, and returns its body.

use std::panic::Location;

use serde_json::Value;

use crate::{Answer, Client};

impl Client {
    /// Gets, and expects 200.
    #[track_caller]
    pub fn read(&self, path: &str) -> impl Future<Output = Value> {
        expect(self.get(path), 200)
    }

    /// Posts, and expects 201.
    #[track_caller]
    pub fn create(&self, path: &str, body: Value) -> impl Future<Output = Value> {
        expect(self.post(path, body), 201)
    }

    /// Posts what creates nothing, and expects 200.
    #[track_caller]
    pub fn act(&self, path: &str, body: Value) -> impl Future<Output = Value> {
        expect(self.post(path, body), 200)
    }

    /// Patches, and expects 200.
    #[track_caller]
    pub fn change(&self, path: &str, body: Value) -> impl Future<Output = Value> {
        expect(self.patch(path, body), 200)
    }

    /// Deletes, and expects 204.
    #[track_caller]
    pub fn remove(&self, path: &str) -> impl Future<Output = Value> {
        expect(self.delete(path), 204)
    }

    /// Sends reply buttons, and expects 200.
    #[track_caller]
    pub fn accepted(&self, body: Value) -> impl Future<Output = Value> {
        expect(self.send(body), 200)
    }
}

/// Returns the body of an answer; a failure names the line that made the call, which an `async fn` could not.
#[track_caller]
fn expect(call: impl Future<Output = Answer>, status: u16) -> impl Future<Output = Value> {
    let caller = Location::caller();
    async move {
        let answer = call.await;
        assert_eq!(answer.status.as_u16(), status, "{caller}: {}", answer.text);
        answer.body
    }
}

impl Answer {
    /// Expects the error with that status and that reason.
    #[track_caller]
    pub fn refused(&self, status: u16, reason: &str) {
        let Self { url, text, .. } = self;
        assert_eq!(self.error(), (status, reason.to_owned()), "{url}: {text}");
    }

    /// Expects that text somewhere in the body.
    #[track_caller]
    pub fn says(&self, part: &str) {
        assert!(self.text.contains(part), "{}: {}", self.url, self.text);
    }
}
