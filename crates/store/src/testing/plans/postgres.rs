//! Plans of PostgreSQL, which depend on how much it believes to be in a table.

use std::collections::BTreeSet;

use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use crate::db::postgres::PLANNING;

/// Partial indexes that hold only what is in flight at this moment.
pub(super) const SMALL_INDEXES: [&str; 3] = [
    "messages_sending",
    "webhook_calls_claimed",
    "deliveries_claimed",
];

/// What an organization has only few of.
const FEW: &str = " on webhook_endpoints";

/// What begins the source of a list that PostgreSQL unpacks: each row of it is looked up.
const UNPACKED: &str = "jsonb_array_elements(";

/// Fills the tables: PostgreSQL plans by their sizes, and reads a small one whole.
///
/// No delivery is pending, as if PostgreSQL had counted them before many came: a statement must not read
/// all that are pending because there were few.
pub(super) async fn fill(
    tables: &BTreeSet<String>,
    connection: &mut AnyConnection,
) -> Result<(), sqlx::Error> {
    let mut text = "set session_replication_role = replica; ".to_owned();
    for table in tables {
        // Columns are text, bigint and bytea alone.
        let columns = format!(
            "select string_agg(column_name, ', ' order by ordinal_position) || ') select ' || \
             string_agg(case when is_nullable = 'YES' then 'case when g % 2 = 0 then ' else '' end || \
             case when column_name = 'organization_id' then '''org_'' || g % 10' \
             when data_type = 'bigint' then 'g' \
             when data_type = 'bytea' then 'decode(md5(g::text), ''hex'')' \
             when column_name = 'status' then \
             '(array[''sending'', ''unknown'', ''delivered''])[g % 3 + 1]' \
             when column_name in ('agent_id', 'channel_id', 'conversation_id', 'endpoint_id', 'lane') \
             then '''x'' || g % 50' else '''x'' || g' end || \
             case when is_nullable = 'YES' then ' end' else '' end, \
             ', ' order by ordinal_position) from information_schema.columns \
             where table_schema = 'public' and table_name = '{table}'"
        );
        let columns = rows(columns, 0, connection).await?.concat();
        let insert = format!(
            "insert into {table} ({columns} from generate_series(1, 1000) g \
             on conflict do nothing; analyze {table}; "
        );
        text.push_str(&insert);
    }
    // An empty partition is planned as one that was just made: rows are expected in it.
    text.push_str(
        "update pg_class set reltuples = -1 where reltuples = 0 and relispartition and relkind = 'r'; ",
    );
    // As if there were thousands of times as many.
    text.push_str(
        "update pg_class set reltuples = reltuples * 5000 \
         where relnamespace = 'public'::regnamespace",
    );
    sqlx::raw_sql(AssertSqlSafe(text))
        .execute(connection)
        .await
        .map(drop)
}

/// Returns the plan of a statement if it reads a whole table, or all that an organization has.
pub(super) async fn check(
    statement: &str,
    tables: &BTreeSet<String>,
    connection: &mut AnyConnection,
) -> Result<Option<String>, sqlx::Error> {
    let statement = &renumbered(statement);
    let parameters = (1..).take_while(|number| statement.contains(&format!("${number}")));
    let nulls = vec!["null"; parameters.count()].join(", ");
    let arguments = if nulls.is_empty() {
        nulls
    } else {
        format!("({nulls})")
    };
    if statement.contains(UNPACKED)
        && let Some(plan) = without_statistics(statement, &arguments, tables, connection).await?
    {
        return Ok(Some(plan));
    }
    let text = format!(
        "{PLANNING}; set plan_cache_mode = force_generic_plan; deallocate all; prepare plan as {statement}"
    );
    sqlx::raw_sql(AssertSqlSafe(text))
        .execute(&mut *connection)
        .await?;
    let text = format!("explain (costs off) execute plan {arguments}");
    let plan = explained(text, connection).await?;
    let wrong = plan.iter().enumerate().any(|(line, step)| {
        let step = step.trim_start().trim_start_matches("->").trim_start();
        let words: Vec<_> = step.split(' ').collect();
        let after = |word: &str| words.iter().skip_while(|given| **given != word).nth(1);
        if step.starts_with("Seq Scan") {
            return after("on").is_some_and(|table| tables.contains(*table));
        }
        let (index, of_small_table) = match words[..] {
            ["Index", "Scan" | "Only", ..] => (
                after("using"),
                after("on").is_some_and(|table| !tables.contains(*table)),
            ),
            ["Bitmap", "Index", ..] => (after("on"), false),
            _ => return false,
        };
        let is_searched = plan[line + 1..]
            .iter()
            .take_while(|step| !step.trim_start().starts_with("->"))
            .any(|step| step.contains("Index Cond:"));
        !is_searched && !of_small_table && !index.is_some_and(|index| SMALL_INDEXES.contains(index))
    });
    Ok(wrong.then(|| plan.join("\n    ")))
}

/// Returns a statement of a function, which may leave out some of its parameters, as one that numbers all it has.
fn renumbered(statement: &str) -> String {
    let parameters = (1..10).map(|number| format!("${number}"));
    let parameters = parameters.filter(|parameter| statement.contains(parameter));
    let numbered = (1..).zip(parameters);
    numbered.fold(statement.to_owned(), |text, (number, parameter)| {
        text.replace(&parameter, &format!("${number}"))
    })
}

/// Returns the plan of a statement over a list if it reads all rows of the organization. PostgreSQL prefers that
/// for a table that it has not counted yet, and thousands of rows come before it counts again.
async fn without_statistics(
    statement: &str,
    arguments: &str,
    tables: &BTreeSet<String>,
    connection: &mut AnyConnection,
) -> Result<Option<String>, sqlx::Error> {
    let text = format!(
        "begin; delete from pg_statistic where starelid in \
         (select oid from pg_class where relnamespace = 'public'::regnamespace); \
         update pg_class set reltuples = reltuples / 200 \
         where relnamespace = 'public'::regnamespace; \
         {PLANNING}; set plan_cache_mode = force_generic_plan; deallocate all; prepare plan as {statement}"
    );
    let explaining = async {
        sqlx::raw_sql(AssertSqlSafe(text))
            .execute(&mut *connection)
            .await?;
        let text = format!("explain (costs off) execute plan {arguments}");
        explained(text, &mut *connection).await
    };
    let explained = explaining.await;
    // Also after an error: otherwise each later statement would fail, and hide this one.
    sqlx::raw_sql("rollback").execute(connection).await?;
    let plan = explained?;
    let of_table = |step: &str| {
        tables
            .iter()
            .any(|table| step.contains(&format!(" on {table}")))
    };
    let wrong = plan.windows(3).any(|steps| {
        let all = steps[2].trim() == "Index Cond: (organization_id = $1)";
        let few = steps[0].trim_start().starts_with("->  Limit") || steps[1].contains(FEW);
        all && !few && (of_table(&steps[1]) || steps[1].contains("Bitmap Index Scan"))
    });
    Ok(wrong.then(|| plan.join("\n    ")))
}

/// Returns a plan in which partitions and their indexes have the names of their tables.
async fn explained(
    text: String,
    connection: &mut AnyConnection,
) -> Result<Vec<String>, sqlx::Error> {
    let plan = rows(text, 0, connection).await?;
    let text = "select inhrelid::regclass::text || ' ' || inhparent::regclass from pg_inherits";
    let partitions = rows(text.to_owned(), 0, connection).await?;
    let named = |mut step: String| {
        for (partition, table) in partitions.iter().filter_map(|pair| pair.split_once(' ')) {
            let whole = |text: &str| format!(" {text} ");
            step = format!("{step} ").replace(&whole(partition), &whole(table));
        }
        step.trim_end().to_owned()
    };
    Ok(plan.into_iter().map(named).collect())
}

/// Runs a statement; returns one column of its rows.
pub(super) async fn rows(
    text: String,
    column: usize,
    connection: &mut AnyConnection,
) -> Result<Vec<String>, sqlx::Error> {
    let rows = sqlx::raw_sql(AssertSqlSafe(text))
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| row.try_get(column)).collect()
}
