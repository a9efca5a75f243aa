//! Users: the people of an organization.

use recado_core::Role;

use super::prelude::*;
use crate::sign_in::{self, NewLink};

pub(crate) mod sessions;

failures!(CreateFailures: &[Reason::AlreadyExists, Reason::UserNotFound]);
failures!(UpdateFailures: &[Reason::LastOwner]);
failures!(DeleteFailures: &[Reason::LastOwner]);

/// The user to create.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[schema(example = json!({"email": "bia@example.com", "name": "Bia Souza", "role": "agent"}))]
pub(crate) struct NewUser {
    /// The address with which the user signs in; nothing is sent there.
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, format = Email, required = true)]
    email: TextField,
    /// The name of the person.
    #[validate(custom(function = "name"))]
    #[schema(value_type = String, required = true, min_length = 1, max_length = 256, pattern = r"\S")]
    name: TextField,
    /// What the user may do.
    #[validate(custom(function = "required"))]
    #[schema(value_type = words::Role, required = true)]
    role: TextField,
}

/// The changes of a user; fields that are left out stay.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[schema(example = json!({"role": "agent"}))]
pub(crate) struct UserPatch {
    /// The name of the person.
    #[validate(custom(function = "not_blank"))]
    #[schema(value_type = Option<String>, max_length = 256)]
    name: TextField,
    /// What the user may do; another role ends the sessions of the user.
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<words::Role>)]
    role: TextField,
}

/// A person of the organization.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    /// The id of the user.
    #[schema(value_type = String)]
    id: UserId,
    /// The organization of the user.
    #[schema(value_type = String)]
    organization_id: OrganizationId,
    /// The address with which the user signs in.
    email: String,
    /// The name of the person.
    name: String,
    /// What the user may do.
    #[schema(value_type = words::Role)]
    role: Role,
    /// Whether the user has set a password, and so can sign in.
    has_password: bool,
    /// The time at which it was created.
    created_at: Timestamp,
    /// When the user last signed in; null if that has not happened.
    last_sign_in_at: Option<Timestamp>,
}

/// A user that was just created.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreatedUser {
    #[serde(flatten)]
    user: User,
    /// The link for the new user, with which the user sets a password.
    link: Link,
}

/// A link with which a user sets the password, once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Link {
    /// The URL of the page where the user sets the password; shown when it is created.
    url: String,
    /// The time at which the link stops working.
    expires_at: Timestamp,
}

mirrors!(User, store::User {
    id, organization_id, email, name, role, has_password, created_at; last_sign_in_at
});

impl From<NewLink> for Link {
    fn from(link: NewLink) -> Self {
        Self {
            url: link.url,
            expires_at: link.ends_at.into(),
        }
    }
}

fn role(text: &str) -> Result<Role, FieldErrors> {
    text.parse()
        .map_err(|error: recado_core::access::UnknownRole| {
            FieldErrors::field("role", &error.to_string())
        })
}

/// Creates a user, and a link with which the user sets a password.
pub(super) async fn make<R>(
    caller: Caller<R>,
    key: &KeyHeader,
    new: NewUser,
) -> Created<CreatedUser> {
    let (caller, given) = (&caller, key.key());
    let (app, key) = (&caller.app, given.as_ref());
    let author = caller.author.clone().with_key(given.clone());
    let make = make_once(app, &caller.organization_id, new, &author);
    let show = |first: FirstRequest| async move {
        let user: store::User = caller.find(&parsed(&first.target)?).await?;
        let link = first_link(app, &user, key, &first).await?;
        Ok(CreatedUser {
            user: user.into(),
            link,
        })
    };
    once(app, Some(&caller.organization_id), key, show, make).await
}

/// Returns the link that the first request with a key made. Fails if it does not work any more.
async fn first_link(
    app: &App,
    user: &store::User,
    key: Option<&IdempotencyKey>,
    first: &FirstRequest,
) -> Result<Link, ApiError> {
    let (store, url) = (&app.store, &app.public_url);
    let (secret, link) = sign_in::new_link(store, url, user, key, first.created_at)?;
    let works = store.find_link(secret.expose(), app.clock.now()).await?;
    if works.is_none() {
        return Err(ApiError::new(
            Reason::AlreadyExists,
            "Already exists: the link was made, and was used or replaced since, or the master key of this server was changed; create another link",
        ));
    }
    Ok(link.into())
}

async fn make_once(
    app: &App,
    organization: &OrganizationId,
    new: NewUser,
    author: &Author,
) -> Result<CreatedUser, ApiError> {
    let user = store::User {
        id: UserId::from_uuid(app.uuid()),
        organization_id: organization.clone(),
        email: sign_in::email(&text(new.email))?,
        name: text(new.name),
        role: role(&text(new.role))?,
        has_password: false,
        created_at: author.at,
        last_sign_in_at: None,
    };
    let (store, key) = (&app.store, author.key.as_ref());
    let (secret, link) = sign_in::new_link(store, &app.public_url, &user, key, author.at)?;
    let creation = store.create_user_with_link(&user, &secret, link.ends_at, author);
    match creation.await {
        Err(StoreError::Conflict) => Err(ApiError::new(
            Reason::AlreadyExists,
            "Already exists: the organization has a user with this e-mail address",
        )),
        created => Ok(created?),
    }?;
    Ok(CreatedUser {
        user: user.into(),
        link: link.into(),
    })
}

/// Makes a new link of the user in the path.
pub(super) async fn link_of<R>(caller: &Caller<R>, key: &KeyHeader, id: &UserId) -> Created<Link> {
    let (app, given) = (&caller.app, key.key());
    let key = given.as_ref();
    let user = &caller.find::<store::User>(id).await?;
    let author = caller.author.clone().with_key(given.clone());
    let make = async {
        let link = sign_in::create_link(&app.store, &app.public_url, user, &author);
        Ok(link.await?.ok_or_else(missing::<UserId>)?.into())
    };
    let show = |first: FirstRequest| async move { first_link(app, user, key, &first).await };
    once(app, Some(&caller.organization_id), key, show, make).await
}

/// Create a user
///
/// The answer has a link with which the person sets a password. No mail is sent: give the link to the person. It works once, for a day.
#[utoipa::path(post, path = "/users",
    params(KeyParameter),
    request_body = NewUser,
    responses((status = 201, description = "Created; `link` is shown now, and to a repeat with the same `Idempotency-Key`", body = CreatedUser), CreateFailures))]
pub(crate) async fn create_user(
    caller: Caller<Manages>,
    key: KeyHeader,
    Body(new): Body<NewUser>,
) -> Created<CreatedUser> {
    make(caller, &key, new).await
}

/// List users
///
/// Returns the users of the organization, oldest first.
#[utoipa::path(get, path = "/users",
    params(ListQuery),
    responses((status = 200, body = List<User>)))]
pub(crate) async fn list_users(caller: Caller<Manages>, query: ListQuery) -> LongAnswer {
    caller.list::<store::User, User>(query).await
}

/// Show a user
///
/// Returns one user of the organization.
#[utoipa::path(get, path = "/users/{id}",
    responses((status = 200, description = "The user", body = User)))]
pub(crate) async fn show_user(caller: Caller<Manages>, Id(id): Id<UserId>) -> Answer<User> {
    Ok(Json(caller.find::<store::User>(&id).await?.into()))
}

/// Change a user
///
/// Fields that are left out stay. An organization that has an owner keeps one: the last owner keeps the role.
#[utoipa::path(patch, path = "/users/{id}",
    request_body = UserPatch,
    responses((status = 200, description = "The user as it is now", body = User), UpdateFailures))]
pub(crate) async fn update_user(
    caller: Caller<Manages>,
    Id(id): Id<UserId>,
    Body(patch): Body<UserPatch>,
) -> Answer<User> {
    let role = patch.role.as_text().map(role).transpose()?;
    let name = patch.name.as_text();
    let organization = &caller.organization_id;
    let updated = (caller.app.store).update_user(organization, &id, name, role, &caller.author);
    Ok(Json(found(updated.await?)?.into()))
}

/// Delete a user
///
/// The sessions and the personal API keys of the user end at once.
#[utoipa::path(delete, path = "/users/{id}",
    responses((status = 204), DeleteFailures))]
pub(crate) async fn delete_user(
    caller: Caller<Manages>,
    Id(id): Id<UserId>,
) -> Result<StatusCode, ApiError> {
    caller.delete(&id, Store::delete_user).await
}

/// Create a password link for a user
///
/// The link replaces the one before it, and works once, for a day. The present password works until the link is used.
#[utoipa::path(post, path = "/users/{id}/link",
    params(KeyParameter),
    responses((status = 201, description = "Created; `url` is shown now, and to a repeat with the same `Idempotency-Key`", body = Link), CreateFailures))]
pub(crate) async fn create_user_link(
    caller: Caller<Manages>,
    key: KeyHeader,
    Id(id): Id<UserId>,
) -> Created<Link> {
    link_of(&caller, &key, &id).await
}
