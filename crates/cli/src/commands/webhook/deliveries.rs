//! What was delivered to a webhook endpoint, and what was not.

use clap::builder::PossibleValuesParser;

use super::ROOT;
use crate::api::client::Client;
use crate::commands::listing::{ListArgs, newest};
use crate::failure::Failure;
use crate::render::output::{Columns, Output};

const DELIVERIES: Columns = &[
    ("ID", "/id"),
    ("EVENT", "/eventId"),
    ("STATUS", "/status"),
    ("TRIES", "/attemptCount"),
    ("ERROR", "/lastError"),
    ("NEXT", "/nextAttemptAt"),
];

const EXAMPLES: &str = "Examples:
  recado webhook deliveries whk_1 --last 20
  recado webhook deliveries whk_1 --status failed";

/// Which deliveries are wanted.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Deliveries {
    id: String,
    /// Only these
    #[arg(long, value_parser = PossibleValuesParser::new(["pending", "delivered", "failed", "not_sent"]))]
    status: Option<String>,
    /// The newest N in place of the oldest
    #[arg(long, value_name = "N", conflicts_with_all = ["limit", "after"], value_parser = clap::value_parser!(u16).range(1..=1000))]
    last: Option<u16>,
    #[command(flatten)]
    list: ListArgs,
}

impl Deliveries {
    pub(super) async fn run(self, client: &Client) -> Result<Output, Failure> {
        let path = [ROOT, &self.id, "deliveries"];
        let status = self.status.map(|status| ("status", status));
        let query = self.list.query().into_iter().chain(status).collect();
        let answer = match self.last {
            Some(last) => newest(&path, query, last.into(), client).await?.into(),
            None => client.get(&path, &query).await?,
        };
        Ok(Output::list(answer, DELIVERIES))
    }
}
