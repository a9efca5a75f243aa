//! The sandbox as a process of its own, spoken to over its control API.

use std::net::SocketAddr;
use std::process::Stdio;

use anyhow::Context as _;
use recado_sandbox::{Urls, base_urls};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

use super::command;
use crate::client::Client;
use crate::soon::soon;

/// A running `recado sandbox`; ends with the value.
pub struct SandboxProcess {
    pub urls: Urls,
    control: Client,
    _process: Child,
}

impl SandboxProcess {
    /// Starts it on a free port and waits until it listens.
    pub async fn start() -> anyhow::Result<Self> {
        let mut command = command("recado")?;
        command
            .args(["--output", "json", "sandbox", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let output = process.stdout.take().context("standard output is piped")?;
        let mut lines = BufReader::new(output).lines();
        let line = soon("the sandbox starts", lines.next_line()).await?;
        let line = line.context("the sandbox says where it listens")?;
        let said: Value = serde_json::from_str(&line)?;
        let address: SocketAddr = serde_json::from_value(said["listen"].clone())?;
        Ok(Self {
            urls: base_urls(address),
            control: Client::new(&format!("http://{address}/_sandbox"), ""),
            _process: process,
        })
    }

    /// Tells the provider of that name where its webhooks go, and how they are proved.
    pub async fn connect(&self, webhook: Value) {
        self.control.create("/webhooks", webhook).await;
    }

    /// The customer who has the message taps the button of that id.
    pub async fn tap(&self, message_id: &str, button: &str) {
        let tap = serde_json::json!({"messageId": message_id, "button": button});
        self.control.create("/phone/tap", tap).await;
    }
}
