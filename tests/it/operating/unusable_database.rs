//! A database that is empty, of another program, or closed to its role is named before the server starts.

use std::fs;

use recado_store::DatabaseKind;
use recado_tests::binaries::Place;
use recado_tests::prelude::*;
use rstest::rstest;
use secrecy::ExposeSecret as _;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

#[tokio::test]
async fn check_config_says_that_an_empty_database_gets_its_tables() {
    let database = TestDatabase::empty().await;
    // A SQLite file is made by its first connection.
    database.store().await.close().await;
    let place = Place::of(&database);
    let printed = run("check-config", &place.variables()).await.succeeded();
    let line = "# the database has no tables yet; the server creates them";
    assert_contains(&printed, line);
}

/// A role that may not create tables reads an empty database, or one that lacks the newest tables; another may not create
/// the functions of its connections.
#[rstest]
#[case::empty(0, "schema public", "grant it CREATE on the schema")]
#[case::older(9, "schema public", "grant it CREATE on the schema")]
#[case::current(i64::MAX, "database", "grant it TEMPORARY on the database")]
#[tokio::test]
async fn a_role_that_may_not_create_what_is_needed_is_found_before_the_server_starts(
    #[case] version: i64,
    #[case] closed: &str,
    #[case] sentence: &str,
) {
    // A SQLite file has no roles.
    if TestDatabase::chosen() == DatabaseKind::Sqlite {
        return;
    }
    let database = TestDatabase::migrated_to(version).await;
    let role = format!("reader_{}", Timestamp::now().as_nanosecond());
    let admin = PgConnection::connect(database.url()).await;
    let mut admin = admin.expect("a connection");
    let closed = match closed {
        "database" => {
            let (_, name) = database.url().rsplit_once('/').expect("a URL");
            format!("temporary on database {name}")
        }
        schema => format!("create on {schema}"),
    };
    let granted = format!(
        "create role {role} login; revoke {closed} from public; \
         grant select on all tables in schema public to {role}"
    );
    let granted = sqlx::raw_sql(AssertSqlSafe(granted));
    admin.execute(granted).await.expect("a role");
    let mut url = reqwest::Url::parse(database.url()).expect("a URL");
    url.set_username(&role).expect("a URL with a user");
    let place = Place::new(url.as_str(), database.key());
    for subcommand in ["check-config", "serve"] {
        let refused = run(subcommand, &place.variables()).await;
        refused.refused(sentence);
    }
    let dropped = format!("drop owned by {role}; drop role {role}");
    let dropped = sqlx::raw_sql(AssertSqlSafe(dropped));
    admin.execute(dropped).await.expect("a role");
}

#[rstest]
#[case::a_folder("folder", "is a folder, and not a database of Recado")]
#[case::empty("empty", "is empty, and not a database of Recado")]
#[case::of_another_program("foreign", "it is not a database of Recado: another program")]
#[tokio::test]
async fn a_file_that_is_not_a_database_of_recado_is_named(
    #[case] name: &str,
    #[case] sentence: &str,
) {
    let database = TestDatabase::in_file().await;
    let folder = database.directory().expect("a folder");
    fs::create_dir(folder.join("folder")).expect("a folder");
    fs::write(folder.join("empty"), "").expect("a file");
    database.execute("drop table _sqlx_migrations").await;
    fs::rename(folder.join("recado.db"), folder.join("foreign")).expect("a file");
    let key = database.key().to_base64();
    fs::write(folder.join("foreign.key"), key.expose_secret()).expect("a key");
    let url = format!("sqlite:{}", folder.join(name).display());
    for subcommand in [
        "check-config",
        "migrate",
        "operator-key list",
        "backup b.db",
    ] {
        let refused = run(subcommand, &[("RECADO_DATABASE_URL", &url)]).await;
        refused.refused(sentence);
    }
}
