-- Deliveries: filtered lists, and what the claim knows about an endpoint.

-- When an event arrived last, to the minute; null if none did.
alter table webhook_endpoints add column accepted_at bigint;
-- 1 from an attempt that fails or is slow until one that succeeds quickly: the endpoint has one place.
alter table webhook_endpoints add column slow bigint not null default 0;

create index deliveries_by_status on deliveries (organization_id, endpoint_id, status, seq);
