//! What nearly every file of the store uses.

pub(crate) use jiff::Timestamp;
pub(crate) use recado_core::{OrganizationId, shows_only};

pub(crate) use crate::db::DatabaseKind;
pub(crate) use crate::db::connection::Connection;
pub(crate) use crate::db::list::{OverList, over_list};
pub(crate) use crate::db::noun::{Listable, Noun, Row, row};
pub(crate) use crate::db::page::{Listed, Page};
pub(crate) use crate::db::query::Query;
pub(crate) use crate::db::raw_row::RawRow;
pub(crate) use crate::db::row::{self, Columns, column, stored};
pub(crate) use crate::error::{Result, StoreError};
pub(crate) use crate::store::Store;
