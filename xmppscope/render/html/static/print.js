// On paper: the findings first, then the timeline in the columns of the terminal, with whole summaries, then the chosen
// entry. It is made when the page is printed, of what the filter lets through.

import { SIGNS, arrow, label, mark } from "./store.js";
import { el, size, value } from "./text.js";

const MOST = 20000;

export function paper(app) {
  const { store, list } = app;
  const parts = [el("header", {}, el("h1", {}, value(store.meta.title || "")), el("p", { text: `${store.origin.slice(0, 19).replace("T", " ")} UTC · xmppscope ${store.header?.xmppscope || ""}${app.counts()}` }))];
  for (const one of store.diagnoses) parts.push(app.diagnosis(one));
  for (const one of store.findings.slice(0, 500)) {
    parts.push(el("p", { class: "entry-line" }, `${SIGNS[one.severity]} ${one.severity} ${one.rule} ${one.entries.map((n) => `#${n}`).join(" ")} · `, value(one.text), ` · ${one.spec}`));
  }
  const table = el("div", { class: "lines" });
  for (let place = 0; place < Math.min(list.count, MOST); place += 1) {
    const entry = list.entryAt(place);
    const sign = SIGNS[mark(entry) || store.severity(entry)] || " ";
    const lane = entry.sender === "initiating" ? `${arrow(entry)} ` : ` ${arrow(entry)}`;
    const head = `${String(entry.entry).padStart(4)} ${entry.at.toFixed(3).padStart(7)} ${String(entry.connection).padStart(2)} ${lane} ${sign} ${label(entry).padEnd(10)}`;
    table.append(el("p", { class: "entry-line" }, el("span", { class: "head", text: head }), el("span", { class: "told" }, value(entry.summary)), el("span", { class: "size", text: entry.size === undefined ? "" : size(entry.size) })));
  }
  parts.push(table);
  if (list.count > MOST) parts.push(el("p", { text: `… and ${list.count - MOST} more` }));
  const chosen = app.selected === null ? null : store.get(app.selected);
  if (chosen?.xml) parts.push(el("h2", { text: `#${chosen.entry}` }), el("pre", {}, value(chosen.xml)));
  document.getElementById("paper").replaceChildren(...parts);
}
