-- How much a message takes in the database while it waits, so that what waits can be bounded.
alter table outbox add column bytes bigint not null default 1000;

-- One row of each conversation is due or under way: before, one could be due beside one that is under way.
update outbox set next_at = null where calling = 0 and next_at is not null and exists (
    select 1 from outbox c where c.organization_id = outbox.organization_id
    and c.conversation_id = outbox.conversation_id and c.calling = 1
);
drop index outbox_heads;
create unique index outbox_heads on outbox (organization_id, conversation_id) where next_at is not null;
