-- Events up to this number are removed, except for those of which a delivery is kept.
alter table organizations add column events_removed_to bigint not null default 0;
