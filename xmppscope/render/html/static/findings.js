// The findings of the capture by rule, the gravest first, each with its entries, what the rule checks and why; before
// them the diagnoses, which say why a session ended badly.

import { SIGNS } from "./store.js";
import { el, plural, value } from "./text.js";

const LEVELS = { error: 0, warning: 1, info: 2 };
const SHOWN = 60;

export class Findings {
  constructor(app, node) {
    this.app = app;
    this.node = node;
    this.hidden = new Set();
    this.drawn = -1;
  }

  draw() {
    const { store } = this.app;
    const key = store.findings.length + store.diagnoses.length * 1e6;
    if (this.drawn === key) return;
    this.drawn = key;
    const count = { error: 0, warning: 0, info: 0 };
    for (const one of store.findings) count[one.severity] += 1;
    const bar = el("div", { class: "bar", role: "group", "aria-label": "severities" });
    for (const severity of Object.keys(count)) {
      const words = { error: "error", warning: "warning", info: "note" }[severity];
      bar.append(el("button", {
        type: "button", class: `chip ${severity}`, "aria-pressed": String(!this.hidden.has(severity)), text: `${SIGNS[severity]} ${plural(count[severity], words)}`,
        onclick: () => { if (!this.hidden.delete(severity)) this.hidden.add(severity); this.drawn = -1; this.draw(); },
      }));
    }
    const parts = [el("h2", { text: "Findings" })];
    parts.push(...store.diagnoses.map((one) => this.app.diagnosis(one)), bar);
    const rules = this.rules().filter((one) => !this.hidden.has(one.severity));
    parts.push(...rules.map((one) => this.rule(one)));
    if (!store.findings.length) parts.push(el("p", { class: "muted", text: "No rule has found anything." }));
    this.node.replaceChildren(...parts);
  }

  /** Group the findings by rule and severity. */
  rules() {
    const groups = new Map();
    for (const finding of this.app.store.findings) {
      const key = `${LEVELS[finding.severity]} ${finding.rule}`;
      if (!groups.has(key)) groups.set(key, { key, rule: finding.rule, severity: finding.severity, spec: finding.spec, found: [] });
      groups.get(key).found.push(finding);
    }
    return [...groups.values()].sort((one, other) => LEVELS[one.severity] - LEVELS[other.severity] || one.found[0].entries[0] - other.found[0].entries[0]);
  }

  rule(group) {
    const { store } = this.app;
    const texts = new Map();
    for (const finding of group.found) {
      if (!texts.has(finding.text)) texts.set(finding.text, []);
      texts.get(finding.text).push(finding);
    }
    const body = el("div", { class: "body" });
    for (const [text, found] of texts) {
      const where = el("p", { class: "links" });
      for (const finding of found.slice(0, SHOWN)) {
        const number = finding.entries[finding.entries.length - 1];
        where.append(number === undefined ? el("span", { class: "muted", text: `connection ${finding.connection}` }) : this.app.link(number),
          number === undefined ? "  " : el("span", { class: "muted", text: ` connection ${finding.connection}   ` }));
      }
      if (found.length > SHOWN) where.append(`and ${found.length - SHOWN} more`);
      body.append(el("p", {}, value(text)), where);
    }
    const known = store.rules[group.rule];
    if (known) body.append(el("details", {}, el("summary", { text: "what it checks · why it matters · example" }), this.app.ruleText(known)));
    return el("details", { class: "group", open: true },
      el("summary", {}, el("span", { class: group.severity, text: `${SIGNS[group.severity]} ` }), el("strong", { text: group.rule }),
        ` ${group.found.length}×`, el("span", { class: "muted", text: `   ${group.spec}` })), body);
  }
}
