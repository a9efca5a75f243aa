//! What was delivered, or was not, once more.

use clap::ArgGroup;
use serde_json::json;

use super::deliveries::with_attempts;
use super::endpoint::ROOT;
use crate::api::client::Client;
use crate::failure::Failure;
use crate::render::output::{Output, cell};
use crate::render::printer::note;

#[derive(clap::Args)]
#[command(
    group = ArgGroup::new("what").required(true).args(["delivery", "from"]),
    after_help = "Example:\n  recado webhook replay whk_1 --from 2026-11-22T12:00:00Z --to 2026-11-22T13:00:00Z"
)]
pub(crate) struct Replay {
    id: String,
    /// Replay this delivery
    #[arg(long, value_name = "DELIVERY_ID")]
    delivery: Option<String>,
    /// Replay events from this time on, such as 2026-11-22T12:00:00Z
    #[arg(long, value_name = "TIME", requires = "to")]
    from: Option<String>,
    /// Replay events before this time
    #[arg(
        long,
        value_name = "TIME",
        requires = "from",
        conflicts_with = "delivery"
    )]
    to: Option<String>,
}

impl Replay {
    pub(super) async fn run(self, client: &Client) -> Result<Output, Failure> {
        let replayed = self.replay(client).await?;
        warn_if_disabled(client, &self.id).await;
        Ok(replayed)
    }

    async fn replay(&self, client: &Client) -> Result<Output, Failure> {
        if let Some(delivery) = &self.delivery {
            let path = [ROOT, &self.id, "deliveries", delivery, "replay"];
            return Ok(with_attempts(client.act(&path).await?));
        }
        let range = json!({"from": self.from, "to": self.to});
        let answer = client.post(&[ROOT, &self.id, "replay"], &range).await?;
        let count = cell(answer.value.get("replayed"));
        let sentence = format!("{count} events wait to be delivered again");
        Ok(Output::done(answer, sentence))
    }
}

/// Warns if the endpoint is disabled, since nothing is sent to it.
async fn warn_if_disabled(client: &Client, id: &str) {
    // What was asked is done, whether or not the endpoint can be read.
    let Ok(endpoint) = client.get(&[ROOT, id], &[]).await else {
        return;
    };
    if endpoint.value["disabledAt"].is_string() {
        note(&format!(
            "the endpoint is disabled: nothing goes out before `recado webhook update {id} --enable`"
        ));
    }
}
