//! Plans of statements: every statement that a test runs is explained, and none may read a whole table.
//!
//! A store notes each statement that it runs. [`record`] keeps the texts, and [`check`] asks the
//! database of the test for their plans. A statement that is new is checked without being listed here.

mod postgres;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use sqlx::{AnyConnection, Row};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use self::postgres::{SMALL_INDEXES, rows};
use crate::db::DatabaseKind;
use crate::db::migrations::MIGRATIONS;

/// Tables that stay small, so that a statement may read them whole.
const SMALL_TABLES: [&str; 2] = ["_sqlx_migrations", "servers"];

/// Statements that may read more than they need: a part of their text, and why.
const EXEMPT: [(&str, &str); 8] = [
    (
        " from pg_temp.",
        "the statements of the function are explained",
    ),
    (
        "update webhook_calls set claimed_until = 0, server_id = '' where applied_at is null \
         and set_aside is null and claimed_until > 0",
        "free_webhook_calls: it concerns all that is pending when a server starts on SQLite",
    ),
    (
        "where status = 'pending' and claimed_until > 0 and (cast($1 as text) is null",
        "free_deliveries: it concerns what a server had claimed that has ended",
    ),
    (
        "where status = 'pending' and claimed_until > 0 and server_id = $1 and not exists",
        "lost_claims: PostgreSQL takes any index of pending deliveries while none is pending",
    ),
    (
        "where key_id = $1 limit 1",
        "it looks for one secret that another master key encrypted, at a start or a rotation",
    ),
    (
        "as bytes from webhook_endpoints where id > $1",
        "a rotation of the master key reads every endpoint, while no server runs",
    ),
    (
        " webhook_calls_p0",
        "a partition, which the database of another test does not have",
    ),
    (
        "update organizations set last_event = last_event +",
        "skip_event_ids: it changes every organization of a copy that no server uses yet",
    ),
];

/// Indexes that statements must use: a part of the statement, and the index. Only SQLite is asked, whose
/// plan for an empty database is the one for a full database.
const EXPECTED: [(&str, &str); 15] = [
    ("seq > $2 and type = $4", "events_by_type"),
    (
        "seq > $2 and conversation_id = $4",
        "events_by_conversation",
    ),
    ("seq > $3 and status = $5", "deliveries_by_status"),
    ("from busy cross join organizations", "deliveries_due"),
    ("from busy cross join outbox", "outbox_due"),
    ("from deliveries c indexed by", "deliveries_claimed"),
    ("($2, $3) and agent_id = $5 order", "conversations_by_agent"),
    ("($2, $3) and channel_id = $5", "conversations_by_channel"),
    (
        "($2, $3) and agent_id = $5 and channel_id = $6",
        "conversations_by_agent_and_channel",
    ),
    ("and phone in ($7, $8)", "conversations_by_phone"),
    ("and user_id in ($7, $8)", "conversations_by_user_id"),
    ("and lid in ($7, $8)", "conversations_by_lid"),
    ("and recipient in ($7, $8)", "conversations_of_groups"),
    ("m.unknown_at > $4", "messages_once_unknown"),
    ("and unknown_at > $3", "messages_once_unknown"),
];

/// What a statement begins with that has a plan.
const EXPLAINED: [&str; 5] = ["select", "insert", "update", "delete", "with"];

#[derive(Default)]
struct Statements {
    new: BTreeSet<String>,
    checked: BTreeSet<String>,
}

/// The target of the lines of the log that are statements.
const STATEMENT: &str = "recado_store::statement";

static STATEMENTS: Mutex<Option<Statements>> = Mutex::new(None);

/// Records the statements of all stores of this process from now on.
pub(super) fn record() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // A program that has a subscriber of its own is not a test of the store.
        if tracing::subscriber::set_global_default(Recorder).is_ok() {
            *statements() = Some(Statements::default());
        }
    });
}

/// Notes a statement that a store runs.
pub(crate) fn note(text: &str) {
    tracing::trace!(target: STATEMENT, text);
}

fn statements() -> MutexGuard<'static, Option<Statements>> {
    STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Explains the statements that no test has explained before; returns those that read whole tables.
pub(super) async fn check(
    kind: DatabaseKind,
    connection: &mut AnyConnection,
) -> Result<Vec<String>, sqlx::Error> {
    let tables = growing_tables(kind, connection).await?;
    if !tables.contains("organizations") {
        // The database of this test is not migrated; another one checks what is new.
        return Ok(Vec::new());
    }
    let new = statements()
        .as_mut()
        .map(|statements| {
            let new = std::mem::take(&mut statements.new);
            statements.checked.extend(new.iter().cloned());
            new
        })
        .unwrap_or_default();
    if kind == DatabaseKind::Postgres && !new.is_empty() {
        postgres::fill(&tables, connection).await?;
    }
    let mut wrong = Vec::new();
    for text in new {
        for statement in text
            .split(';')
            .map(str::trim)
            .filter(|text| is_explained(text))
        {
            let problem = match kind {
                DatabaseKind::Sqlite => sqlite(statement, &tables, connection).await,
                DatabaseKind::Postgres => postgres::check(statement, &tables, connection).await,
            };
            if let Some(problem) = problem.unwrap_or_else(|error| Some(error.to_string())) {
                wrong.push(format!("{statement}\n    {problem}"));
            }
        }
    }
    Ok(wrong)
}

fn is_explained(statement: &str) -> bool {
    let in_migration = || {
        MIGRATIONS
            .iter()
            .any(|one| one.sql.as_str().contains(statement))
    };
    let one_of_any = !statement.contains(" where ") && statement.ends_with(" limit 1");
    EXPLAINED.iter().any(|start| statement.starts_with(start))
        && !EXEMPT.iter().any(|(part, _)| statement.contains(part))
        && !one_of_any
        && !in_migration()
}

async fn growing_tables(
    kind: DatabaseKind,
    connection: &mut AnyConnection,
) -> Result<BTreeSet<String>, sqlx::Error> {
    let text = match kind {
        DatabaseKind::Sqlite => "select name from sqlite_master where type = 'table'",
        DatabaseKind::Postgres => {
            // What a partition has is in its table.
            "select tablename::text as name from pg_tables where schemaname = 'public' and not exists (\
             select 1 from pg_inherits where inhrelid::regclass::text = tablename)"
        }
    };
    let rows = sqlx::query(text).fetch_all(connection).await?;
    let names = rows.iter().map(|row| row.try_get::<String, _>("name"));
    let names: BTreeSet<_> = names.collect::<Result<_, _>>()?;
    Ok(names
        .into_iter()
        .filter(|name| !SMALL_TABLES.contains(&name.as_str()))
        .collect())
}

/// The tables, and the other names that the statement gives them.
fn aliases<'a>(statement: &'a str, tables: &BTreeSet<String>) -> BTreeSet<&'a str> {
    let words: Vec<_> = statement
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty() && *word != "as")
        .collect();
    let mut aliases = BTreeSet::new();
    for pair in words.windows(2).filter(|pair| tables.contains(pair[0])) {
        aliases.extend(pair);
    }
    aliases
}

async fn sqlite(
    statement: &str,
    tables: &BTreeSet<String>,
    connection: &mut AnyConnection,
) -> Result<Option<String>, sqlx::Error> {
    let plan = rows(format!("explain query plan {statement}"), 3, connection).await?;
    let aliases = aliases(statement, tables);
    let unused = EXPECTED.iter().any(|(part, index)| {
        statement.contains(part) && !plan.iter().any(|step| step.contains(index))
    });
    let wrong = plan.iter().any(|step| {
        let words: Vec<_> = step.split(' ').collect();
        let index = words.iter().skip_while(|word| **word != "INDEX").nth(1);
        let whole = words[0] == "SCAN" && !step.contains("VIRTUAL TABLE")
            // An index that SQLite builds for this one run reads the whole table.
            || step.contains("USING AUTOMATIC");
        whole
            && words.get(1).is_some_and(|name| aliases.contains(name))
            && !index.is_some_and(|index| SMALL_INDEXES.contains(index))
    });
    Ok((wrong || unused).then(|| plan.join("\n    ")))
}

/// Keeps the text of each statement that a store logs.
struct Recorder;

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == STATEMENT
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Text);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Text;

impl Visit for Text {
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() != "text" {
            return;
        }
        let text = value.trim();
        if let Some(statements) = &mut *statements()
            && !statements.checked.contains(text)
            && !statements.new.contains(text)
        {
            statements.new.insert(text.to_owned());
        }
    }
}
