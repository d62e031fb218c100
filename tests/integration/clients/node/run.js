// An @xmpp/client that does one job (JSON on standard input) and reports in JSON Lines.

import dns from "node:dns";
import tls from "node:tls";
import { text } from "node:stream/consumers";

import { client, xml } from "@xmpp/client";

const STEP = 15000; // milliseconds for one step

const report = (what) => process.stdout.write(JSON.stringify(what) + "\n");

const job = JSON.parse(await text(process.stdin));
const direct = job.tls === "direct";

if (job.version) tls.DEFAULT_MIN_VERSION = tls.DEFAULT_MAX_VERSION = `TLSv${job.version}`;

// With direct TLS it names nobody in SNI and wants a certificate for what it dials, be that an address or the domain.
if (direct && job.by_name) {
  const lookup = dns.lookup;
  dns.lookup = (name, options, done) => lookup(name === job.domain ? job.host : name, options, done);
}
const host = direct && job.by_name ? job.domain : job.host;

const xmpp = client({
  service: `${direct ? "xmpps" : "xmpp"}://${host}:${job.port}`,
  domain: job.domain,
  username: job.jid.split("@")[0],
  password: job.password,
});
xmpp.timeout = STEP;
xmpp.reconnect.delay = 100;

// What it sends is noted where it is written, since headers and closing tags are no "send" event.
const write = xmpp.write.bind(xmpp);
xmpp.write = (string) => {
  if (xmpp.status !== "closing") report({ out: string }); // it refuses to write then
  return write(string);
};
xmpp.on("connect", () => report({ connected: true }));
xmpp.on("open", (header) => report({ in: `${header.toString().replace(/\/>$/, ">")}` }));
xmpp.on("element", (element) => report({ in: element.toString() }));
xmpp.on("close", () => report({ in: "</stream:stream>" }));

const within = (promise, what) =>
  Promise.race([
    promise,
    new Promise((_, reject) => setTimeout(() => reject(new Error(`${what}: nothing in ${STEP} ms`)), STEP)),
  ]);

const secured = () => report({ tls: xmpp.socket.socket.getProtocol() });

async function say(body) {
  const answer = new Promise((resolve) => {
    xmpp.on("stanza", function take(stanza) {
      if (!stanza.is("message") || stanza.getChildText("body") !== `echo: ${body}`) return;
      xmpp.removeListener("stanza", take);
      resolve();
    });
  });
  await xmpp.send(xml("message", { to: job.peer, type: "chat", id: crypto.randomUUID() }, xml("body", {}, body)));
  await within(answer, `the answer to ${body}`);
}

async function cut() {
  const resumed = new Promise((resolve) => xmpp.streamManagement.once("resumed", resolve));
  xmpp.socket.socket.destroy();
  await within(resumed, "the resumption");
  secured();
  report({ resumed: true });
}

xmpp.on("stanza", (stanza) => {
  const body = stanza.is("message") && stanza.getChildText("body");
  if (body) report({ received: body });
});

try {
  const failed = new Promise((_, reject) => xmpp.once("error", reject));
  await within(Promise.race([xmpp.start(), failed]), "the login");
  xmpp.on("error", () => {});
  secured();
  const query = await xmpp.iqCaller.get(xml("query", "jabber:iq:roster"));
  report({ roster: query.getChildren("item").map((item) => item.attrs.jid) });
  await xmpp.send(xml("presence"));
  for (const body of job.messages) await say(body);
  if (job.cut) {
    await cut();
    await say(job.after);
  }
  await within(xmpp.stop(), "the close");
} catch (error) {
  report({ failed: `${error.code ?? error.name}: ${error.message}` });
}
process.exit();
