//! Which part of a list is wanted.

/// Options of every `list`.
#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// How many at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
    limit: Option<u8>,
    /// Begin behind this cursor, the `nextCursor` of the part before
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

impl ListArgs {
    pub(crate) fn query(self) -> Vec<(&'static str, String)> {
        let limit = self.limit.map(|limit| ("limit", limit.to_string()));
        let after = self.after.map(|cursor| ("cursor", cursor));
        limit.into_iter().chain(after).collect()
    }
}
