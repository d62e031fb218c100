// @xmpp/client or stanza over WebSocket: does one job (JSON on standard input) and reports in JSON Lines.

import { text } from "node:stream/consumers";

import { client, xml } from "@xmpp/client";
import * as stanza from "stanza";
import { WebSocket } from "ws";

const STEP = 15000; // milliseconds for one step

const report = (what) => process.stdout.write(JSON.stringify(what) + "\n");

const job = JSON.parse(await text(process.stdin));
const username = job.jid.split("@")[0];

const within = (promise, what) =>
  Promise.race([
    promise,
    new Promise((_, reject) => setTimeout(() => reject(new Error(`${what}: nothing in ${STEP} ms`)), STEP)),
  ]);

// Headers and closing tags are told as those of a stream over TCP, which the tests read.
function told(xml) {
  if (/^\s*<open\b/.test(xml)) return "<stream:stream>";
  return /^\s*<close\b/.test(xml) ? "</stream:stream>" : xml;
}

// @xmpp/client hands whole documents to the WebSocket and takes whole ones from it: that is what is noted.
class Watched extends WebSocket {
  constructor(...more) {
    super(...more);
    this.addEventListener("open", () => report({ connected: true }));
    this.addEventListener("message", ({ data }) => report({ in: told(String(data)) }));
  }
  send(data, ...more) {
    report({ out: told(String(data)) });
    return super.send(data, ...more);
  }
}

const waiting = new Map();
function received(body) {
  report({ received: body });
  waiting.get(body)?.();
}
async function say(body, send) {
  const answer = new Promise((resolve) => waiting.set(`echo: ${body}`, resolve));
  await send(body);
  await within(answer, `the answer to ${body}`);
}

async function runXmppJs() {
  globalThis.WebSocket = Watched; // Node has one of its own from version 22 on
  const xmpp = client({ service: job.url, domain: job.domain, username, password: job.password });
  xmpp.timeout = STEP;
  xmpp.reconnect.stop();
  xmpp.on("stanza", (element) => {
    const body = element.is("message") && element.getChildText("body");
    if (body) received(body);
  });
  const failed = new Promise((_, reject) => xmpp.once("error", reject));
  await within(Promise.race([xmpp.start(), failed]), "the login");
  xmpp.on("error", () => {});
  const query = await xmpp.iqCaller.get(xml("query", "jabber:iq:roster"));
  report({ roster: query.getChildren("item").map((item) => item.attrs.jid) });
  await xmpp.send(xml("presence"));
  for (const body of job.messages) {
    await say(body, (text) =>
      xmpp.send(xml("message", { to: job.peer, type: "chat", id: crypto.randomUUID() }, xml("body", {}, text))),
    );
  }
  await within(xmpp.stop(), "the close");
}

async function runStanza() {
  const xmpp = stanza.createClient({
    jid: job.jid,
    password: job.password,
    transports: { websocket: job.url, bosh: false },
  });
  xmpp.on("connected", () => report({ connected: true }));
  xmpp.on("raw:outgoing", (data) => report({ out: told(data) }));
  xmpp.on("raw:incoming", (data) => report({ in: told(data) }));
  xmpp.on("message", (message) => message.body && received(message.body));
  const failed = new Promise((_, reject) => {
    xmpp.once("auth:failed", () => reject(new Error("the password was refused")));
    xmpp.once("disconnected", () => reject(new Error("it was disconnected")));
  });
  failed.catch(() => {});
  const started = new Promise((resolve) => xmpp.once("session:started", resolve));
  xmpp.connect();
  await within(Promise.race([started, failed]), "the login");
  const roster = await xmpp.getRoster();
  report({ roster: roster.items.map((item) => item.jid) });
  xmpp.sendPresence();
  for (const body of job.messages) {
    await say(body, (text) => xmpp.sendMessage({ to: job.peer, type: "chat", body: text }));
  }
  const closed = new Promise((resolve) => xmpp.once("disconnected", resolve));
  xmpp.disconnect();
  await within(closed, "the close");
}

try {
  await (job.library === "stanza" ? runStanza() : runXmppJs());
} catch (error) {
  report({ failed: `${error.code ?? error.name}: ${error.message}` });
}
process.exit();
