-- Delivered messages by what is charged for them, for each channel and calendar month.
create table message_costs (
    organization_id text not null,
    channel_id text not null,
    -- When the month begins, in UTC.
    month bigint not null,
    -- What is charged for, such as `service`; empty if the provider does not say.
    category text not null,
    -- `regular` if the message is billed, or the provider's word for why it is free.
    charge text not null,
    -- The calling code of the recipients; empty if it is not known.
    market text not null,
    messages bigint not null,
    primary key (organization_id, channel_id, month, category, charge, market)
);

create index message_costs_by_age on message_costs (month);
