-- Messages that wait for their turn or their time. A row goes when its message has an outcome.
create table outbox (
    organization_id text not null,
    message_id text not null,
    conversation_id text not null,
    -- The organization and the channel, in one text: the worker steps from one queue to the next.
    queue text not null,
    -- From when on the message may be sent, which is also its place in its conversation.
    send_at bigint not null,
    -- When the next attempt may be made.
    ready_at bigint not null,
    -- The same for the first message of a conversation; null while an earlier one waits.
    next_at bigint,
    -- When it is given up.
    expires_at bigint not null,
    -- Attempts that count against the limit.
    attempts bigint not null default 0,
    -- All attempts that were begun: what an earlier one writes late must not touch a later one.
    fence bigint not null default 0,
    -- 1 while a server makes an attempt; the message is `sending` then.
    calling bigint not null default 0,
    primary key (organization_id, message_id)
);

create index outbox_in_order on outbox (organization_id, conversation_id, send_at, message_id);

-- Holds one row of each conversation that has any.
create index outbox_due on outbox (queue, next_at, message_id) where next_at is not null and calling = 0;
create index outbox_heads on outbox (organization_id, conversation_id) where next_at is not null;

-- From when on the message was to be sent, if that was later than its creation.
alter table messages add column send_at bigint;
