// What the page knows: the records of the timeline (docs/reference/jsonl.md), and how they hang together. Entries are
// kept in their order; whatever is asked for by number is looked up here. Where entries come without their XML, as from
// a server that holds them, `full` fetches the rest.

import { forget } from "./xml.js";

const FAILURES = new Set(["failure", "failed", "error"]);

export class Store extends EventTarget {
  constructor() {
    super();
    this.entries = [];
    this.at = new Map();
    this.connections = new Map();
    this.findings = [];
    this.diagnoses = [];
    this.found = new Map();
    this.answer = new Map();
    this.linked = new Map();
    this.whose = new Map();
    this.of = new Map();
    this.summary = null;
    this.header = null;
    this.texts = {};
    this.rules = {};
    this.namespaces = {};
    this.voices = new Map();
    this.meta = {};
    this.origin = "";
    this.last = 0;
    this.total = 0;
    this.left = 0;
    this.fetchFull = null;
    this.evaluate = null;
    this.deciding = null;
  }

  /** Take records in their order. */
  add(records) {
    for (const record of records) {
      if (record.record !== "finding") this.deciding = null;
      switch (record.record) {
        case "entry": this.entry(record); break;
        case "connection": this.connections.set(record.connection, record); break;
        case "finding": this.finding(record); break;
        case "diagnosis": this.diagnoses.push(record); break;
        case "summary": this.summary = record; break;
        case "header": this.header = record; break;
      }
    }
    this.total = Math.max(this.total, this.entries.length);
  }

  entry(entry) {
    if (!this.origin) this.origin = entry.time;
    entry.at = seconds(entry.time, this.origin);
    this.last = Math.max(this.last, entry.at);
    this.deciding = entry.entry;
    this.at.set(entry.entry, this.entries.length);
    this.entries.push(entry);
    if (entry.answers !== undefined) this.answer.set(entry.answers, entry.entry);
    for (const link of entry.links || []) push(this.linked, link.entry, { rel: link.rel, entry: entry.entry });
    if (entry.edit && entry.edit.of) push(this.linked, entry.edit.of, { rel: "changed", entry: entry.entry });
    if (!this.whose.has(entry.connection)) this.name(entry);
  }

  /** Learn whose connection it is: a server sends a client what is addressed to it. */
  name(entry) {
    const kind = this.connections.get(entry.connection)?.kind;
    const { to } = entry;
    if (entry.sender === "receiving" && entry.kind === "stanza" && kind === "c2s" && to && /@.*\//.test(to)) {
      this.whose.set(entry.connection, to);
    } else if (entry.state === "open") {
      const found = /^(?:bound|resumed|.* is logged in as) ([^\s"@]+@[^\s"]+)/.exec(entry.summary);
      if (found) this.whose.set(entry.connection, found[1]);
    }
  }

  finding(finding) {
    this.findings.push(finding);
    for (const number of finding.entries) push(this.found, number, finding);
    // A filter tests an entry with what it decided: the findings that directly follow it.
    if (!finding.entries.includes(this.deciding)) this.deciding = null;
    else push(this.of, this.deciding, finding);
  }

  get(number) {
    return this.entries[this.at.get(number)];
  }

  /** Return the entry with all its fields, fetched where it must be. */
  async full(number) {
    const entry = this.get(number);
    if (entry && entry.partial && this.fetchFull) {
      Object.assign(entry, await this.fetchFull(number));
      delete entry.partial;
      forget(entry);
    }
    return entry;
  }

  /** Return what a connection is called: the client's address, else both ends. */
  called(number) {
    const connection = this.connections.get(number);
    return this.whose.get(number) || (connection ? `${connection.initiating} → ${connection.receiving}` : "");
  }

  /** Return how bad it is what an entry shows or what was found at it: `error`, `warning`, `info` or nothing. */
  severity(entry) {
    const own = mark(entry);
    let worst = own === "error" ? "error" : own === "warning" || own === "unread" ? "warning" : "";
    for (const finding of this.found.get(entry.entry) || []) {
      if (finding.severity === "error") return "error";
      if (finding.severity === "warning") worst = worst || "warning";
      else worst = worst || "info";
    }
    return worst;
  }

  /** Return the numbers that belong to an entry, each with the word for how: both ways. */
  relations(entry) {
    const list = [];
    if (entry.answers !== undefined) list.push({ rel: "answers", entry: entry.answers });
    if (this.answer.has(entry.entry)) list.push({ rel: "answered by", entry: this.answer.get(entry.entry) });
    if (entry.edit && entry.edit.of) list.push({ rel: "changed from", entry: entry.edit.of });
    for (const link of entry.links || []) list.push({ rel: FORWARD[link.rel] || link.rel, entry: link.entry });
    for (const link of this.linked.get(entry.entry) || []) {
      list.push({ rel: BACKWARD[link.rel] || `${link.rel} by`, entry: link.entry });
    }
    return list;
  }
}

const FORWARD = {
  ack: "acknowledges up to", receipt: "receipt for", cause: "because of", correction: "corrects", copy: "copy of",
  resent: "sent again, first as", marker: "marks",
};
const BACKWARD = {
  ack: "acknowledged by", receipt: "received, says", cause: "causes", correction: "corrected by", copy: "copied as",
  resent: "sent again as", changed: "changed to", marker: "marked by",
};

function push(map, key, item) {
  const list = map.get(key);
  if (list) list.push(item);
  else map.set(key, [item]);
}

/** Return how many seconds after *origin* the time *text* lies: both are ISO texts, and no digit is lost. */
export function seconds(text, origin) {
  const whole = (Date.parse(`${text.slice(0, 19)}Z`) - Date.parse(`${origin.slice(0, 19)}Z`)) / 1000;
  return whole + (Number(fraction(text)) - Number(fraction(origin))) / 1e9;
}

const fraction = (text) => text.slice(20, -1).padEnd(9, "0");

/** Return the key of an entry's mark; empty for what is healthy. */
export function mark(entry) {
  if (entry.edit) return "edit";
  switch (entry.kind) {
    case "stanza": return entry.type === "error" ? "error" : "";
    case "nonza": return FAILURES.has(entry.name) ? "error" : entry.name === "resumed" ? "repaired" : "";
    case "closed": return entry.state === "broken" ? "warning" : "";
    case "tls": return (entry.tls || {}).alert_level === "fatal" ? "error" : "";
    case "proxy": return entry.severity || "";
    case "gap": case "opaque": return "unread";
    case "malformed": case "stream-error": return "error";
  }
  return "";
}

/** Return what an entry is called: the local name as sent, an iq with its type, else its kind. */
export function label(entry) {
  if (entry.kind === "stream-close") return `/${entry.name || "stream"}`;
  if (!entry.name) return entry.kind === "compression" ? "zlib" : entry.kind;
  return entry.name === "iq" && entry.type ? `iq ${entry.type}` : entry.name;
}

/** Return the class that colours an element's name. */
export function style(entry) {
  const marked = mark(entry);
  if (marked === "error") return "error";
  if (marked === "warning" || marked === "unread") return "warning";
  if (entry.kind === "stanza") return entry.name;
  if (entry.kind === "keepalive" || entry.kind === "closed" || /^urn:xmpp:sm:/.test(entry.ns || "")) return "muted";
  return "nonza";
}

export const SIGNS = { error: "✗", warning: "!", unread: "?", edit: "~", repaired: "✓", info: "i" };

/** Return the arrow: its lane says who sent, its shaft whether it is protected. */
export function arrow(entry) {
  if (entry.kind === "proxy") return "";
  const shut = entry.protection !== "none";
  return entry.sender === "initiating" ? (shut ? "⇒" : "→") : shut ? "⇐" : "←";
}

/** Return who sent an entry, in a word. */
export function sender(entry, connection) {
  if (entry.kind === "proxy") return "proxy";
  if (connection?.kind !== "c2s" && connection?.kind !== "component") return entry.sender;
  return entry.sender === "initiating" ? (connection.kind === "c2s" ? "client" : "component") : "server";
}
