// The pane beside the list: one entry in full. Its XML to fold, as it was sent, decoded; the state it leads to; why, with
// the texts that explain it. Where nothing is chosen it says what there is to see.

import { parse, sent, tree } from "./xml.js";
import { arrow, label, mark, sender, SIGNS, style } from "./store.js";
import { bytes, el, latency, value, visible } from "./text.js";

export const FORMS = ["XML", "Raw", "Decoded", "State", "Why"];
const SASL = /^urn:ietf:params:xml:ns:xmpp-sasl$|^urn:xmpp:sasl:[12]$/;
const SCRAM = {
  n: "user name", r: "nonce", c: "channel binding", s: "salt", i: "iterations", p: "proof", v: "signature", e: "error",
  a: "acting as", m: "extension",
};
const CARRIERS = new Set(["auth", "challenge", "response", "success", "initial-response", "additional-data", "data"]);

export class Detail {
  constructor(app, node) {
    this.app = app;
    this.node = node;
    this.form = "XML";
    this.shown = null;
  }

  /** Show the entry of this number. */
  async show(number) {
    this.shown = number;
    if (number === null) return this.nothing();
    const known = this.app.store.get(number);
    if (!known) return this.nothing();
    const entry = known.partial ? await this.app.store.full(number) : known;
    if (this.shown === number) this.draw(entry);
    return undefined;
  }

  /** Show the next form of the same entry. */
  next() {
    this.choose(FORMS[(FORMS.indexOf(this.form) + 1) % 3]);
  }

  choose(form, focus = false) {
    this.form = form;
    this.show(this.shown);
    if (focus) this.node.querySelector("[role=tab][aria-selected=true]")?.focus();
  }

  draw(entry) {
    const { store } = this.app;
    const connection = store.connections.get(entry.connection);
    const marked = mark(entry) || store.severity(entry);
    const under = entry.protection === "none" ? "in the clear" : `under ${entry.protection.replace("TLSv", "TLS ")}`;
    const head = el("div", { class: "about" },
      el("h2", { id: "detail-title" },
        el("span", { class: "number", text: `#${entry.entry} ` }), el("span", { class: style(entry) }, ...visible(label(entry))),
        el("span", { class: entry.sender, text: ` ${arrow(entry)} ` }), el("span", { class: "from", text: `${sender(entry, connection)}, ${under}` }),
        el("button", { type: "button", class: "close", "aria-label": "close the detail", text: "×", onclick: () => this.app.closeDetail() })),
      el("p", { class: "summary" }, marked ? el("span", { class: marked, text: `${SIGNS[marked]} ` }) : null, value(entry.summary)),
      this.facts(entry, connection), this.links(entry), ...this.findings(entry));
    const tabs = el("div", { role: "tablist", class: "forms", "aria-label": "forms of the entry" });
    for (const form of FORMS) {
      const chosen = form === this.form;
      tabs.append(el("button", {
        type: "button", role: "tab", id: `form-${form}`, "aria-selected": String(chosen), "aria-controls": "form",
        tabindex: chosen ? 0 : -1, text: form, onclick: () => this.choose(form, true),
      }));
    }
    tabs.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      this.choose(FORMS[(FORMS.indexOf(this.form) + step + FORMS.length) % FORMS.length], true);
    });
    const panel = el("div", { role: "tabpanel", id: "form", "aria-labelledby": `form-${this.form}`, class: "form" });
    panel.append(...this[this.form.toLowerCase()](entry).flat().filter(Boolean));
    this.node.replaceChildren(head, tabs, panel, this.annotations(entry));
    this.node.scrollTop = 0;
  }

  facts(entry, connection) {
    const parts = [`connection ${entry.connection}`, this.app.time(entry, "absolute")];
    if (entry.size !== undefined) parts.push(bytes(entry.size));
    if (entry.packets) parts.push(entry.packets[0] === entry.packets[1] ? `packet ${entry.packets[0]}` : `packets ${entry.packets[0]}–${entry.packets[1]}`);
    if (entry.leg) parts.push(`${entry.leg} leg`);
    if (entry.edit) parts.push(`${entry.edit.action} by ${entry.edit.by}`);
    if (entry.redacted) parts.push("a secret is masked");
    const name = this.app.store.called(entry.connection);
    return el("p", { class: "facts muted" }, parts.join(" · "), name && connection ? [" · ", value(name)] : null);
  }

  links(entry) {
    const list = this.app.store.relations(entry);
    if (!list.length) return null;
    const node = el("p", { class: "links" });
    list.slice(0, 24).forEach((one, n) => {
      node.append(n ? " · " : "", `${one.rel} `, this.app.link(one.entry));
      if (one.rel === "answers" && entry.latency !== undefined) node.append(` after ${latency(entry.latency)}`);
    });
    if (list.length > 24) node.append(` and ${list.length - 24} more`);
    return node;
  }

  findings(entry) {
    const { store } = this.app;
    const told = (store.found.get(entry.entry) || []).map((finding) => el("div", { class: `finding ${finding.severity}` },
      el("p", {}, el("strong", { text: `${SIGNS[finding.severity]} ${finding.severity} ` }), this.rule(finding.rule), ` · ${finding.spec}`),
      el("p", {}, value(finding.text))));
    for (const one of store.diagnoses) {
      if (one.entries.includes(entry.entry)) told.push(this.app.diagnosis(one));
    }
    return told;
  }

  rule(id) {
    const known = this.app.store.rules[id];
    if (!known) return el("span", { text: id });
    return el("button", { type: "button", class: "why", text: id, title: known.what, onclick: () => this.app.explainRule(id) });
  }

  annotations(entry) {
    if (!entry.annotations) return el("div");
    return el("section", { class: "annotations" }, el("h3", { text: "Facts" }), el("ul", {},
      ...entry.annotations.map((one) => el("li", {}, value(one.text), one.spec ? el("span", { class: "muted", text: ` · ${one.spec}` }) : null))));
  }

  xml(entry) {
    if (!entry.xml) return this.unread(entry);
    if (entry.kind === "stream-close") return [el("p", { class: "mono" }, value(entry.xml))];
    const made = tree(entry, this.app.explained);
    if (made === null) return [el("p", { class: "muted", text: "The browser's parser does not accept it: as it was sent." }), ...this.raw(entry)];
    const note = entry.redacted ? [el("p", { class: "muted", text: "… stands for a masked secret; --show-secrets shows it." })] : [];
    return [made, ...note];
  }

  raw(entry) {
    if (entry.xml) return [el("pre", { tabindex: 0 }, value(entry.xml))];
    return this.unread(entry);
  }

  unread(entry) {
    if (entry.tls) {
      return [el("dl", { class: "pairs" }, ...Object.entries(entry.tls).flatMap(([key, one]) => [
        el("dt", { text: key.replace(/_/g, " ") }), el("dd", {}, value(Array.isArray(one) ? one.join(", ") : one === true ? "yes" : one === false ? "no" : one))]))];
    }
    const parts = [];
    if (entry.reason) parts.push(el("p", {}, value(entry.reason)));
    if (entry.bytes) parts.push(el("pre", { class: "hex", tabindex: 0 }, ...hex(entry.bytes)));
    return parts.length ? parts : [el("p", { class: "muted", text: "This entry carries no XML." })];
  }

  decoded(entry) {
    const root = parse(entry);
    if (root !== null && SASL.test(entry.ns || "")) return this.sasl(entry, root);
    const texts = root === null ? [] : [...root.getElementsByTagName("*")].filter((one) => !one.children.length && /^(body|subject|text|status)$/.test(one.localName));
    if (texts.length) return texts.map((one) => [el("h3", {}, value(one.nodeName)), el("p", { class: "content" }, value(sent(one.textContent)))]).flat();
    if (entry.tls) return this.unread(entry);
    return [el("p", { class: "muted", text: "There is nothing in it to decode." })];
  }

  sasl(entry, root) {
    if (entry.redacted) return [el("p", {}, value(entry.summary)), el("p", { class: "muted", text: "What it holds is masked; --show-secrets shows it, decoded." })];
    const carriers = [root, ...root.getElementsByTagName("*")].filter((one) => CARRIERS.has(one.localName) && !one.children.length && one.textContent.trim());
    const parts = [];
    for (const one of carriers) {
      const text = base64(one.textContent.trim());
      if (text === null) continue;
      parts.push(el("h3", { text: `<${one.localName}>, from base64` }), el("p", { class: "mono" }, value(text)));
      const pairs = text.split(",").filter((pair) => /^[a-z]=/.test(pair));
      if (pairs.length) {
        parts.push(el("dl", { class: "pairs" }, ...pairs.flatMap((pair) => [el("dt", { text: `${pair[0]}  ${SCRAM[pair[0]] || ""}` }), el("dd", {}, value(pair.slice(2)))])));
      }
    }
    return parts.length ? parts : [el("p", { class: "muted", text: "There is nothing in it to decode." })];
  }

  state(entry) {
    const { store } = this.app;
    const index = store.at.get(entry.entry);
    let before = null;
    for (let n = index - 1; n >= 0 && n > index - 5000; n -= 1) {
      if (store.entries[n].connection === entry.connection) { before = store.entries[n]; break; }
    }
    const pair = (term, from, to) => [el("dt", { text: term }), el("dd", {}, from !== undefined && from !== to ? [value(from), " → "] : null, el("strong", {}, value(to)))];
    const about = store.texts[`state:${entry.state}`];
    const list = el("dl", { class: "pairs" }, ...pair("state", before?.state, entry.state), ...pair("protection", before?.protection, entry.protection),
      ...pair("stream", undefined, `${entry.stream} of the ${entry.sender} entity`));
    const machines = el("table", { class: "machines" });
    for (const one of this.app.states.after(entry).filter(({ key }) => key !== "stream")) {
      machines.append(el("tr", { class: one.fresh ? "fresh" : undefined }, el("th", { scope: "row" }, value(one.key.replace("sm initiating", "sm →").replace("sm receiving", "sm ←"))), el("td", {}, value(one.value)),
        el("td", {}, ...one.because.slice(-6).flatMap((number) => [this.app.link(number), " "]))));
    }
    return [list, machines, about ? el("p", { text: about.says }) : null];
  }

  why(entry) {
    const { store } = this.app;
    const texts = (store.voices.get(entry.entry) || []).map((id) => store.texts[id]).filter(Boolean);
    if (!texts.length) return [el("p", { class: "muted", text: "There is no text about it." })];
    return texts.map((text) => this.app.explanation(text));
  }

  nothing() {
    this.node.replaceChildren(...this.app.welcome());
    this.node.scrollTop = 0;
  }
}

/** Return the text that a base64 text stands for, or null if it stands for none. */
function base64(text) {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)));
  } catch {
    return null;
  }
}

function* hex(digits) {
  const pairs = digits.match(/../g) || [];
  for (let at = 0; at < pairs.length; at += 16) {
    const row = pairs.slice(at, at + 16);
    const text = row.map((one) => { const code = parseInt(one, 16); return code > 31 && code < 127 ? String.fromCharCode(code) : "."; }).join("");
    yield `${at.toString(16).padStart(4, "0")}  ${row.join(" ").padEnd(47)}  ${text}\n`;
  }
}

