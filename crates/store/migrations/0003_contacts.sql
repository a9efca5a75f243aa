-- The window belongs to the contact: all conversations of a channel that share a name see the latest.

update conversations set window_expires_at = latest.ends from (
    select organization_id, channel_id, user_id, max(window_expires_at) as ends from conversations
    where window_expires_at is not null and user_id is not null
    group by organization_id, channel_id, user_id
) latest
where conversations.organization_id = latest.organization_id
    and conversations.channel_id = latest.channel_id
    and conversations.user_id = latest.user_id
    and coalesce(conversations.window_expires_at, 0) < latest.ends;

-- The spellings of a number: Brazil's with and without its ninth digit, and those of Mexico and Argentina.
update conversations set window_expires_at = latest.ends from (
    select organization_id, channel_id, number, max(window_expires_at) as ends from (
        select organization_id, channel_id, window_expires_at, case
            when phone like '55__9________' then substr(phone, 1, 4) || substr(phone, 6)
            when phone like '521__________' then '52' || substr(phone, 4)
            when phone like '549__________' then '54' || substr(phone, 4)
            else phone end as number from conversations
        where window_expires_at is not null and phone is not null
    ) spelled
    group by organization_id, channel_id, number
) latest
where conversations.organization_id = latest.organization_id
    and conversations.channel_id = latest.channel_id
    and case
        when conversations.phone like '55__9________'
            then substr(conversations.phone, 1, 4) || substr(conversations.phone, 6)
        when conversations.phone like '521__________' then '52' || substr(conversations.phone, 4)
        when conversations.phone like '549__________' then '54' || substr(conversations.phone, 4)
        else conversations.phone end = latest.number
    and coalesce(conversations.window_expires_at, 0) < latest.ends;

-- Groups have none of a customer's names, and are found by their address.
create index if not exists conversations_of_groups on conversations (organization_id, channel_id, recipient)
    where phone is null and user_id is null and lid is null;
