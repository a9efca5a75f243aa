//! Statements over a list, which is one parameter in JSON: the databases unpack it with different functions.

use std::sync::OnceLock;

use sqlx::AssertSqlSafe;

use crate::db::DatabaseKind;
use crate::db::query::Query;

/// The organization in `$1`, as a column of the list that is unpacked: joined by it, both databases
/// begin with the list. With `$1` alone, SQLite would go through everything that the organization has.
const OWNER: &str = "case when value is not null then $1 end";

/// A statement over a list. Its text is completed once, because every send and every webhook runs some.
pub(crate) struct OverList {
    text: &'static str,
    columns: &'static str,
    complete: [OnceLock<String>; 2],
}

impl OverList {
    /// Begins with a text that has `{list}` for the list in `$2`, whose elements are called `value`, `{owner}` for its
    /// organization, or `{ids}` for the ids in the list `$1`.
    pub(crate) const fn new(text: &'static str) -> Self {
        Self::of(text, "")
    }

    /// The same with `{columns}` for these columns.
    pub(crate) const fn of(text: &'static str, columns: &'static str) -> Self {
        Self {
            text,
            columns,
            complete: [const { OnceLock::new() }; 2],
        }
    }
}

pub(crate) fn over_list(kind: DatabaseKind, statement: &'static OverList) -> Query {
    let (list, ids) = match kind {
        DatabaseKind::Sqlite => ("json_each($2)", "select value from json_each($1)"),
        DatabaseKind::Postgres => (
            "jsonb_array_elements($2::jsonb)",
            "select jsonb_array_elements_text($1::jsonb)",
        ),
    };
    let text = statement.complete[kind as usize].get_or_init(|| {
        let text = statement.text.replace("{columns}", statement.columns);
        let text = text.replace("{owner}", OWNER).replace("{list}", list);
        text.replace("{ids}", ids)
    });
    Query::new(text.as_str())
}

/// Makes a statement that selects the ids of a table, called `t`, that are in the list `$1` and meet a condition.
pub(crate) fn among_ids(kind: DatabaseKind, table: &str, condition: &str) -> Query {
    let text = match kind {
        DatabaseKind::Sqlite => format!(
            "select t.id from json_each($1) n cross join {table} t on t.id = n.value {condition}"
        ),
        DatabaseKind::Postgres => format!(
            "select t.id from {table} t {condition} \
             and t.id = any(array(select jsonb_array_elements_text($1::jsonb)))"
        ),
    };
    Query::new(AssertSqlSafe(text))
}
