//! The options of `recado send … --csv FILE`.

/// Requests under way at once, if the command does not say how many.
const CONCURRENCY: u16 = 4;

#[derive(Default, clap::Args)]
pub(crate) struct CsvArgs {
    /// Send a message for each row of this file. The options are the default for all rows, and a text may contain {{column}}; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "idempotency_key"])]
    csv: Option<String>,
    /// File that keeps the result of each row, so that the same command continues a run [default: FILE.result.csv]
    #[arg(long, value_name = "FILE", requires = "csv", conflicts_with = "json")]
    result: Option<String>,
    /// How many messages are sent at once, each in a conversation of its own [default: 4]
    #[arg(long, value_name = "N", requires = "csv", conflicts_with = "json", value_parser = clap::value_parser!(u16).range(1..=64))]
    concurrency: Option<u16>,
    /// Send the other rows if some are wrong
    #[arg(long, requires = "csv", conflicts_with = "json")]
    pub(super) skip_invalid: bool,
    /// Send rows that say the same in the same conversation
    #[arg(long, requires = "csv", conflicts_with = "json")]
    pub(super) allow_duplicates: bool,
}

impl CsvArgs {
    pub(crate) fn file(&self) -> Option<&str> {
        self.csv.as_deref()
    }

    /// Returns the path of the result file; `None` for standard input, which has no name.
    pub(super) fn result(&self) -> Option<String> {
        let file = self.file().filter(|file| *file != "-");
        let beside = file.map(|file| format!("{file}.result.csv"));
        self.result.clone().or(beside)
    }

    pub(super) fn concurrency(&self) -> usize {
        self.concurrency.unwrap_or(CONCURRENCY).into()
    }
}
