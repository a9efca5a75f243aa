//! Who may call which operation: the table that the tests walk and that the documentation publishes.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// A kind of caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Without a key and without a session.
    Anonymous,
    /// With an API key that has only that scope.
    Key(&'static str),
    /// With a session of that role.
    Session(&'static str),
    /// With an operator key.
    Operator,
}

use Kind::{Anonymous, Key, Operator, Session};

/// Every kind of caller, in the order of the columns.
pub const KINDS: [Kind; 8] = [
    Anonymous,
    Key("read"),
    Key("send"),
    Key("manage"),
    Session("viewer"),
    Session("agent"),
    Session("owner"),
    Operator,
];

/// Every person.
const PEOPLE: &[Kind] = &[Session("viewer"), Session("agent"), Session("owner")];
const READERS: &[Kind] = &[
    Key("read"),
    Session("viewer"),
    Session("agent"),
    Session("owner"),
];
const SENDERS: &[Kind] = &[Key("send"), Session("agent"), Session("owner")];
const MANAGERS: &[Kind] = &[Key("manage"), Session("owner")];
const MANAGERS_AND_OPERATORS: &[Kind] = &[Key("manage"), Session("owner"), Operator];
const KEYS: &[Kind] = &[Key("read"), Key("send"), Key("manage")];
const KEYS_AND_OPERATORS: &[Kind] = &[Key("read"), Key("send"), Key("manage"), Operator];

/// What an operation may need: the word of the table, and who has it.
const NEEDS: [(&str, &[Kind]); 11] = [
    ("nothing", &KINDS),
    ("provider", &KINDS),
    ("own page", &KINDS),
    ("read", READERS),
    ("send", SENDERS),
    ("manage", MANAGERS),
    ("manage or operator", MANAGERS_AND_OPERATORS),
    ("operator", &[Operator]),
    ("session", PEOPLE),
    ("API key", KEYS),
    ("any key", KEYS_AND_OPERATORS),
];

/// What the documentation says of each need.
const MEANINGS: &str = "
nothing | Everyone may call.
provider | A provider calls, and proves itself by its signature or by the secret in the URL.
own page | Everyone may call; a browser only from a page of this server.
read | Show and list the data of the organization, and follow its events.
send | Send messages and open conversations.
manage | Change agents, channels, webhook endpoints, API keys and users, and read who did what.
manage or operator | As `manage`, for the caller's own organization; an operator key for every organization. For `GET /audit` an operator key lists the operators' log instead.
operator | An operator key, made with `recado-server operator-key create`.
session | A person who is signed in, with any role.
API key | An API key of an organization, with any scopes.
any key | An API key with any scopes, or an operator key.
";

/// What each operation needs.
const OPERATIONS: &str = "
POST /messages/interactive/send-buttons | send
POST /messages/interactive/send-lists | send
POST /messages/interactive/send-cta | send
POST /messages/interactive/send-location | send
POST /messages/interactive/location-request | send
POST /conversation/message/{type}/{value} | send
POST /messages | send
POST /messages/batch | send
DELETE /messages/{id} | send
POST /messages/{id}/resend | send
GET /messages/{id} | read
GET /messages/{id}/media | read
GET /media/{organizationId}/{messageId}/{proof} | nothing
POST /conversations | send
GET /conversations | read
GET /conversations/{id} | read
GET /conversation/{id} | read
GET /conversations/{id}/messages | read
POST /contacts/erase | manage
GET /events | read
GET /events/stream | read
POST /agents | manage
GET /agents | read
GET /agents/{id} | read
DELETE /agents/{id} | manage
POST /channels | manage
GET /channels | read
GET /channels/{id} | read
PATCH /channels/{id} | manage
DELETE /channels/{id} | manage
POST /channels/{id}/check | manage
GET /channels/{id}/costs | read
GET /channels/{id}/limits | read
POST /channels/{id}/pause | manage
POST /channels/{id}/resume | manage
POST /channels/{id}/register-webhook | manage
POST /webhook-endpoints | manage
GET /webhook-endpoints | read
GET /webhook-endpoints/{id} | read
PATCH /webhook-endpoints/{id} | manage
DELETE /webhook-endpoints/{id} | manage
POST /webhook-endpoints/{id}/rotate-secret | manage
POST /webhook-endpoints/{id}/test | manage
GET /webhook-endpoints/{id}/deliveries | read
GET /webhook-endpoints/{id}/deliveries/{deliveryId} | read
POST /webhook-endpoints/{id}/deliveries/{deliveryId}/replay | manage
POST /webhook-endpoints/{id}/deliveries/{deliveryId}/skip | manage
POST /webhook-endpoints/{id}/replay | manage
GET /webhook-calls | read
POST /webhook-calls/{id}/retry | manage
POST /sessions | own page
GET /sessions/current | session
DELETE /sessions/current | session
POST /sessions/current/password | session
POST /sessions/current/api-key | session
POST /users | manage
GET /users | manage
GET /users/{id} | manage
PATCH /users/{id} | manage
DELETE /users/{id} | manage
POST /users/{id}/link | manage
GET /users/{id}/sessions | manage
DELETE /users/{id}/sessions | manage
GET /audit | manage or operator
GET /api-keys/current | any key
DELETE /api-keys/current | API key
POST /organizations/{id}/api-keys | manage or operator
GET /organizations/{id}/api-keys | manage or operator
DELETE /organizations/{id}/api-keys/{keyId} | manage or operator
POST /organizations/{id}/users | manage or operator
GET /organizations/{id}/users | manage or operator
POST /organizations/{id}/users/{userId}/link | manage or operator
POST /organizations | operator
GET /organizations | operator
GET /organizations/{id} | operator
PATCH /organizations/{id} | manage or operator
POST /organizations/{id}/suspend | operator
POST /organizations/{id}/resume | operator
DELETE /organizations/{id} | operator
GET /webhooks/whatsapp/{channelId} | provider
POST /webhooks/whatsapp/{channelId} | provider
POST /webhooks/zapi/{channelId}/{secret} | provider
POST /webhooks/zapperhub/{channelId}/{secret} | provider
GET /healthz | nothing
GET /readyz | nothing
";

/// The rows of a table of two columns.
fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = table.trim().lines();
    rows.map(|row| row.split_once(" | ").expect(row))
}

/// Every operation of the table, such as `GET /agents/{id}`, with the word for what it needs.
pub fn operations() -> impl Iterator<Item = (&'static str, &'static str)> {
    rows(OPERATIONS)
}

/// Returns who has what an operation may need; the word is one of the table.
pub fn who(need: &str) -> &'static [Kind] {
    let found = NEEDS.iter().find(|(word, _)| *word == need);
    let (_, kinds) = found.unwrap_or_else(|| panic!("{need} is not a need"));
    kinds
}

/// Tells whether a caller of that kind may call the operation.
pub fn may(kind: Kind, operation: &str) -> bool {
    let row = operations().find(|(known, _)| *known == operation);
    row.is_some_and(|(_, need)| who(need).contains(&kind))
}

/// Writes the document that publishes the table.
pub(crate) fn document(notice: &str) -> Result<String, std::fmt::Error> {
    let mut text = format!(
        "{notice}# Who may do what\n\n\
         An API key has scopes; a user has a role, and a role is a set of scopes: an owner has `read`, `send` and \
         `manage`, an agent `read` and `send`, a viewer `read`. A personal API key may do what its scopes and the \
         role of its user allow. A caller without what an operation needs is answered 403 `forbidden`, and one \
         without a key and a session 401 `unauthorized`. A key with `manage` can create users and other keys, so \
         it can gain every scope.\n\n\
         ## What an operation may need\n\n\
         | Need | Meaning | No key | Key `read` | Key `send` | Key `manage` | Viewer | Agent | Owner | Operator key |\n\
         |---|---|---|---|---|---|---|---|---|---|\n"
    );
    assert_eq!(rows(MEANINGS).count(), NEEDS.len());
    for (need, kinds) in NEEDS {
        let (_, meaning) = rows(MEANINGS).find(|(word, _)| *word == need).expect(need);
        write!(text, "| {need} | {meaning} |")?;
        let cells = KINDS.map(|kind| {
            if kinds.contains(&kind) {
                " ✓ |"
            } else {
                " |"
            }
        });
        writeln!(text, "{}", cells.concat())?;
    }
    text.push_str("\n## What each operation needs\n\n| Operation | Need |\n|---|---|\n");
    for (operation, need) in operations() {
        writeln!(text, "| `{operation}` | {need} |")?;
    }
    Ok(text)
}

/// Returns every operation of the document, such as `GET /agents/{id}`.
pub fn documented_operations() -> BTreeSet<String> {
    let document = serde_json::to_value(recado_server::openapi()).expect("JSON");
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for verb in item.as_object().expect("operations").keys() {
            operations.insert(format!("{} {path}", verb.to_uppercase()));
        }
    }
    operations
}

/// Returns the path of an operation with any ids in it; the stream is asked for something that it refuses, so that it ends.
pub fn with_ids(operation: &str) -> String {
    let (_, path) = operation.split_once(' ').expect("a path");
    let mut path = path.to_owned();
    for id in "{id} {keyId} {userId} {channelId} {secret} {deliveryId}".split(' ') {
        path = path.replace(id, "any");
    }
    path = path.replace("{type}/{value}", "conversationId/any");
    if operation == "GET /events/stream" {
        path += "?cursor=nothing";
    }
    path
}
