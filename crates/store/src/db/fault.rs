//! What the database or its driver says of a failure.

use std::fmt;

use sqlx::error::DatabaseError;

/// The failure of a database, said once: without the causes that its text has already, without PostgreSQL's
/// own source line, and without the values of a row that PostgreSQL adds as details.
pub struct DatabaseFault(pub(crate) Cause);

/// The error of a driver.
pub(crate) enum Cause {
    Postgres(sqlx::Error),
    Sqlite(rusqlite::Error),
}

/// What SQLite answered.
#[derive(Clone, Copy)]
pub(crate) struct SqliteAnswer<'a> {
    pub(crate) code: i32,
    pub(crate) message: &'a str,
}

impl DatabaseFault {
    pub(crate) fn new(cause: impl Into<Cause>) -> Self {
        Self(cause.into())
    }

    /// Returns the error that PostgreSQL answered.
    pub(crate) fn of_postgres(&self) -> Option<&dyn DatabaseError> {
        match &self.0 {
            Cause::Postgres(sqlx::Error::Database(error)) => Some(error.as_ref()),
            _ => None,
        }
    }

    /// Returns the error that SQLite answered.
    pub(crate) fn of_sqlite(&self) -> Option<SqliteAnswer<'_>> {
        match &self.0 {
            Cause::Sqlite(error) => sqlite_answer(error),
            Cause::Postgres(_) => None,
        }
    }
}

pub(crate) fn sqlite_answer(error: &rusqlite::Error) -> Option<SqliteAnswer<'_>> {
    let (error, message) = match error {
        rusqlite::Error::SqliteFailure(error, message) => (error, message.as_deref()),
        rusqlite::Error::SqlInputError { error, msg, .. } => (error, Some(&**msg)),
        _ => return None,
    };
    let code = error.extended_code;
    let message = message.unwrap_or_else(|| rusqlite::ffi::code_to_str(code));
    // The driver adds the path of the file.
    let message = message
        .split_once(": file:")
        .map_or(message, |(said, _)| said);
    Some(SqliteAnswer { code, message })
}

impl From<sqlx::Error> for Cause {
    fn from(error: sqlx::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<rusqlite::Error> for Cause {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl fmt::Display for DatabaseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(answer) = self.of_sqlite() {
            return write!(f, "{} (code {})", answer.message, answer.code);
        }
        if let Some(error) = self.of_postgres() {
            f.write_str(error.message())?;
            return match error.code() {
                Some(code) => write!(f, " (code {code})"),
                None => Ok(()),
            };
        }
        match &self.0 {
            Cause::Postgres(error) => error.fmt(f),
            Cause::Sqlite(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for DatabaseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
