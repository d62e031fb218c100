// The fields and words of the filter language (docs/reference/filter.md), as they are read off an entry in the page. A
// test holds them against those of `--filter`.

import { parse, sent } from "./xml.js";

const words = (text) => text.split(" ");
const KINDS = words("stream-open stream-close stanza nonza stream-error keepalive tls compression http gap opaque malformed closed proxy");
const SEVERITIES = words("error warning info");
const CONTENT = new Set(["jabber:client", "jabber:server", "jabber:component:accept"]);
const CONDITIONS = new Set([
  "urn:ietf:params:xml:ns:xmpp-streams", "urn:ietf:params:xml:ns:xmpp-stanzas", "urn:ietf:params:xml:ns:xmpp-sasl",
  "http://jabber.org/protocol/compress",
]);
const bare = (jid) => jid.split("/", 1)[0];
const domain = (jid) => { const one = bare(jid); return one.slice(one.indexOf("@") + 1); };
const plain = (type, name, choices) => ({ type, get: (entry) => entry[name], choices });
const many = (type, get, choices) => ({ type, many: true, get, choices });
const inside = (get, mayHold) => ({ mayHold, ...many("text", (entry) => { const root = parse(entry); return root === null ? [] : get(root); }) });
const all = (root) => [root, ...root.getElementsByTagName("*")];

// Whether a text may be in the XML, as far as can be told without parsing it; false is certain.
const mayHoldName = (entry, text) => entry.xml !== undefined && entry.xml.includes(text);
const mayHoldNamespace = (entry, text) => entry.xml !== undefined && (entry.xml.includes(text) || entry.xml.includes("&") || text.includes(" ") ||
  Object.values(entry.xmlns || {}).some((uri) => uri.includes(text)));
const BODY = /<(?:[\w.-]+:)?body\b/g;
const PLAIN_BODY = /<(?:[\w.-]+:)?body\b[^<]*<\/(?:[\w.-]+:)?body/g;
const mayHoldBody = (entry, text) => {
  const { xml } = entry;
  if (xml === undefined || !xml.includes("body")) return false;
  return xml.includes(text) || /[&\r\n]|<!\[/.test(xml) || xml.match(BODY)?.length !== xml.match(PLAIN_BODY)?.length;
};
const ends = (entry) => [entry.from, entry.to].filter((one) => one !== undefined);

export const TLS_TIMES = new Set(["not_before", "not_after"]);
const TLS_LISTS = new Set(words("versions ciphers groups alpn names misfits"));
const TLS_FLAGS = new Set(words("resumed retry early_data early_data_accepted key_update certificate_hidden self_signed fits client_certificate client_certificate_asked alert_hidden torn"));
const TLS = words("version versions cipher ciphers group groups sni alpn alpn_chosen resumed resumption_asked retry early_data early_data_accepted key_update certificate certificate_error certificate_hidden issuer serial self_signed names not_before not_after key signature fingerprint fits misfits client_certificate client_certificate_asked alert alert_level alert_hidden torn");

function tls(name) {
  const get = (entry) => (entry.tls || {})[name];
  if (TLS_TIMES.has(name)) return { type: "time", get };
  if (TLS_LISTS.has(name)) return many("text", (entry) => [].concat(get(entry) ?? []));
  return { type: TLS_FLAGS.has(name) ? "yes or no" : "text", get };
}

export const FIELDS = {
  entry: plain("number", "entry"), connection: plain("number", "connection"), stream: plain("number", "stream"),
  sender: plain("word", "sender", ["initiating", "receiving"]), kind: plain("word", "kind", KINDS),
  time: plain("time", "time"), end_time: plain("time", "end_time"), summary: plain("text", "summary"),
  state: plain("word", "state", words("unknown connected header-sent header-both negotiating tls sasl compressing open half-closed closing closed broken")),
  protection: plain("text", "protection"), compression: plain("text", "compression"),
  packets: plain("numbers", "packets"), file: plain("number", "file"), size: plain("size", "size"),
  offset: { type: "numbers", get: (entry) => entry.offset && [entry.offset[0], entry.offset[1] - 1] },
  name: plain("text", "name"),
  ns: inside((root) => [...new Set(all(root).map((one) => sent(one.namespaceURI || "")))].filter(Boolean), mayHoldNamespace),
  child: inside((root) => [...root.children].map((one) => one.localName), mayHoldName),
  body: inside((root) => all(root).filter((one) => one.localName === "body" && CONTENT.has(one.namespaceURI)).map((one) => sent(one.textContent)), mayHoldBody),
  condition: inside((root) => all(root).filter((one) => /^(error|failure|failed)$/.test(one.localName)).flatMap((error) =>
    [...error.children].filter((one) => CONDITIONS.has(one.namespaceURI) && one.localName !== "text").map((one) => one.localName)), mayHoldName),
  xml: plain("text", "xml"), xmlns: many("text", (entry) => Object.values(entry.xmlns || {})),
  id: plain("text", "id"), type: plain("text", "type"), from: plain("text", "from"), to: plain("text", "to"),
  jid: many("text", (entry) => ends(entry).flatMap((jid) => [jid, bare(jid)])),
  domain: many("text", (entry) => ends(entry).map(domain)),
  xep: many("XEP number", (entry) => entry.xeps || []),
  answers: plain("number", "answers"), latency: plain("duration", "latency"),
  redacted: { type: "yes or no", get: (entry) => entry.redacted || false },
  reason: plain("text", "reason"), bytes: plain("hex", "bytes"),
  "annotations.text": many("text", (entry) => (entry.annotations || []).map((one) => one.text)),
  "annotations.spec": many("text", (entry) => (entry.annotations || []).map((one) => one.spec || "")),
  "links.rel": many("text", (entry) => (entry.links || []).map((one) => one.rel)),
  "links.entry": many("number", (entry) => (entry.links || []).map((one) => one.entry)),
  severity: plain("word", "severity", SEVERITIES), leg: plain("word", "leg", ["client", "server"]),
  "edit.by": { type: "text", get: (entry) => entry.edit?.by },
  "edit.action": { type: "word", get: (entry) => entry.edit?.action, choices: words("changed dropped injected delayed") },
  "edit.of": { type: "number", get: (entry) => entry.edit?.of },
  finding: many("text", (_entry, about) => about.findings.map((one) => one.rule)),
  "finding.severity": many("word", (_entry, about) => about.findings.map((one) => one.severity), SEVERITIES),
  "finding.text": many("text", (_entry, about) => about.findings.map((one) => one.text)),
  "finding.spec": many("text", (_entry, about) => about.findings.map((one) => one.spec)),
  diagnosis: { type: "text", get: () => undefined },
  "connection.kind": { type: "word", get: (_entry, about) => about.connection?.kind, choices: words("c2s s2s component unknown") },
  "connection.transport": { type: "word", get: (_entry, about) => about.connection?.transport, choices: words("tcp websocket bosh") },
  "connection.initiating": { type: "text", get: (_entry, about) => about.connection?.initiating },
  "connection.receiving": { type: "text", get: (_entry, about) => about.connection?.receiving },
  "connection.proxy": { type: "text", get: (_entry, about) => about.connection?.proxy },
  ...Object.fromEntries(TLS.map((name) => [`tls.${name}`, tls(name)])),
};

export const ALIASES = { xeps: "xep", packet: "packets", annotations: "annotations.text", links: "links.rel" };

/** Tell whether an entry by itself is an error. */
function isError(entry) {
  switch (entry.kind) {
    case "stanza": return entry.type === "error";
    case "nonza": return /^(failure|failed|error)$/.test(entry.name);
    case "tls": return entry.tls?.alert_level === "fatal";
    case "malformed": case "stream-error": return true;
    case "proxy": return entry.reason !== undefined;
  }
  return false;
}

const found = (severity) => (about) => about.findings.some((one) => one.severity === severity);

export const WORDS = {
  ...Object.fromEntries(["iq", "message", "presence"].map((name) => [name, (entry) => entry.kind === "stanza" && entry.name === name])),
  ...Object.fromEntries(KINDS.map((kind) => [kind, (entry) => entry.kind === kind])),
  error: (entry, about) => isError(entry) || found("error")(about),
  warning: (entry, about) => (entry.kind === "closed" && entry.state === "broken") || found("warning")(about),
  answered: (entry) => entry.answers !== undefined,
  edit: (entry) => entry.edit !== undefined,
};

export const PREFIXES = Object.fromEntries(`c jabber:client|s jabber:server|comp jabber:component:accept
stream http://etherx.jabber.org/streams|streams urn:ietf:params:xml:ns:xmpp-streams|stanzas urn:ietf:params:xml:ns:xmpp-stanzas
starttls urn:ietf:params:xml:ns:xmpp-tls|sasl urn:ietf:params:xml:ns:xmpp-sasl|sasl2 urn:xmpp:sasl:2
bind urn:ietf:params:xml:ns:xmpp-bind|bind2 urn:xmpp:bind:0|session urn:ietf:params:xml:ns:xmpp-session
framing urn:ietf:params:xml:ns:xmpp-framing|compress http://jabber.org/protocol/compress|db jabber:server:dialback
bidi urn:xmpp:bidi|sm urn:xmpp:sm:3|fast urn:xmpp:fast:0|csi urn:xmpp:csi:0|roster jabber:iq:roster
disco http://jabber.org/protocol/disco#info|items http://jabber.org/protocol/disco#items|caps http://jabber.org/protocol/caps
delay urn:xmpp:delay|forward urn:xmpp:forward:0|carbons urn:xmpp:carbons:2|mam urn:xmpp:mam:2|rsm http://jabber.org/protocol/rsm
muc http://jabber.org/protocol/muc|muc-user http://jabber.org/protocol/muc#user|muc-admin http://jabber.org/protocol/muc#admin
muc-owner http://jabber.org/protocol/muc#owner|occupant urn:xmpp:occupant-id:0|pubsub http://jabber.org/protocol/pubsub
pubsub-event http://jabber.org/protocol/pubsub#event|pubsub-owner http://jabber.org/protocol/pubsub#owner
pubsub-errors http://jabber.org/protocol/pubsub#errors|receipts urn:xmpp:receipts|markers urn:xmpp:chat-markers:0
chatstates http://jabber.org/protocol/chatstates|correct urn:xmpp:message-correct:0|retract urn:xmpp:message-retract:1
moderate urn:xmpp:message-moderate:1|reactions urn:xmpp:reactions:0|fallback urn:xmpp:fallback:0|sid urn:xmpp:sid:0
hints urn:xmpp:hints|omemo urn:xmpp:omemo:2|oob jabber:x:oob|upload urn:xmpp:http:upload:0|data jabber:x:data
commands http://jabber.org/protocol/commands|register jabber:iq:register|auth jabber:iq:auth|private jabber:iq:private
version jabber:iq:version|last jabber:iq:last|time urn:xmpp:time|ping urn:xmpp:ping|blocking urn:xmpp:blocking
push urn:xmpp:push:0|idle urn:xmpp:idle:1|nick http://jabber.org/protocol/nick|vcard vcard-temp|vcard-update vcard-temp:x:update
vcard4 urn:ietf:params:xml:ns:vcard-4.0|avatar-data urn:xmpp:avatar:data|avatar urn:xmpp:avatar:metadata
bookmarks urn:xmpp:bookmarks:1|jingle urn:xmpp:jingle:1|ibb http://jabber.org/protocol/ibb|xml http://www.w3.org/XML/1998/namespace`
  .split(/[|\n]/).map((line) => line.split(" ")));
