-- Since when the queued messages of a channel wait.
alter table channels add column paused_at bigint;
-- Why it does not work, as JSON, and after it was resumed, why it did not; null if a request paused it.
alter table channels add column pause_error text;
-- When its provider is asked next whether it works.
alter table channels add column check_at bigint;
-- Milliseconds between the last question and the next.
alter table channels add column check_wait bigint;
-- 1 if one queued message may try whether it works.
alter table channels add column trial bigint not null default 0;
-- When it was resumed last by itself.
alter table channels add column resumed_at bigint;

create index channels_paused on channels (provider) where paused_at is not null;
create index channels_to_check on channels (check_at) where check_at is not null;
