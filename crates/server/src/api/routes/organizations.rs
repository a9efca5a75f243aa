//! Organizations: the tenants, and the users of the one in the path, for operators and for those who manage it.

use std::num::NonZeroU32;

use super::prelude::*;
use super::users::{CreatedUser, Link, NewUser, User, link_of, make};
use crate::api::auth::Operator;
use recado_store::Actor;

failures!(CreateFailures: &[Reason::AlreadyExists, Reason::OrganizationNotFound, Reason::UserNotFound]);

/// The organization to create.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[schema(example = json!({"name": "Loja Exemplo"}))]
pub(crate) struct NewOrganization {
    /// The name of the organization.
    #[validate(custom(function = "name"))]
    #[schema(value_type = String, required = true, min_length = 1, max_length = 256, pattern = r"\S")]
    name: TextField,
    /// The id of the organization, if you want to choose it.
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<String>, pattern = r"^[A-Za-z0-9._:-]{0,64}$")]
    id: TextField,
}

/// An organization, which owns everything else and sees no other organization.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Organization {
    /// The id of the organization.
    #[schema(value_type = String)]
    id: OrganizationId,
    /// The name of the organization.
    name: String,
    /// When the organization was suspended; null if it is not.
    suspended_at: Option<Timestamp>,
    /// Whether a send without an `Idempotency-Key` that repeats a message whose outcome became unknown within the last two
    /// minutes is answered with that message, and sends nothing.
    guard_repeats: bool,
    /// The most messages that the organization may send in a second, over all its channels; null if no such limit is set.
    messages_per_second: Option<u32>,
    /// The time at which it was created.
    created_at: Timestamp,
}

/// Proof that the right organization is meant.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Confirmation {
    /// The id or the name of the organization, once more.
    #[param(value_type = String)]
    confirm: Option<String>,
}

impl From<store::Organization> for Organization {
    fn from(row: store::Organization) -> Self {
        Self {
            id: row.id,
            name: row.name,
            suspended_at: row.suspended_at.map(Into::into),
            guard_repeats: row.guards_repeats,
            messages_per_second: row.messages_per_second.map(NonZeroU32::get),
            created_at: row.created_at.into(),
        }
    }
}

/// The settings of an organization to change.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
#[schema(example = json!({"guardRepeats": false}))]
pub(crate) struct OrganizationPatch {
    /// Whether a send without an `Idempotency-Key` that repeats a message whose outcome became unknown within the last two
    /// minutes is answered with that message, and sends nothing.
    #[schema(nullable = false)]
    guard_repeats: Option<bool>,
    /// The most messages that the organization may send in a second, over all its channels; null removes the limit. Only
    /// operators change it.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    messages_per_second: Option<Value>,
}

/// Create an organization
///
/// An organization owns agents, channels, conversations, users and API keys, and sees no other organization.
#[utoipa::path(post, path = "/organizations",
    params(KeyParameter),
    request_body = NewOrganization,
    responses((status = 201, body = Organization), CreateFailures))]
pub(crate) async fn create_organization(
    Operator { app, author }: Operator,
    key: KeyHeader,
    Body(new): Body<NewOrganization>,
) -> Created<Organization> {
    let (app, given) = (&*app, key.key());
    let author = author.with_key(given.clone());
    let make = make_organization(app, new, &author);
    let show = |first: FirstRequest| async move {
        let id = parsed(&first.target)?;
        Ok(found(app.store.get_organization(&id).await?)?.into())
    };
    once(app, None, given.as_ref(), show, make).await
}

async fn make_organization(
    app: &App,
    new: NewOrganization,
    author: &Author,
) -> Result<Organization, ApiError> {
    let organization = store::Organization {
        id: id_or(new.id, || OrganizationId::from_uuid(app.uuid()))?,
        name: text(new.name),
        suspended_at: None,
        guards_repeats: true,
        messages_per_second: None,
        created_at: author.at,
    };
    match app.store.create_organization(&organization, author).await {
        Err(StoreError::Conflict)
            if app
                .store
                .get_organization(&organization.id)
                .await?
                .is_none() =>
        {
            return Err(ApiError::new(
                Reason::AlreadyExists,
                "An organization of this id is being deleted: choose another id, or wait until its data are removed",
            ));
        }
        created => created?,
    }
    Ok(organization.into())
}

/// List organizations
///
/// Returns all organizations of the server, oldest first.
#[utoipa::path(get, path = "/organizations",
    params(ListQuery),
    responses((status = 200, body = List<Organization>)))]
pub(crate) async fn list_organizations(
    Operator { app, .. }: Operator,
    query: ListQuery,
) -> LongAnswer {
    let listed = app.store.list_organizations(&query.page()?).await?;
    let list = List::of(listed, Organization::from);
    app.memory.answer(None, &list)
}

/// Show an organization
///
/// Returns one organization.
#[utoipa::path(get, path = "/organizations/{id}",
    responses((status = 200, description = "The organization", body = Organization)))]
pub(crate) async fn show_organization(
    Operator { app, .. }: Operator,
    Id(id): Id<OrganizationId>,
) -> Answer<Organization> {
    Ok(Json(found(app.store.get_organization(&id).await?)?.into()))
}

/// Change the settings of an organization
///
/// Fields that are left out stay.
#[utoipa::path(patch, path = "/organizations/{id}",
    request_body = OrganizationPatch,
    responses((status = 200, description = "The organization as it is now", body = Organization)))]
pub(crate) async fn update_organization(
    caller: Caller<ManagesOrganization>,
    Body(patch): Body<OrganizationPatch>,
) -> Answer<Organization> {
    let (store, id) = (&caller.app.store, &caller.organization_id);
    let rate = patch.messages_per_second;
    if rate.is_some() && !matches!(caller.author.actor, Actor::Operator(_)) {
        let sentence =
            "Only an operator of this server changes messagesPerSecond of an organization";
        return Err(ApiError::new(Reason::Forbidden, sentence));
    }
    let rate = rate.map(|rate| number("messagesPerSecond", &rate));
    let change = store::OrganizationChange {
        guards_repeats: patch.guard_repeats,
        messages_per_second: rate.transpose()?,
    };
    let changed = if change == store::OrganizationChange::default() {
        store.get_organization(id).await?
    } else {
        store
            .update_organization(id, change, &caller.author)
            .await?
    };
    Ok(Json(found(changed)?.into()))
}

/// Suspend an organization
///
/// Its API keys and sessions are refused, its deliveries wait, and its open event streams end within a second. What the
/// providers tell about its channels is stored as before, and delivered once it is resumed.
#[utoipa::path(post, path = "/organizations/{id}/suspend",
    responses((status = 200, description = "The organization, which is suspended", body = Organization)))]
pub(crate) async fn suspend_organization(
    Operator { app, author }: Operator,
    Id(id): Id<OrganizationId>,
) -> Answer<Organization> {
    let suspended = app.store.suspend_organization(&id, &author).await?;
    Ok(Json(found(suspended)?.into()))
}

/// Resume a suspended organization
///
/// Its API keys and sessions work again, and its deliveries go on.
#[utoipa::path(post, path = "/organizations/{id}/resume",
    responses((status = 200, description = "The organization, which is not suspended", body = Organization)))]
pub(crate) async fn resume_organization(
    Operator { app, author }: Operator,
    Id(id): Id<OrganizationId>,
) -> Answer<Organization> {
    let resumed = app.store.resume_organization(&id, &author).await?;
    Ok(Json(found(resumed)?.into()))
}

/// Delete an organization and everything that it owns
///
/// The deletion cannot be undone. The API keys, users and sessions of the organization and the webhook URLs of its channels stop
/// working at once, on every server. Its data are removed in the background after five minutes;
/// then its id and the ids of its channels are free again.
#[utoipa::path(delete, path = "/organizations/{id}",
    params(Confirmation),
    responses((status = 204)))]
pub(crate) async fn delete_organization(
    Operator { app, author }: Operator,
    Id(id): Id<OrganizationId>,
    Query(query): Query<Confirmation>,
) -> Result<StatusCode, ApiError> {
    let organization = found(app.store.get_organization(&id).await?)?;
    let confirmed = query.confirm.is_some_and(|confirmed| {
        confirmed == organization.id.as_str() || confirmed == organization.name
    });
    if !confirmed {
        let sentence = "Expected the id or the name of the organization; nothing was deleted";
        return Err(wrong("confirm", sentence));
    }
    let deletion = app.store.delete_organization(&organization.id, &author);
    deleted::<OrganizationId>(deletion.await?)
}

/// Create a user of an organization
///
/// The answer has a link with which the person sets a password. No mail is sent: give the link to the person. It works once, for a day.
#[utoipa::path(post, path = "/organizations/{id}/users",
    params(KeyParameter),
    request_body = NewUser,
    responses((status = 201, description = "Created; `link` is shown now, and to a repeat with the same `Idempotency-Key`", body = CreatedUser), CreateFailures))]
pub(crate) async fn create_organization_user(
    caller: Caller<ManagesOrganization>,
    key: KeyHeader,
    Body(new): Body<NewUser>,
) -> Created<CreatedUser> {
    make(caller, &key, new).await
}

/// List the users of an organization
///
/// Returns the users of the organization in the path, oldest first.
#[utoipa::path(get, path = "/organizations/{id}/users",
    params(ListQuery),
    responses((status = 200, body = List<User>)))]
pub(crate) async fn list_organization_users(
    caller: Caller<ManagesOrganization>,
    query: ListQuery,
) -> LongAnswer {
    caller.list::<store::User, User>(query).await
}

/// Create a password link for a user of an organization
///
/// The link replaces the one before it, and works once, for a day. The present password works until the link is used.
#[utoipa::path(post, path = "/organizations/{id}/users/{userId}/link",
    params(KeyParameter),
    responses((status = 201, description = "Created; `url` is shown now, and to a repeat with the same `Idempotency-Key`", body = Link), CreateFailures))]
pub(crate) async fn create_organization_user_link(
    caller: Caller<ManagesOrganization>,
    key: KeyHeader,
    Id(user_id): Id<UserId>,
) -> Created<Link> {
    link_of(&caller, &key, &user_id).await
}
