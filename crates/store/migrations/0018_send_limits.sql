-- How much of each limit of sends is used. A limit without a row is not used.
create table send_limits (
    organization_id text not null,
    -- `o` for the organization, `c:` with a channel, `k:` with an API key, `p:` with a keyed hash of a channel and a person.
    subject text not null,
    -- When nothing of the limit is used any more, in microseconds.
    full_at bigint not null,
    -- When the last burst of messages to a person began, in microseconds.
    started_at bigint,
    primary key (organization_id, subject)
);

-- How many messages an organization may send in a second, and an API key in a minute; null if as many as come.
alter table organizations add column messages_per_second bigint;
alter table api_keys add column messages_per_minute bigint;
