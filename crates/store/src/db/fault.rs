//! What the database or its driver says of a failure.

use std::fmt;

use sqlx::error::DatabaseError;

/// The failure of a database, said once: without the causes that its text has already, without PostgreSQL's
/// own source line, and without the values of a row that PostgreSQL adds as details.
pub struct DatabaseFault(pub(crate) sqlx::Error);

impl DatabaseFault {
    /// Returns the error that the database itself answered.
    pub(crate) fn answer(&self) -> Option<&dyn DatabaseError> {
        match &self.0 {
            sqlx::Error::Database(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

impl fmt::Display for DatabaseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(error) = self.answer() else {
            return self.0.fmt(f);
        };
        f.write_str(error.message())?;
        match error.code() {
            Some(code) => write!(f, " (code {code})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for DatabaseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
