//! `recado audit`: who did what, when and from which address.

pub(crate) use super::resource::ListArgs as Args;

use super::resource;
use crate::{Client, Columns, Output, Result};

const COLUMNS: Columns = "\
    AT /at, ACTION /action, BY /actor/kind, ID /actor/id, TARGET /targetId, FROM /address, \
    DETAIL /detail";

pub(crate) async fn run(args: Args, client: &Client) -> Result<Output> {
    resource::list(client, &["audit"], args, COLUMNS).await
}
