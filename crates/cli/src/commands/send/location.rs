//! `recado send location`: a place on the map.

use recado_core::{SendLocation, request};

use super::draft::{Draft, How, Who, given};
use super::kind::{Column, Kind};
use crate::Result;

pub(super) const HELP: &str = "Examples:
  recado send location --agent agent-123 --conversation conv-456 --latitude -23.5614 --longitude -46.6559 \\
      --name \"Our shop\" --address \"Avenida Paulista, 1578\"
  recado send location --json body.json --dry-run
  recado send location --direct zapi --to +5511900000001 --latitude -23.5614 --longitude -46.6559 \\
      --name \"Our shop\" --address \"Avenida Paulista, 1578\"

With --csv the columns of the file are conversation, agent, latitude, longitude, name and address, and variables of your
own; docs/csv.md describes them. The same command again continues a run.

`recado send buttons --help` tells more of --async, --direct and the exit codes, which are the same here.";

#[derive(Default, clap::Args)]
pub(crate) struct LocationArgs {
    #[command(flatten)]
    who: Who,
    /// Degrees north of the equator, from -90 to 90
    #[arg(
        long,
        value_name = "DEGREES",
        allow_hyphen_values = true,
        required_unless_present_any = ["json", "csv"],
        conflicts_with = "json"
    )]
    latitude: Option<String>,
    /// Degrees east of Greenwich, from -180 to 180
    #[arg(
        long,
        value_name = "DEGREES",
        allow_hyphen_values = true,
        required_unless_present_any = ["json", "csv"],
        conflicts_with = "json"
    )]
    longitude: Option<String>,
    /// The name of the place
    #[arg(long, value_name = "TEXT", required_unless_present_any = ["json", "csv"], conflicts_with = "json")]
    name: Option<String>,
    /// The address of the place
    #[arg(long, value_name = "TEXT", required_unless_present_any = ["json", "csv"], conflicts_with = "json")]
    address: Option<String>,
    #[command(flatten)]
    how: How,
}

pub(super) const KIND: Kind = Kind {
    name: "location",
    path: |_| vec!["messages", "interactive", "send-location"],
    read: request::read::<SendLocation>,
    columns: &[
        Column::text("agent", "agentId"),
        Column::text("conversation", "conversationId"),
        Column::text("latitude", "latitude"),
        Column::text("longitude", "longitude"),
        Column::text("name", "name"),
        Column::text("address", "address"),
    ],
};

impl LocationArgs {
    pub(super) fn draft(self) -> Result<Draft> {
        let fields = given([
            ("agentId", self.who.agent),
            ("conversationId", self.who.conversation.id),
            ("latitude", self.latitude),
            ("longitude", self.longitude),
            ("name", self.name),
            ("address", self.address),
        ]);
        self.how.draft(&KIND, fields)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: LocationArgs,
    }

    #[test]
    fn a_coordinate_may_be_negative() {
        let options = "location --agent A --conversation C --latitude -23.5 --longitude -46 --name N --address S";
        let command = Command::try_parse_from(options.split(' ')).expect("options");
        let draft = command.args.draft().expect("a draft");
        assert_eq!(
            Value::Object(draft.body),
            json!({"agentId": "A", "conversationId": "C", "latitude": "-23.5", "longitude": "-46", "name": "N", "address": "S"})
        );
    }
}
