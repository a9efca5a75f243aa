//! `recado send list`: a text with a list of options.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, FromArgMatches};
use recado_core::{SendList, request};

use super::draft::{Draft, How, Texts, Who, fields, given};
use super::kind::{Column, Fills, Kind, pair};
use crate::Result;

pub(super) const HELP: &str = "Examples:
  recado send list --agent agent-123 --conversation conv-456 --body \"When may we deliver?\" --button \"Choose a time\" \\
      --section Today --row slot-14=\"14:00 to 16:00\" --description \"Three places left\" --row slot-16=\"16:00 to 18:00\" \\
      --section Tomorrow --row slot-morning=\"In the morning\"
  recado send list --json body.json --dry-run
  recado send list --direct zapi --to +5511900000001 --body Hi --button Open --row a=First

A --section begins a section, and each --row after it is a row of it; without a --section the rows stand in one section
without a title. A --description belongs to the --row before it.

With --csv the columns of the file are conversation, agent, header, body, footer, button, title, section and row1 to
row10 (as ID=TITLE), and variables of your own; docs/csv.md describes them. The same command again continues a run.

`recado send buttons --help` tells more of --async, --direct and the exit codes, which are the same here.";

#[derive(Default, clap::Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    texts: Texts,
    /// The text on the button that opens the list
    #[arg(
        long,
        value_name = "TEXT",
        required_unless_present_any = ["json", "csv"],
        conflicts_with = "json"
    )]
    button: Option<String>,
    /// The title of the opened list, which WhatsApp Cloud API does not show
    #[arg(long, value_name = "TEXT", conflicts_with = "json")]
    title: Option<String>,
    #[command(flatten)]
    rows: Rows,
    #[command(flatten)]
    how: How,
}

pub(super) const KIND: Kind = Kind {
    name: "list",
    path: |_| vec!["messages", "interactive", "send-lists"],
    read: request::read::<SendList>,
    columns: &[
        Column::text("agent", "agentId"),
        Column::text("conversation", "conversationId"),
        Column::text("header", "header_text"),
        Column::text("body", "body_text"),
        Column::text("footer", "footer_text"),
        Column::text("button", "button_text"),
        Column::text("title", "list_title"),
        Column::text("section", "section_1_title"),
        row_column("row1", "section_1_row_1_id", "section_1_row_1_title"),
        row_column("row2", "section_1_row_2_id", "section_1_row_2_title"),
        row_column("row3", "section_1_row_3_id", "section_1_row_3_title"),
        row_column("row4", "section_1_row_4_id", "section_1_row_4_title"),
        row_column("row5", "section_1_row_5_id", "section_1_row_5_title"),
        row_column("row6", "section_1_row_6_id", "section_1_row_6_title"),
        row_column("row7", "section_1_row_7_id", "section_1_row_7_title"),
        row_column("row8", "section_1_row_8_id", "section_1_row_8_title"),
        row_column("row9", "section_1_row_9_id", "section_1_row_9_title"),
        row_column("row10", "section_1_row_10_id", "section_1_row_10_title"),
    ],
};

const fn row_column(name: &'static str, id: &'static str, title: &'static str) -> Column {
    let fills = Fills::Pair { id, title };
    Column { name, fills }
}

/// The sections and rows, as the fields of a request: which row belongs to which section is told by their order, which
/// derived options do not keep.
#[derive(Default)]
struct Rows(Vec<(String, String)>);

const SECTION: &str = "section";
const ROW: &str = "row";
const DESCRIPTION: &str = "description";

impl clap::Args for Rows {
    fn augment_args(command: clap::Command) -> clap::Command {
        let option = |name: &'static str, value: &'static str, help: &'static str| {
            let option = Arg::new(name).long(name).value_name(value).help(help);
            option.action(ArgAction::Append).conflicts_with("json")
        };
        let row = option(ROW, "ID=TITLE", "A row; repeat it for up to ten")
            .value_parser(|text: &str| pair(text).map(|_| text.to_owned()));
        command
            .arg(option(SECTION, "TITLE", "Begins a section with this title"))
            .arg(row.required_unless_present_any(["json", "csv"]))
            .arg(option(
                DESCRIPTION,
                "TEXT",
                "The small line below the row before it",
            ))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Rows {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        let mut given = Vec::new();
        for option in [SECTION, ROW, DESCRIPTION] {
            let places = matches.indices_of(option).into_iter().flatten();
            let values = matches.get_many::<String>(option).into_iter().flatten();
            given.extend(
                places
                    .zip(values)
                    .map(|(place, value)| (place, option, value)),
            );
        }
        given.sort_unstable();
        let (mut fields, mut section, mut row) = (Vec::new(), 0, 0);
        for (_, option, value) in given {
            match option {
                SECTION => {
                    (section, row) = (section + 1, 0);
                    fields.push((format!("section_{section}_title"), value.clone()));
                }
                ROW => {
                    (section, row) = (section.max(1), row + 1);
                    let (id, title) = pair(value).unwrap_or_default();
                    let name = format!("section_{section}_row_{row}");
                    fields.push((format!("{name}_id"), id.to_owned()));
                    fields.push((format!("{name}_title"), title.to_owned()));
                }
                _ if row == 0 => {
                    let problem = "a --description stands after the --row that it belongs to\n";
                    return Err(clap::Error::raw(ErrorKind::ArgumentConflict, problem));
                }
                _ => {
                    let name = format!("section_{section}_row_{row}_description");
                    fields.push((name, value.clone()));
                }
            }
        }
        Ok(Self(fields))
    }

    fn update_from_arg_matches(
        &mut self,
        matches: &ArgMatches,
    ) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl ListArgs {
    pub(super) fn draft(self) -> Result<Draft> {
        let mut flags = fields(self.who, self.texts);
        flags.extend(given([
            ("button_text", self.button),
            ("list_title", self.title),
        ]));
        let rows = self.rows.0.into_iter();
        flags.extend(rows.map(|(key, text)| (key, text.into())));
        self.how.draft(&KIND, flags)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: ListArgs,
    }

    fn body(options: &[&str]) -> Value {
        let required = "list --agent A --conversation C --body Hi --button Open";
        let required: Vec<_> = required.split(' ').collect();
        let command = Command::try_parse_from(required.iter().chain(options));
        let draft = command.expect("options").args.draft().expect("a draft");
        Value::Object(draft.body)
    }

    #[test]
    fn rows_belong_to_the_section_before_them_and_descriptions_to_the_row() {
        let options = [
            "--section",
            "Today",
            "--row",
            "a=First",
            "--row",
            "b=x=1",
            "--description",
            "second",
            "--section",
            "Tomorrow",
            "--row",
            "c=Third",
        ];
        assert_eq!(
            body(&options),
            json!({
                "agentId": "A", "conversationId": "C", "body_text": "Hi", "button_text": "Open",
                "section_1_title": "Today",
                "section_1_row_1_id": "a", "section_1_row_1_title": "First",
                "section_1_row_2_id": "b", "section_1_row_2_title": "x=1",
                "section_1_row_2_description": "second", "section_2_title": "Tomorrow",
                "section_2_row_1_id": "c", "section_2_row_1_title": "Third",
            })
        );
    }

    #[test]
    fn rows_without_a_section_stand_in_one_without_a_title() {
        assert_eq!(
            body(&["--row", "a=First", "--row", "b=Second"]),
            json!({
                "agentId": "A", "conversationId": "C", "body_text": "Hi", "button_text": "Open",
                "section_1_row_1_id": "a", "section_1_row_1_title": "First",
                "section_1_row_2_id": "b", "section_1_row_2_title": "Second",
            })
        );
    }

    #[rstest]
    #[case::half_a_row("--row First", "write ID=TITLE")]
    #[case::a_description_first("--description d --row a=A", "after the --row")]
    #[case::a_description_of_no_row(
        "--row a=A --section S --description d --row b=B",
        "after the --row"
    )]
    fn what_belongs_to_no_row_is_refused(#[case] options: &str, #[case] problem: &str) {
        let required = "list --agent A --conversation C --body Hi --button Open ";
        let line = format!("{required}{options}");
        let refused = Command::try_parse_from(line.split(' ')).err();
        let refused = refused.expect("a wrong line").to_string();
        assert!(refused.contains(problem), "{refused}");
    }
}
