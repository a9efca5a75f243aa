-- How much a message takes in the database while it waits, so that what waits can be bounded.
alter table outbox add column bytes bigint not null default 1000;
