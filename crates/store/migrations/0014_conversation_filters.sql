-- Lists of the conversations of an agent, of a channel, or of both, in the order of the list.
create index conversations_by_agent on conversations (organization_id, agent_id, created_at, id);
create index conversations_by_channel on conversations (organization_id, channel_id, created_at, id);
create index conversations_by_agent_and_channel
    on conversations (organization_id, agent_id, channel_id, created_at, id);

-- A customer is looked for in one channel when a message comes in, and in all channels by a person. With the
-- address before the channel, one index serves both.
drop index conversations_by_phone;
drop index conversations_by_user_id;
drop index conversations_by_lid;
drop index conversations_of_groups;
create index conversations_by_phone on conversations (organization_id, phone, channel_id)
    where phone is not null;
create index conversations_by_user_id on conversations (organization_id, user_id, channel_id)
    where user_id is not null;
create index conversations_by_lid on conversations (organization_id, lid, channel_id)
    where lid is not null;
create index conversations_of_groups on conversations (organization_id, recipient, channel_id)
    where phone is null and user_id is null and lid is null;
