//! The receiver of webhooks as a process of its own (`src/bin/receiver.rs`), and what it got.

use std::process::Stdio;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin};
use tokio::sync::mpsc;

use super::command;
use crate::soon::soon;

/// A running receiver; ends with the value.
pub struct ReceiverProcess {
    /// For an endpoint.
    pub url: String,
    input: ChildStdin,
    lines: mpsc::UnboundedReceiver<Value>,
    process: Child,
}

impl ReceiverProcess {
    /// Starts it on a free port; it answers as soon as it is [trusted with a secret](Self::trust).
    pub async fn start() -> anyhow::Result<Self> {
        let mut command = command("receiver")?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let input = process.stdin.take().context("standard input is piped")?;
        let output = process.stdout.take().context("standard output is piped")?;
        let mut output = BufReader::new(output).lines();
        // Read all the time: a full pipe would hold the receiver up.
        let (tell, mut lines) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok(Some(line)) = output.next_line().await {
                // Anything but JSON is an end.
                let Ok(call) = serde_json::from_str(&line) else {
                    return;
                };
                tell.send(call).ok();
            }
        });
        let first = soon("the receiver starts", lines.recv()).await;
        let first: Value = first.context("the receiver says where it listens")?;
        let url = first["url"].as_str().context("a URL")?.to_owned();
        Ok(Self {
            url,
            input,
            lines,
            process,
        })
    }

    /// Gives it the secret that its endpoint signs with.
    pub async fn trust(&mut self, secret: &str) -> anyhow::Result<()> {
        self.input
            .write_all(format!("{secret}\n").as_bytes())
            .await?;
        Ok(self.input.flush().await?)
    }

    /// The next call that it got.
    pub async fn next(&mut self) -> Value {
        let call = soon("a call to the receiver", self.lines.recv()).await;
        call.expect("a running receiver")
    }

    /// Returns the calls that have come since the last one was read.
    pub fn arrived(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.lines.try_recv().ok()).collect()
    }

    /// Ends it, and returns the calls that were not read.
    pub async fn end(mut self) -> anyhow::Result<Vec<Value>> {
        drop(self.input);
        let mut calls = Vec::new();
        while let Some(call) = soon("the receiver ends", self.lines.recv()).await {
            calls.push(call);
        }
        let status = soon("the receiver ends", self.process.wait()).await?;
        ensure!(status.success(), "the receiver ended with {status}");
        Ok(calls)
    }
}
