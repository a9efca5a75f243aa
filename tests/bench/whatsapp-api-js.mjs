// What a program on Node does with the same request: it reads the body, makes the message with the library, and sends it.
// It stores nothing. The first argument is the URL of the provider; the first line of output is the own address.
import http from "node:http";
import { WhatsAppAPI } from "whatsapp-api-js";
import { ActionButtons, Body, Button, Footer, Header, Interactive } from "whatsapp-api-js/messages";

const provider = process.argv[2];
const api = new WhatsAppAPI({
  token: "token",
  secure: false,
  v: "v25.0",
  ponyfill: {
    fetch: (url, options) => fetch(url.replace("https://graph.facebook.com", provider), options),
  },
});

async function send(fields) {
  const message = new Interactive(
    new ActionButtons(
      new Button(fields.button_1_id, fields.button_1_title),
      new Button(fields.button_2_id, fields.button_2_title),
    ),
    new Body(fields.body_text),
    new Header(fields.header_text),
    new Footer(fields.footer_text),
  );
  const answer = await api.sendMessage("800000000000001", { phone: "5511900000001" }, message);
  return { success: true, message: { externalId: answer.messages[0].id } };
}

const server = http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", async () => {
    let status = 200;
    let answer;
    try {
      answer = await send(JSON.parse(Buffer.concat(parts).toString()));
    } catch (error) {
      status = 500;
      answer = { error: String(error) };
    }
    const text = JSON.stringify(answer);
    response.writeHead(status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
    });
    response.end(text);
  });
});
server.listen(0, "127.0.0.1", () => console.log(`127.0.0.1:${server.address().port}`));
