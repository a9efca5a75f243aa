"""A small program over the Python client that is made of the OpenAPI document.

It sends the published example and reads what came of it.
"""

import sys

from recado_client import AuthenticatedClient
from recado_client.api.agents import create_agent
from recado_client.api.channels import list_channels, update_channel
from recado_client.api.events import list_events
from recado_client.api.messages import send_buttons, show_message
from recado_client.models import (
    Agent,
    ButtonPressedEvent,
    ChannelPatch,
    ErrorBody,
    ErrorReason,
    ListEventsType,
    MessageStatus,
    NewAgent,
    SendButtonsBody,
    Sent,
    ZapiChannel,
    ZapiCredentialsPatch,
)

url, key = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=key)

example = SendButtonsBody(
    agent_id="agent-123",
    conversation_id="conv-456",
    header_text="Select an option",
    body_text="How can we help you today?",
    footer_text="ChatVolt Support",
    button_1_id="btn_sales",
    button_1_title="Sales",
    button_2_id="btn_support",
    button_2_title="Support",
)
sent = send_buttons.sync(client=client, body=example)
assert isinstance(sent, Sent), sent
# The demo's providers report the next steps at once.
arrived = {MessageStatus.ACCEPTED, MessageStatus.SENT, MessageStatus.DELIVERED}
assert sent.message.status in arrived, sent

shown = show_message.sync(sent.message.id, client=client)
assert shown.metadata.buttons[1].title == "Support", shown

events = list_events.sync(client=client, type_=ListEventsType.BUTTON_PRESSED)
assert events.data and all(isinstance(event, ButtonPressedEvent) for event in events.data), events
assert any(event.data.button.id == "btn_sales" for event in events.data), events

channels = list_channels.sync(client=client)
assert any(isinstance(channel, ZapiChannel) for channel in channels.data), channels

patch = ChannelPatch(credentials=ZapiCredentialsPatch(instance_token="TOKEN-01"))
changed = update_channel.sync("zapi", client=client, body=patch)
assert isinstance(changed, ZapiChannel), changed

created = create_agent.sync(client=client, body=NewAgent(id="agent-py", name="Python"))
assert isinstance(created, Agent), created
again = create_agent.sync(client=client, body=NewAgent(id="agent-py", name="Python"))
assert isinstance(again, ErrorBody) and again.reason == ErrorReason.ALREADY_EXISTS, again
