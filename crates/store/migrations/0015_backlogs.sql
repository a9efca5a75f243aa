-- What waits is counted in indexes alone, which must have every column that a count looks at.

drop index webhook_calls_to_apply;
create index webhook_calls_to_apply
    on webhook_calls (organization_id, attempts, claimed_until, received_at, applied_at, set_aside)
    where applied_at is null and set_aside is null;

create index messages_unknown on messages (status, created_at) where status = 'unknown';

create index channels_by_state on channels (provider, connected);
