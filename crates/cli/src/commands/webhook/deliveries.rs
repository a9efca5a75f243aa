//! Deliveries to a webhook endpoint: listing, replaying and skipping them.

use clap::{ArgGroup, builder::PossibleValuesParser};
use serde_json::json;

use super::endpoint::ROOT;
use crate::commands::resource::ListArgs;
use crate::{Answer, Client, Columns, Output, Result, View, cell, note};

const DELIVERIES: Columns = "\
    ID /id, EVENT /eventId, STATUS /status, TRIES /attemptCount, ERROR /lastError, \
    NEXT /nextAttemptAt";

const DELIVERY: Columns = "\
    ID /id, EVENT /eventId, STATUS /status, ATTEMPTS /attemptCount, NEXT /nextAttemptAt, \
    CREATED /createdAt, FINISHED /finishedAt";
const ATTEMPTS: Columns = "AT /at, ANSWER /status, MS /durationMs, ERROR /error";

const EXAMPLES: &str = "Examples:
  recado webhook deliveries whk_1 --last 20
  recado webhook deliveries whk_1 --status failed";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Deliveries {
    id: String,
    /// Only deliveries with this status
    #[arg(long, value_parser = PossibleValuesParser::new(["pending", "delivered", "failed", "not_sent"]))]
    status: Option<String>,
    /// The newest N instead of the oldest
    #[arg(long, value_name = "N", conflicts_with_all = ["limit", "after"], value_parser = clap::value_parser!(u16).range(1..=1000))]
    last: Option<u16>,
    #[command(flatten)]
    list: ListArgs,
}

impl Deliveries {
    pub(super) async fn run(self, client: &Client) -> Result<Output> {
        let path = [ROOT, &self.id, "deliveries"];
        let query = self.list.query_with([("status", self.status)]);
        let answer = match self.last {
            Some(last) => client.newest(&path, &query, last.into()).await?.into(),
            None => client.get(&path, &query).await?,
        };
        Ok(Output::list(answer, DELIVERIES))
    }
}

pub(super) fn with_attempts(answer: Answer) -> Output {
    let attempts = View::rows(&answer.value, "attempts", ATTEMPTS);
    let mut output = Output::record(answer, DELIVERY);
    output.views.push(attempts);
    output
}

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
    pub(super) async fn run(self, client: &Client) -> Result<Output> {
        let replayed = self.replay(client).await?;
        warn_if_disabled(client, &self.id).await;
        Ok(replayed)
    }

    async fn replay(&self, client: &Client) -> Result<Output> {
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
