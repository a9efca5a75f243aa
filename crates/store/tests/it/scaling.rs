//! What docs/scaling.md says of the tables, which decides how a database can be divided by organization.

use std::collections::BTreeSet;

use recado_store::DatabaseKind;
use recado_store::testing::TestDatabase;

const PAGE: &str = include_str!("../../../../docs/scaling.md");

/// The columns of each primary key and unique index.
const KEYS_SQLITE: &str = "select m.name as name, (select group_concat(c.name, ', ' order by c.seqno) \
     from pragma_index_info(l.name) c) as key from sqlite_master m left join pragma_index_list(m.name) l \
     on l.\"unique\" = 1 where m.type = 'table'";
const KEYS_POSTGRES: &str = "select cast(t.relname as text) as name, (select string_agg(c.attname, ', ' order by k.place) \
     from unnest(i.indkey) with ordinality k (number, place) join pg_attribute c on c.attrelid = t.oid \
     and c.attnum = k.number) as key from pg_class t left join pg_index i on i.indrelid = t.oid and i.indisunique \
     where t.relkind in ('r', 'p') and not t.relispartition and t.relnamespace = current_schema()::regnamespace";

/// The table in which migrations are recorded.
const MIGRATIONS: &str = "_sqlx_migrations";

#[tokio::test]
async fn each_key_leads_with_the_organization_or_the_page_says_why_not() {
    let database = TestDatabase::fresh().await;
    let keys = database.rows(match database.kind() {
        DatabaseKind::Sqlite => KEYS_SQLITE,
        DatabaseKind::Postgres => KEYS_POSTGRES,
    });
    let keys: BTreeSet<_> = keys.await.iter().map(|line| key(line)).collect();
    assert!(keys.len() > 20, "{keys:?}");
    let exceptions = keys.into_iter().filter(|(table, columns)| {
        table != MIGRATIONS && columns.split(", ").next() != Some("organization_id")
    });
    assert_eq!(exceptions.collect::<BTreeSet<_>>(), described());
}

fn key(line: &str) -> (String, String) {
    let (table, columns) = line.split_once(" key=").expect("two columns");
    (table.replace("name=", ""), columns.to_owned())
}

/// The keys that the page has in its table, whose rows begin with the name of a table and the columns.
fn described() -> BTreeSet<(String, String)> {
    let rows = PAGE.lines().filter_map(|line| {
        let (table, rest) = line.strip_prefix("| `")?.split_once("` | `")?;
        let (columns, _) = rest.split_once("` |")?;
        Some((table.to_owned(), columns.to_owned()))
    });
    rows.collect()
}
