-- A keyed hash of the number that a channel connects. It is null until a server fills it when it starts: for
-- channels that are older than this column, and after the master key was changed.
alter table channels add column number text;

-- The number comes first, so that the channels without one are found.
create unique index channels_by_number on channels (number, organization_id);
