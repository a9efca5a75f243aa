-- Columns are text, bigint and bytea only: the types that SQLite and PostgreSQL share.
-- Instants are milliseconds since 1970 UTC; ids, enums and JSON are text.

create table organizations (
    id text not null primary key,
    name text not null,
    created_at bigint not null
);

create index organizations_in_order on organizations (created_at, id);

-- A key without an organization is an operator's.
create table api_keys (
    id text not null primary key,
    organization_id text references organizations (id),
    name text not null,
    secret_hash bytea not null unique,
    created_at bigint not null
);

create index api_keys_in_order on api_keys (organization_id, created_at, id);

create table agents (
    organization_id text not null references organizations (id),
    id text not null,
    name text not null,
    created_at bigint not null,
    primary key (organization_id, id)
);

create index agents_in_order on agents (organization_id, created_at, id);

-- Tells an agent of another organization from no agent at all.
create index agents_by_id on agents (id);

create table channels (
    id text not null primary key,
    organization_id text not null references organizations (id),
    provider text not null,
    name text not null,
    settings text not null,
    key_id text not null,
    secrets bytea not null,
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null
);

create index channels_in_order on channels (organization_id, created_at, id);

-- No reference to agents or channels: what was said outlives who said it.
create table conversations (
    organization_id text not null references organizations (id),
    id text not null,
    agent_id text not null,
    channel_id text not null,
    recipient text not null,
    created_at bigint not null,
    primary key (organization_id, id),
    unique (organization_id, agent_id, channel_id, recipient)
);

create index conversations_in_order on conversations (organization_id, created_at, id);

-- No reference to conversations: they are never deleted, and this is the hot path.
create table messages (
    organization_id text not null,
    id text not null,
    conversation_id text not null,
    agent_id text not null,
    channel_id text not null,
    status text not null,
    content text not null,
    warnings text not null,
    external_id text,
    provider_id text,
    error text,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (organization_id, id)
);

create index messages_in_order on messages (organization_id, conversation_id, created_at, id);

-- Holds only what is on its way right now.
create index messages_sending on messages (created_at) where status = 'sending';
