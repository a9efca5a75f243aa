// A small program over the types that are made of the OpenAPI document: it sends the published example and reads
// what came of it. Every field and word that it names has to be in the document, or it does not compile.

import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Event = components["schemas"]["Event"];
type Channel = components["schemas"]["Channel"];

declare const process: { argv: string[] };

const [url, key] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });

function check(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(sentence);
}

/** Returns the answer, or fails with the error that the document describes. */
function answer<T>({ data, error }: { data?: T; error?: components["schemas"]["ErrorBody"] }): T {
  check(data !== undefined, error ? `${error.reason}: ${error.error}` : "no answer");
  return data;
}

/** Tells an event in a line; the type decides what `data` has. */
function line(event: Event): string {
  switch (event.type) {
    case "button.pressed":
      return `${event.data.from.phone} pressed ${event.data.button.id}`;
    case "list.selected":
      return `${event.data.from.phone} chose ${event.data.list.id}`;
    case "message.received":
      return `${event.data.from.phone} wrote ${event.data.text}`;
    case "conversation.created":
      return `${event.data.from.phone} is new`;
    case "channel.connected":
    case "channel.disconnected":
      return `${event.channelId}: ${event.data.detail}`;
    case "channel.paused":
    case "channel.resumed":
      return `${event.channelId}: ${event.data.error?.message}`;
    case "channel.alert":
      return `${event.channelId}: ${event.data.severity}: ${event.data.detail}`;
    case "channel.budget":
      return `${event.channelId}: ${event.data.percent} % of the budget of ${event.data.month}`;
    case "webhook_endpoint.disabled":
      return `${event.data.endpointId} since ${event.data.failingSince}`;
    default:
      return `${event.data.messageId} is ${event.data.status}`;
  }
}

/** Returns the setting that only one provider has. */
function setting(channel: Channel): string | null | undefined {
  switch (channel.provider) {
    case "whatsapp":
      return channel.settings.apiVersion;
    case "zapi":
      return channel.settings.buttonsEndpoint;
    case "zapperhub":
      return channel.settings.dialect;
  }
}

const sent = answer(
  await client.POST("/messages/interactive/send-buttons", {
    body: {
      agentId: "agent-123",
      conversationId: "conv-456",
      header_text: "Select an option",
      body_text: "How can we help you today?",
      footer_text: "ChatVolt Support",
      button_1_id: "btn_sales",
      button_1_title: "Sales",
      button_2_id: "btn_support",
      button_2_title: "Support",
    },
  }),
);
check("message" in sent, "the message was sent");
// The demo's providers report the next steps at once.
const arrived = ["accepted", "sent", "delivered"];
check(arrived.includes(sent.message.status), `the message is ${sent.message.status}`);

const shown = answer(await client.GET("/messages/{id}", { params: { path: { id: sent.message.id } } }));
check(shown.metadata.buttons[1]?.title === "Support", "the second button is stored");

const events = answer(await client.GET("/events", { params: { query: { type: "button.pressed" } } }));
check(events.data.map(line).some((text) => text.endsWith("pressed btn_sales")), "a tap is in the events");

const channels = answer(await client.GET("/channels"));
check(channels.data.length >= 3 && channels.data.map(setting).length >= 3, "the channels are listed");

const changed = answer(
  await client.PATCH("/channels/{id}", {
    params: { path: { id: "zapi" } },
    body: { settings: { buttonsEndpoint: "list" }, credentials: { instanceToken: "TOKEN-01" } },
  }),
);
check(setting(changed) === "list", "the setting was changed");

const created = await client.POST("/agents", { body: { id: "agent-ts", name: "TypeScript" } });
check(answer(created).id === "agent-ts", "the agent was created");
const again = await client.POST("/agents", { body: { id: "agent-ts", name: "TypeScript" } });
check(again.error?.reason === "already_exists", "an agent is not created twice");
