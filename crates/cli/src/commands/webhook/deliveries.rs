//! What was delivered to a webhook endpoint, and what was not.

use clap::builder::PossibleValuesParser;

use super::endpoint::ROOT;
use crate::api::client::{Answer, Client};
use crate::commands::resource::ListArgs;
use crate::failure::Failure;
use crate::render::output::{Columns, Output, View};

const DELIVERIES: Columns = &[
    ("ID", "/id"),
    ("EVENT", "/eventId"),
    ("STATUS", "/status"),
    ("TRIES", "/attemptCount"),
    ("ERROR", "/lastError"),
    ("NEXT", "/nextAttemptAt"),
];

const DELIVERY: Columns = &[
    ("ID", "/id"),
    ("EVENT", "/eventId"),
    ("STATUS", "/status"),
    ("ATTEMPTS", "/attemptCount"),
    ("NEXT", "/nextAttemptAt"),
    ("CREATED", "/createdAt"),
    ("FINISHED", "/finishedAt"),
];
const ATTEMPTS: Columns = &[
    ("AT", "/at"),
    ("ANSWER", "/status"),
    ("MS", "/durationMs"),
    ("ERROR", "/error"),
];

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
    pub(super) async fn run(self, client: &Client) -> Result<Output, Failure> {
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
