-- The people of an organization, what a key may do, and who changed what.

create table users (
    id text not null primary key,
    organization_id text not null references organizations (id),
    -- Trimmed and in lower case.
    email text not null,
    name text not null,
    role text not null,
    -- As argon2 writes it; null until the user sets a password.
    password_hash text,
    created_at bigint not null,
    last_sign_in_at bigint
);

create index users_in_order on users (organization_id, created_at, id);

-- The e-mail comes first: a sign-in need not name the organization.
create unique index users_by_email on users (email, organization_id);

-- `idle_ends_at` moves when the session is used, and never behind `ends_at`.
create table sessions (
    id text not null primary key,
    organization_id text not null,
    user_id text not null,
    secret_hash bytea not null unique,
    created_at bigint not null,
    last_seen_at bigint not null,
    idle_ends_at bigint not null,
    ends_at bigint not null
);

create index sessions_in_order on sessions (organization_id, user_id, created_at, id);
create index sessions_by_end on sessions (idle_ends_at);

-- One-time links, with which a user sets a password.
create table links (
    organization_id text not null,
    user_id text not null,
    secret_hash bytea not null unique,
    ends_at bigint not null,
    primary key (organization_id, user_id)
);

create index links_by_end on links (ends_at);

-- Attempts to sign in within a window; the subject is a hash of an address, of an account, or of both.
create table sign_in_attempts (
    subject bytea not null primary key,
    attempts bigint not null,
    ends_at bigint not null
);

create index sign_in_attempts_by_end on sign_in_attempts (ends_at);

-- What concerns no single organization, or outlives it, has no organization.
create table audit_log (
    id text not null primary key,
    organization_id text,
    at bigint not null,
    actor text not null,
    actor_id text,
    action text not null,
    target text,
    address text,
    detail text
);

create index audit_log_in_order on audit_log (organization_id, at, id);
create index audit_log_by_age on audit_log (at);

-- The keys of before may do everything, and do not end.
alter table api_keys add column scopes text not null default 'read send manage';
-- The beginning of the secret, by which people recognize a key.
alter table api_keys add column prefix text;
alter table api_keys add column expires_at bigint;
-- To the minute.
alter table api_keys add column last_used_at bigint;
-- The user whose personal key it is.
alter table api_keys add column user_id text;

create index api_keys_of_users on api_keys (user_id) where user_id is not null;
