//! Opening, migrating and closing.

use std::error::Error as _;

use recado_store::testing::TestDatabase;
use recado_store::{DatabaseKind, MasterKey, Store, StoreError};
use rstest::rstest;

use crate::world::{World, by, ok, org, organization, refused};

#[tokio::test]
async fn a_database_that_is_not_migrated_is_not_ready() {
    let database = TestDatabase::empty().await;
    let store = database.store().await;
    assert_eq!(store.kind(), database.kind());
    refused!(store.ping() => StoreError::NotMigrated);
    ok(store.migrate()).await;
    ok(store.ping()).await;
}

#[tokio::test]
async fn a_database_whose_migrations_cannot_be_read_is_not_taken_for_a_new_one() {
    let World { store, database } = &World::new().await;
    database
        .execute("alter table _sqlx_migrations rename column version to other")
        .await;
    for told in [
        store.ping().await,
        store.check().await,
        store.adopt_master_key().await,
        store.migrate().await,
    ] {
        assert!(matches!(told, Err(StoreError::Database(_))), "{told:?}");
    }
    // The plans of what was run are asked for at the end.
    database
        .execute("alter table _sqlx_migrations rename column other to version")
        .await;
}

#[tokio::test]
async fn several_servers_may_migrate_at_once_and_again() {
    let database = TestDatabase::empty().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (url, key) = (database.url().to_owned(), database.key().clone());
        tasks.spawn(async move {
            let store = Store::connect(&url, key).await?;
            store.migrate().await?;
            store.migrate().await?;
            store.ping().await
        });
    }
    for result in tasks.join_all().await {
        result.unwrap();
    }
}

#[rstest]
#[case("")]
#[case("recado.db")]
#[case("mysql://localhost/recado")]
#[case("sqlite:")]
#[case("sqlite://")]
#[case("sqlite::memory:")]
#[case("sqlite:recado.db?mode=memory")]
#[case("postgres://[")]
#[tokio::test]
async fn a_url_of_no_database_is_refused(#[case] url: &str) {
    let opened = Store::connect(url, MasterKey::generate().unwrap()).await;
    assert!(
        matches!(opened, Err(StoreError::InvalidUrl)),
        "{:?}",
        opened.err()
    );
}

#[rstest]
#[case("sslmode=requird", "unknown value \"requird\" for `ssl_mode`")]
#[case("port=x", "invalid digit found in string")]
#[tokio::test]
async fn a_wrong_parameter_of_a_url_is_told_without_the_password(
    #[case] parameter: &str,
    #[case] why: &str,
) {
    let url = format!("postgres://ana:hunter2@127.0.0.1:1/recado?{parameter}");
    let refused = Store::check_url(&url).unwrap_err();
    assert!(matches!(refused, StoreError::InvalidParameter(_)));
    assert!(refused.to_string().contains(why), "{refused}");
    assert!(!refused.to_string().contains("hunter2"));
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_an_error_without_the_password() {
    let url = "postgres://ana:hunter2@127.0.0.1:1/recado";
    let error = Store::connect(url, MasterKey::generate().unwrap())
        .await
        .err()
        .unwrap();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(!format!("{error:?}").contains("hunter2"));
}

/// Opens a database in which nothing can be opened, and returns why.
async fn refused(database: &TestDatabase) -> StoreError {
    let url = match database.kind() {
        DatabaseKind::Postgres => {
            let (server, _) = database.url().rsplit_once('/').unwrap();
            format!("{server}/there_is_no_such_database")
        }
        DatabaseKind::Sqlite => {
            let file = database.directory().unwrap().join("text.db");
            std::fs::write(&file, "this is a text and not a database").unwrap();
            format!("sqlite:{}", file.display())
        }
    };
    let opened = Store::connect(&url, MasterKey::generate().unwrap()).await;
    opened.err().unwrap()
}

#[tokio::test]
async fn what_the_database_says_is_said_once_and_without_its_own_source_line() {
    let database = TestDatabase::fresh().await;
    let error = refused(&database).await;
    let said = match database.kind() {
        DatabaseKind::Postgres => {
            "the database refused the operation: database \"there_is_no_such_database\" does not exist (code 3D000)"
        }
        DatabaseKind::Sqlite => {
            "the database refused the operation: file is not a database (code 26)"
        }
    };
    assert_eq!(error.to_string(), said);
    // What prints the causes too says nothing twice.
    assert!(error.source().is_none());
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_away_and_one_that_refuses_is_not() {
    let database = TestDatabase::fresh().await;
    for (url, said) in [
        (
            "postgres://ana:hunter2@127.0.0.1:1/recado",
            "the database is not available: error communicating with database: Connection refused (os error 111)",
        ),
        (
            "postgres://ana@nowhere.invalid/recado",
            "failed to lookup address information",
        ),
    ] {
        let opened = Store::connect(url, MasterKey::generate().unwrap()).await;
        let error = opened.err().unwrap();
        assert!(error.is_away(), "{error}");
        assert_eq!(error.to_string().matches(said).count(), 1, "{error}");
        assert!(error.source().is_none());
    }
    assert!(!refused(&database).await.is_away());
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let World { store, database } = World::new().await;
    store.clone().close().await;
    refused!(store.get_organization(&org(1)) => StoreError::Unavailable(_));
    refused!(store.create_organization(&organization("org_3"), &by(9_000))
        => StoreError::Unavailable(_));
    store.close().await;
    let again = database.store().await;
    assert!(ok(again.get_organization(&org(1))).await.is_some());
}

#[tokio::test]
async fn a_closed_sqlite_store_leaves_one_file() {
    let World { store, database } = World::new().await;
    let Some(directory) = database.directory() else {
        return;
    };
    store.close().await;
    let files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(files, ["recado.db"]);
}

#[tokio::test]
async fn a_sqlite_file_and_those_beside_it_belong_to_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("private.db").display());
    let store = ok(Store::connect(&url, MasterKey::generate().unwrap())).await;
    ok(store.migrate()).await;
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
    }
    store.close().await;
}
