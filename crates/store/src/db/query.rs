//! Statements: a text, and values of the domain in the form in which [`Columns`](row::Columns) reads them.

use std::fmt::Display;

use jiff::Timestamp;
use serde::Serialize;
use sqlx::{SqlSafeStr, SqlStr};

use crate::db::row;

/// A statement for either database.
#[derive(Clone)]
pub struct Query {
    sql: SqlStr,
    values: Vec<Value>,
}

/// A value to bind. One that is missing keeps its type, which PostgreSQL has to know.
#[derive(Clone)]
pub(crate) enum Value {
    Integer(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

macro_rules! bound {
    ($($type:ty => $variant:ident, $convert:expr;)+) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(Some($convert(value)))
            }
        }

        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map($convert))
            }
        }
    )+};
}

bound! {
    i64 => Integer, i64::from;
    String => Text, String::from;
    &str => Text, str::to_owned;
    Vec<u8> => Bytes, Vec::from;
    &[u8] => Bytes, <[u8]>::to_vec;
}

impl Query {
    pub(crate) fn new(sql: impl SqlSafeStr) -> Self {
        Self {
            sql: sql.into_sql_str(),
            values: Vec::new(),
        }
    }

    pub(crate) fn sql(&self) -> &SqlStr {
        &self.sql
    }

    /// Returns what is bound to `$1`, `$2`, ….
    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }

    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    pub(crate) fn id(self, id: impl Display) -> Self {
        self.bind(id.to_string())
    }

    pub(crate) fn optional_id(self, id: Option<impl Display>) -> Self {
        self.bind(id.map(|id| id.to_string()))
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.bind(&*row::text(text))
    }

    pub(crate) fn optional_text(self, text: Option<&str>) -> Self {
        self.bind(text.map(|text| row::text(text).into_owned()))
    }

    pub(crate) fn instant(self, instant: Timestamp) -> Self {
        self.bind(instant.as_millisecond())
    }

    pub(crate) fn optional_instant(self, instant: Option<Timestamp>) -> Self {
        self.bind(instant.map(Timestamp::as_millisecond))
    }

    pub(crate) fn json(self, value: &impl Serialize) -> Self {
        self.bind(row::json(value))
    }
}
