-- Servers, and who claimed what: a claim of a server whose lease has ended is free.

-- `lease_until` is by the clock of the database.
create table servers (
    id text not null primary key,
    name text,
    lease_until bigint not null,
    started_at bigint not null
);

-- The server that sends the message, while it is `sending`; empty before there were leases.
alter table messages add column server_id text not null default '';
update messages set server_id = 'unknown' where status = 'sending';

drop index messages_sending;
create index messages_sending on messages (organization_id, server_id) where status = 'sending';

-- The server whose claim `claimed_until` is about; empty if any server may claim it at that time.
alter table webhook_calls add column server_id text not null default '';
-- Holds only what is being applied right now.
create index webhook_calls_claimed on webhook_calls (server_id) where applied_at is null and server_id <> '';

-- The server whose claim it is, if there is one.
alter table deliveries add column server_id text not null default '';
update deliveries set server_id = 'unknown' where status = 'pending' and claimed_until > 0;
