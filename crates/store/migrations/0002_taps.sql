-- What comes in, what is told of it, and to whom.

alter table organizations add column last_event bigint not null default 0;

-- The agent of conversations that customers begin; no reference: an agent may be deleted.
alter table channels add column default_agent_id text;
-- 0 and 1; null until the provider says.
alter table channels add column connected bigint;

-- The names of the customer, beside the one that messages are sent to.
alter table conversations add column phone text;
alter table conversations add column user_id text;
alter table conversations add column lid text;
alter table conversations add column person_name text;
alter table conversations add column window_expires_at bigint;

update conversations set phone = recipient
    where recipient not like '%@%' and recipient not like '%.%';
update conversations set user_id = recipient where recipient like '__.%';
update conversations set lid = recipient where recipient like '%@lid';

create index conversations_by_phone on conversations (organization_id, channel_id, phone)
    where phone is not null;
create index conversations_by_user_id on conversations (organization_id, channel_id, user_id)
    where user_id is not null;
create index conversations_by_lid on conversations (organization_id, channel_id, lid)
    where lid is not null;

alter table messages add column direction text not null default 'outbound';
-- Who wrote an inbound message, as JSON.
alter table messages add column sender text;

create index messages_by_external_id on messages (organization_id, channel_id, external_id)
    where external_id is not null;
create index messages_by_provider_id on messages (organization_id, channel_id, provider_id)
    where provider_id is not null;
create unique index messages_inbound_once on messages (organization_id, channel_id, external_id)
    where direction = 'inbound';

-- Raw webhook calls, on disk before they are answered; the body is encrypted.
-- No reference: this is the hot path.
create table webhook_calls (
    id text not null primary key,
    organization_id text not null,
    channel_id text not null,
    content_type text,
    key_id text not null,
    body bytea not null,
    received_at bigint not null,
    claimed_until bigint not null,
    applied_at bigint
);

create index webhook_calls_to_apply on webhook_calls (claimed_until) where applied_at is null;
create index webhook_calls_applied on webhook_calls (applied_at) where applied_at is not null;

-- Statuses that came before the answer to their send; `sought` is any id that they go by.
create table orphan_statuses (
    organization_id text not null,
    channel_id text not null,
    sought text not null,
    status text not null,
    external_id text,
    error text,
    created_at bigint not null,
    primary key (organization_id, channel_id, sought, status)
);

create index orphan_statuses_by_age on orphan_statuses (created_at);

create table events (
    organization_id text not null,
    seq bigint not null,
    type text not null,
    agent_id text,
    channel_id text,
    conversation_id text,
    data text not null,
    created_at bigint not null,
    primary key (organization_id, seq)
);

create index events_by_type on events (organization_id, type, seq);
create index events_by_conversation on events (organization_id, conversation_id, seq)
    where conversation_id is not null;

-- `events` is a JSON list of types; an empty list means all.
create table webhook_endpoints (
    organization_id text not null references organizations (id),
    id text not null,
    url text not null,
    events text not null,
    format text not null,
    key_id text not null,
    secrets bytea not null,
    disabled_at bigint,
    failing_since bigint,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (organization_id, id)
);

create index webhook_endpoints_in_order on webhook_endpoints (organization_id, created_at, id);

-- One event for one endpoint. A lane is a conversation, or empty: its deliveries go one by one.
-- Only the oldest pending one of a lane has a `next_at`.
create table deliveries (
    organization_id text not null,
    endpoint_id text not null,
    seq bigint not null,
    lane text not null,
    status text not null,
    attempts bigint not null,
    next_at bigint,
    claimed_until bigint not null,
    last_status bigint,
    last_error text,
    created_at bigint not null,
    finished_at bigint,
    primary key (organization_id, endpoint_id, seq)
);

create index deliveries_due on deliveries (organization_id, endpoint_id, next_at, seq)
    where status = 'pending' and next_at is not null;
create index deliveries_in_lane on deliveries (organization_id, endpoint_id, lane, seq)
    where status = 'pending';
create index deliveries_claimed on deliveries (organization_id, endpoint_id, claimed_until)
    where status = 'pending' and claimed_until > 0;
create index deliveries_finished on deliveries (finished_at) where finished_at is not null;

create table delivery_attempts (
    organization_id text not null,
    endpoint_id text not null,
    seq bigint not null,
    number bigint not null,
    at bigint not null,
    status bigint,
    error text,
    duration_ms bigint not null,
    primary key (organization_id, endpoint_id, seq, number)
);
