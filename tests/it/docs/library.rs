//! The book of the crates says of every error whether a repeat is safe.

use recado_core::Outcome;
use recado_providers::{ErrorKind, Retry};

#[test]
fn the_table_of_errors_is_what_the_code_says() {
    let book = include_str!("../../../docs/library.md");
    for kind in ErrorKind::ALL {
        let start = format!("| `{kind:?}` |");
        let row = book.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("no row for {kind:?}"));
        let is_unknown = kind.outcome() == Outcome::Unknown;
        assert_eq!(row.contains("may be on its way"), is_unknown, "{row}");
        assert_eq!(row.contains("| not sent |"), !is_unknown, "{row}");
        let is_repeated = kind.retry() == Retry::Backoff;
        assert_eq!(row.contains("yes, after a pause"), is_repeated, "{row}");
    }
}
