-- Which request was made under an `Idempotency-Key`, for 24 hours. The requests of operators have an empty organization.
create table idempotency_keys (
    organization_id text not null,
    -- A hash of the method, the path and the key.
    id text not null,
    -- A hash of the same and the body.
    fingerprint text not null,
    -- The id of what the request made.
    target text not null,
    created_at bigint not null,
    primary key (organization_id, id)
);

create index idempotency_keys_by_age on idempotency_keys (created_at);

-- When the caller learned that the outcome of a message is unknown; it stays when a status settles the message.
alter table messages add column unknown_at bigint;

create index messages_once_unknown on messages (organization_id, conversation_id, unknown_at)
    where unknown_at is not null;

-- 1 if a repeat of a message whose outcome became unknown is answered and not sent.
alter table organizations add column guards_repeats bigint not null default 1;
