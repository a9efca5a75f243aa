-- Organizations that are deleted and whose data are not removed yet.

create index organizations_deleted on organizations (deleted_at) where deleted_at is not null;
