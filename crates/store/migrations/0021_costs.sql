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

-- The budget of a channel for each month, as JSON.
alter table channels add column budget text;

-- How much of the budget of a channel is used in a calendar month. A channel without a budget has no row.
create table channel_budgets (
    organization_id text not null,
    channel_id text not null,
    -- When the month begins, in UTC.
    month bigint not null,
    messages bigint not null,
    -- In millionths of the currency.
    amount bigint not null,
    -- The part, in percent, of which an event told last, and of which budget it told.
    alerted bigint not null,
    alerted_limit text not null,
    primary key (organization_id, channel_id, month)
);

create index channel_budgets_by_age on channel_budgets (month);

-- What a message has taken of the budget of its channel: in which month, and how many millionths. Null without a budget.
alter table messages add column budget_month bigint;
alter table messages add column budget_price bigint;
