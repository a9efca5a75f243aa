-- What a provider said about the account of a channel, so that a repeat tells nothing: a hash of it.
create table channel_alerts (
    organization_id text not null,
    channel_id text not null,
    digest text not null,
    created_at bigint not null,
    primary key (organization_id, channel_id, digest)
);

create index channel_alerts_by_age on channel_alerts (created_at);
