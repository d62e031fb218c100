// Sessions: each connection as a line through time, under the name of its account, so that a cut, a resumption and a
// second login are seen at once.

import { el, plural, svg, value } from "./text.js";

const WIDE = 1000;
const TALL = 28;

export class Sessions {
  constructor(app, node) {
    this.app = app;
    this.node = node;
    this.drawn = -1;
  }

  draw() {
    const { store } = this.app;
    if (this.drawn === store.entries.length) return;
    this.drawn = store.entries.length;
    const accounts = new Map();
    for (const one of this.connections()) {
      if (!accounts.has(one.name)) accounts.set(one.name, []);
      accounts.get(one.name).push(one);
    }
    const parts = [el("h2", { text: "Sessions" }), this.axis()];
    for (const [name, list] of accounts) parts.push(this.account(name, list));
    if (!accounts.size) parts.push(el("p", { class: "muted", text: "No connection has been seen." }));
    this.node.replaceChildren(...parts);
  }

  /** Gather of each connection when it began and ended, how, and when stanzas passed. */
  connections() {
    const { store } = this.app;
    const found = new Map();
    for (const entry of store.entries) {
      let one = found.get(entry.connection);
      if (!one) {
        one = { number: entry.connection, name: store.called(entry.connection), first: entry, last: entry, stanzas: [], notable: [], open: null };
        found.set(entry.connection, one);
      }
      one.last = entry;
      if (entry.kind === "stanza") one.stanzas.push(entry.at);
      if (entry.state === "open" && !one.open) one.open = entry;
      if (/^(resumed|failed|failure)$/.test(entry.name) || entry.kind === "stream-error" || (entry.kind === "closed" && entry.state === "broken")) {
        if (one.notable.length < 8) one.notable.push(entry);
      }
    }
    return [...found.values()];
  }

  axis() {
    const { last } = this.app.store;
    const picture = svg("svg", { class: "axis", viewBox: `0 0 ${WIDE} 18`, preserveAspectRatio: "none", "aria-hidden": "true" });
    const row = el("div", { class: "ticks" });
    for (const at of ticks(last)) {
      const mark = el("span", { text: `${at} s` });
      mark.style.left = `${(at / (last || 1)) * 100}%`;
      row.append(mark);
    }
    picture.append(svg("line", { x1: 0, x2: WIDE, y1: 17, y2: 17 }));
    return el("div", { class: "time" }, row, picture);
  }

  account(name, list) {
    const { store } = this.app;
    const scale = WIDE / (store.last || 1);
    const picture = svg("svg", { class: "line", viewBox: `0 0 ${WIDE} ${TALL}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    const told = el("ul", { class: "told" });
    list.forEach((one, n) => {
      const [from, to] = [one.first.at * scale, Math.max(one.last.at * scale, one.first.at * scale + 2)];
      const broken = one.last.state === "broken";
      picture.append(svg("rect", { x: from, y: 20, width: to - from, height: 3, class: one.open ? "up" : "down" }));
      let drawn = -1;
      for (const at of one.stanzas) {
        if (at * scale - drawn < 1) continue;
        drawn = at * scale;
        picture.append(svg("rect", { x: drawn, y: 8, width: 1.5, height: 12, class: "stanza" }));
      }
      if (broken) picture.append(svg("rect", { x: to - 2, y: 3, width: 4, height: 24, class: "cut" }));
      const next = list[n + 1];
      if (broken && next) picture.append(svg("line", { x1: to, x2: next.first.at * scale, y1: 21, y2: 21, class: "gap" }));
      const line = el("li", {}, "connection ", el("button", { type: "button", class: "entry", text: String(one.number), onclick: () => this.app.onlyConnection(one.number) }),
        `: ${plural(one.stanzas.length, "stanza")}, from ${one.first.at.toFixed(3)} `, this.app.link(one.first.entry), ` to ${one.last.at.toFixed(3)} `, this.app.link(one.last.entry),
        broken ? el("span", { class: "warning", text: " ! cut" }) : one.open ? "" : el("span", { class: "warning", text: " ! never open" }));
      for (const entry of one.notable) line.append(el("span", {}, " · ", this.app.link(entry.entry), " ", value(entry.summary)));
      told.append(line);
    });
    return el("section", { class: "account" }, el("h3", {}, value(name || "?")), picture, told);
  }
}

/** Return round numbers from zero to *last*, at most nine. */
export function ticks(last) {
  if (!(last > 0)) return [0];
  const magnitude = 10 ** Math.floor(Math.log10(last / 8));
  const step = [1, 2, 5, 10].map((one) => one * magnitude).find((one) => last / one <= 8);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return Array.from({ length: Math.floor(last / step + 1e-9) + 1 }, (_, n) => Number((n * step).toFixed(digits)));
}
