-- SQLite records this migration and runs nothing of it, as its name says: its pages are used again at once.

-- Webhook calls are partitioned by their ids, which begin with their time (UUIDv7), so that old ones are dropped
-- together. The ids stay the only key, and statements about one call find its partition.
alter table webhook_calls rename to webhook_calls_before;
alter index webhook_calls_pkey rename to webhook_calls_before_pkey;
alter index webhook_calls_to_apply rename to webhook_calls_before_to_apply;
alter index webhook_calls_applied rename to webhook_calls_before_applied;
alter index webhook_calls_claimed rename to webhook_calls_before_claimed;
alter index webhook_calls_set_aside rename to webhook_calls_before_set_aside;
alter index webhook_calls_set_aside_by_age rename to webhook_calls_before_set_aside_by_age;

create table webhook_calls (like webhook_calls_before including defaults, primary key (id)) partition by range (id);
create index webhook_calls_to_apply
    on webhook_calls (organization_id, attempts, claimed_until, received_at, applied_at, set_aside)
    where applied_at is null and set_aside is null;
create index webhook_calls_applied on webhook_calls (applied_at) where applied_at is not null;
create index webhook_calls_claimed on webhook_calls (server_id) where applied_at is null and server_id <> '';
create index webhook_calls_set_aside on webhook_calls (organization_id, received_at, id)
    where set_aside is not null;
create index webhook_calls_set_aside_by_age on webhook_calls (received_at) where set_aside is not null;

-- The table of before becomes the first partition, until in an hour; this reads it once.
do $$
declare
    ends text := lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint + 3600000), 12, '0');
begin
    if exists (select 1 from webhook_calls_before where id >= 'whc_' || ends) then
        -- A call of a server whose clock is ahead: it is in no partition of that time.
        alter table webhook_calls attach partition webhook_calls_before default;
        alter table webhook_calls_before rename to webhook_calls_default;
    else
        execute format('alter table webhook_calls attach partition webhook_calls_before '
            'for values from (minvalue) to (%L)', 'whc_' || ends);
        execute format('alter table webhook_calls_before rename to webhook_calls_p000000000000_%s', ends);
        create table webhook_calls_default partition of webhook_calls default;
    end if;
end $$;
