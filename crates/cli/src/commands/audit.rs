//! `recado audit`: who did what, when and from which address.

use super::resource::{self, ListArgs};
use crate::api::client::Client;
use crate::failure::Failure;
use crate::render::output::{Columns, Output};

const COLUMNS: Columns = &[
    ("AT", "/at"),
    ("ACTION", "/action"),
    ("BY", "/actor/kind"),
    ("ID", "/actor/id"),
    ("TARGET", "/targetId"),
    ("FROM", "/address"),
    ("DETAIL", "/detail"),
];

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    list: ListArgs,
}

pub(crate) async fn run(args: Args, client: &Client) -> Result<Output, Failure> {
    resource::list(client, &["audit"], args.list, COLUMNS).await
}
