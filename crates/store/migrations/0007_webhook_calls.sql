-- Attempts to apply a call that were begun and did not end, as the process ended with them; and why a
-- call is set aside: 'unreadable', 'crashed' or 'too_many_items'.
alter table webhook_calls add column attempts bigint not null default 0;
alter table webhook_calls add column set_aside text;

-- Calls are claimed for one organization after the other, so that a large backlog of one delays no other.
drop index webhook_calls_to_apply;
create index webhook_calls_to_apply on webhook_calls (organization_id, attempts, claimed_until)
    where applied_at is null and set_aside is null;
create index webhook_calls_set_aside on webhook_calls (organization_id, received_at, id)
    where set_aside is not null;
create index webhook_calls_set_aside_by_age on webhook_calls (received_at) where set_aside is not null;
