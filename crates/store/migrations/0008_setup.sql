-- The master key, and the end of organizations.

-- One row: the fingerprint of the key that the secrets are encrypted with, and while the key is being
-- rotated also that of the next one.
create table master_key (
    id bigint not null primary key,
    fingerprint text not null,
    next_fingerprint text
);

-- A suspended organization keeps its data, a deleted one loses it in steps.
alter table organizations add column suspended_at bigint;
alter table organizations add column deleted_at bigint;
