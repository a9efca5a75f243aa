//! What almost every file of routes uses.

pub(crate) use std::sync::Arc;

pub(crate) use axum::Json;
pub(crate) use axum::http::StatusCode;
pub(crate) use recado_core::fields::{name, optional, required};
pub(crate) use recado_core::{
    AgentId, ApiKeyId, ChannelId, ConversationId, FieldErrors, MessageId, OrganizationId,
    TextField, UserId,
};
pub(crate) use recado_store::{
    self as store, Author, FirstRequest, IdempotencyKey, Store, StoreError, WebhookEndpointId,
};
pub(crate) use serde::{Deserialize, Serialize};
pub(crate) use serde_json::{Map, Value};
pub(crate) use utoipa::{IntoParams, ToSchema};
pub(crate) use validator::Validate;

pub(crate) use super::listing::{FilteredListQuery, List, ListQuery, wrong};
pub(crate) use super::shapes::{
    Answer, LongAnswer, Secrets, id_or, mirrors, not_blank, number, present, text,
};
pub(crate) use crate::api::auth::{Caller, Manages, ManagesOrganization, Reads, Sends};
pub(crate) use crate::api::body::{Body, ChatvoltBody};
pub(crate) use crate::api::error::{ApiError, Reason};
pub(crate) use crate::api::extract::{Path, Query};
pub(crate) use crate::api::idempotency::{Created, KeyHeader, KeyParameter, once};
pub(crate) use crate::api::noun::{Id, deleted, find, found, missing, parsed};
pub(crate) use crate::api::openapi::{failures, words};
pub(crate) use crate::api::time::Timestamp;
pub(crate) use crate::app::App;
