//! Following events, over connections that may be lost.

use std::{io, io::IsTerminal as _, time::Duration};

use reqwest::Response;
use serde_json::Value;

use crate::api::sse::{Parser, TooLarge};
use crate::render::{event_line::line, instant::time};
use crate::{Client, Failure, Printer, Result, api::exchange::cause, note, render::terminal};

const WAITS: &str = "waiting for events; Ctrl-C ends it";
const PATH: [&str; 2] = ["events", "stream"];
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// Prints events until Ctrl-C, or until the reader closes the pipe.
pub(super) async fn run(
    client: &Client,
    query: Vec<(&'static str, String)>,
    printer: Printer,
) -> Result<()> {
    let mut tail = Tail {
        client,
        query,
        last_event_id: None,
        print: |event: &str| print(printer, event),
        note,
        is_watched: io::stderr().is_terminal(),
    };
    tokio::select! {
        ended = tail.follow() => ended,
        () = terminal::interrupted() => Ok(()),
    }
}

fn print(printer: Printer, event: &str) -> io::Result<()> {
    // A line break in JSON stands between its tokens, where a blank does as well.
    let json = event.replace('\n', " ");
    printer.line(&json, |columns, style| {
        let event: Value = serde_json::from_str(event).unwrap_or_default();
        line(&event, time, columns, style)
    })
}

struct Tail<'a, P, N> {
    client: &'a Client,
    query: Vec<(&'static str, String)>,
    /// The event after which the next connection begins.
    last_event_id: Option<String>,
    print: P,
    note: N,
    /// Whether a person sees the notes, and may wonder why nothing comes.
    is_watched: bool,
}

enum End {
    Lost(String),
    /// As `recado events tail | head` does.
    ReaderClosed,
}

impl<P, N> Tail<'_, P, N>
where
    P: FnMut(&str) -> io::Result<()>,
    N: FnMut(&str),
{
    async fn follow(&mut self) -> Result<()> {
        // The first time, what goes wrong is the user's to mend.
        let mut response = self.open().await?;
        if self.is_watched {
            (self.note)(WAITS);
        }
        loop {
            match self.read(response).await? {
                End::ReaderClosed => return Ok(()),
                End::Lost(reason) => response = self.reopen(&reason).await?,
            }
        }
    }

    async fn open(&self) -> Result<Response> {
        let last = self.last_event_id.as_deref();
        self.client.stream(&PATH, &self.query, last).await
    }

    async fn reopen(&mut self, reason: &str) -> Result<Response> {
        (self.note)(&format!("the connection was lost ({reason}); trying again"));
        let mut pause = FIRST_PAUSE;
        loop {
            tokio::time::sleep(pause).await;
            match self.open().await {
                Err(failure) if failure.may_pass() => pause = LONGEST_PAUSE.min(pause * 2),
                opened => {
                    let response = opened?;
                    (self.note)("connected again");
                    return Ok(response);
                }
            }
        }
    }

    async fn read(&mut self, mut response: Response) -> Result<End> {
        let mut parser = Parser::default();
        loop {
            let piece = match response.chunk().await {
                Ok(Some(piece)) => piece,
                Ok(None) => return Ok(End::Lost("the server ended it".to_owned())),
                Err(error) => return Ok(End::Lost(cause(&error))),
            };
            let events = parser.push(&piece).map_err(|TooLarge| {
                Failure::Own("an event in the stream is larger than 1 MiB".to_owned())
            })?;
            for event in &events {
                match (self.print)(event) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                        return Ok(End::ReaderClosed);
                    }
                    Err(error) => {
                        return Err(Failure::Own(format!(
                            "cannot write to standard output: {error}"
                        )));
                    }
                }
            }
            if let Some(id) = parser.last_event_id() {
                self.last_event_id = Some(id.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use axum::response::{IntoResponse as _, Response as Answer};

    use super::*;
    use crate::exit_code::ExitCode;
    use crate::tests as fake;

    fn stream(text: &'static str) -> Answer {
        ([("content-type", "text/event-stream")], text).into_response()
    }

    fn refusal(status: StatusCode, reason: &str) -> Answer {
        let body = serde_json::json!({"error": "e", "reason": reason});
        (status, body.to_string()).into_response()
    }

    /// What a reader saw of a server that gives these answers, one per connection.
    struct Seen {
        requests: Vec<String>,
        events: Vec<String>,
        notes: Vec<String>,
        ended: Result<()>,
    }

    /// Reads until `enough` events are there.
    async fn follow(answers: Vec<Answer>, enough: usize) -> Seen {
        let (client, requests) = fake::scripted(answers).await;
        let (mut events, mut notes) = (Vec::new(), Vec::new());
        let mut tail = Tail {
            client: &client,
            query: vec![("type", "a".to_owned())],
            last_event_id: None,
            print: |event: &str| {
                events.push(event.to_owned());
                if events.len() < enough {
                    Ok(())
                } else {
                    Err(io::ErrorKind::BrokenPipe.into())
                }
            },
            note: |sentence: &str| notes.push(sentence.to_owned()),
            is_watched: true,
        };
        let ended = tail.follow().await;
        let requests = requests.lock().unwrap().clone();
        Seen {
            requests,
            events,
            notes,
            ended,
        }
    }

    #[tokio::test]
    async fn a_lost_connection_is_opened_again_behind_the_last_event() {
        let seen = follow(
            vec![
                stream(": hello\n\nid: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: cut"),
                refusal(StatusCode::SERVICE_UNAVAILABLE, "shutting_down"),
                stream("id: 3\ndata: c\n\n"),
                stream("id: 4\ndata: d\n\n"),
            ],
            4,
        )
        .await;
        assert!(seen.ended.is_ok());
        assert_eq!(seen.events, ["a", "b", "c", "d"]);
        assert_eq!(
            seen.requests,
            [
                "/events/stream?type=a -",
                "/events/stream?type=a 2",
                "/events/stream?type=a 2",
                "/events/stream?type=a 3"
            ]
        );
        let lost = "the connection was lost (the server ended it); trying again";
        let again = "connected again";
        assert_eq!(seen.notes, [WAITS, lost, again, lost, again]);
    }

    #[tokio::test]
    async fn a_key_that_is_refused_ends_it_at_once_and_later() {
        let refused = || refusal(StatusCode::UNAUTHORIZED, "unauthorized");
        let at_once = follow(vec![refused()], 1).await;
        let later = follow(vec![stream("data: a\n\n"), refused()], 2).await;
        for seen in [at_once, later] {
            let failure = seen.ended.unwrap_err();
            assert_eq!(failure.exit_code(), ExitCode::Unauthorized);
        }
    }

    #[tokio::test]
    async fn what_is_no_stream_is_refused() {
        let seen = follow(vec!["{}".into_response()], 1).await;
        let failure = seen.ended.unwrap_err();
        assert_eq!(failure.exit_code(), ExitCode::OwnFault);
        assert!(failure.to_string().contains("is not a stream"), "{failure}");
    }
}
