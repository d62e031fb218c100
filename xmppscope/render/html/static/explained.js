// The texts that explain: which of them fits a name in the XML, and how one looks. They come with the page, only those
// that its entries need.

import { el, value } from "./text.js";

const CONTENT = new Set(["jabber:client", "jabber:server", "jabber:component:accept", ""]);

export class Explained {
  constructor(app) {
    this.app = app;
    this.elements = null;
  }

  index() {
    this.elements = new Map();
    for (const text of Object.values(this.app.store.texts)) {
      if (text.kind === "element" || text.ns) this.elements.set(`${text.ns || ""}\n${text.name}`, text);
    }
  }

  /** Return the text about an element by its expanded name; where there is none, that about its namespace. */
  element(ns, local) {
    if (this.elements === null) this.index();
    const space = CONTENT.has(ns) ? "jabber:client" : ns === "urn:xmpp:sm:2" ? "urn:xmpp:sm:3" : ns;
    return this.elements.get(`${space}\n${local}`) || (space === "jabber:client" ? undefined : this.namespace(ns));
  }

  /** Return the text about a namespace: its extension's, or what the registry knows of it. */
  namespace(ns) {
    const known = this.app.store.namespaces[ns];
    if (!known) return undefined;
    return this.app.store.texts[known.text] || { name: ns, kind: "namespace", spec: known.spec, says: known.says };
  }

  attribute(name) {
    return this.app.store.texts[`attr:${name}`];
  }

  show(text) {
    this.app.popup(text.name, this.app.explanation(text));
  }
}

/** Return a text in full. */
export function explanation(text) {
  const where = [text.kind, text.spec].filter(Boolean).join(" · ");
  return el("article", { class: "explanation" },
    el("h3", {}, text.kind === "element" ? `<${text.name}>` : value(text.name), el("span", { class: "muted", text: `  ${where}` })),
    el("p", {}, text.says), text.next ? el("p", {}, el("strong", { text: "Next: " }), text.next) : null,
    ...(text.paragraphs || []).map((one) => el("p", { text: one })),
    text.example ? el("pre", { text: text.example }) : null);
}

/** Return what is to be said about a rule: the same headings every time. */
export function ruleText(rule) {
  const example = (title, lines) => [el("h4", { text: title }), el("pre", { text: lines.join("\n") })];
  return el("div", { class: "explanation" },
    el("h4", { text: "What it checks" }), el("p", { text: rule.what }), el("h4", { text: "Why it matters" }), el("p", { text: rule.why }),
    ...(rule.wrong.length ? example("Example, wrong", rule.wrong) : []), ...(rule.right.length ? example("Right", rule.right) : []),
    el("h4", { text: "Reference" }), el("p", { text: rule.spec }));
}
