// The page: one selection, shown in five views. What a click does a key does too (keys.js); the chosen entry is the
// page's address, so that a link leads to it.

import { Detail } from "./detail.js";
import { Explained, explanation, ruleText } from "./explained.js";
import { ALIASES, FIELDS, PREFIXES, WORDS } from "./fields.js";
import { compile } from "./filter.js";
import { TABLE, listen } from "./keys.js";
import { List } from "./list.js";
import { Overview } from "./overview.js";
import { paper } from "./print.js";
import { States } from "./states.js";
import { mark } from "./store.js";
import { el, plural, value } from "./text.js";
import { views } from "./views.js";

const VIEWS = ["timeline", "sequence", "sessions", "findings", "plots"];
const TIMES = ["relative", "absolute", "delta"];
const THEMES = ["", "light", "dark"];
const $ = (id) => document.getElementById(id);

export class App {
  constructor(store) {
    this.store = store;
    this.views = VIEWS;
    this.view = "timeline";
    this.selected = null;
    this.timeForm = "relative";
    this.only = new Set();
    this.kinds = new Set();
    this.problems = new Set();
    this.been = [];
    this.test = null;
    this.theme = "";
    this.following = false;
    this.fresh = 0;
    this.evaluated = null;
    this.filterBox = $("filter");
    this.explained = new Explained(this);
    this.states = new States(this);
    this.detail = new Detail(this, $("detail"));
    this.list = new List(this, $("list"), $("head"));
    this.overview = new Overview(this, $("overview"));
    this.panels = views(this, $);
    this.begin();
  }

  /** Compile a filter, as the box does. */
  compile(text) {
    return compile(text);
  }

  /** Return what the filter language knows, for whoever compares it with the command's. */
  language() {
    const fields = Object.entries(FIELDS).map(([name, { type, many, choices }]) => [name, { type, many: many || false, choices: choices || [] }]);
    return { fields: Object.fromEntries(fields), words: Object.keys(WORDS), aliases: ALIASES, prefixes: PREFIXES };
  }

  begin() {
    for (const view of VIEWS) $(`tab-${view}`).addEventListener("click", () => this.open(view));
    $("tabs").addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.open(VIEWS[(VIEWS.indexOf(this.view) + step + VIEWS.length) % VIEWS.length]);
      $(`tab-${this.view}`).focus();
    });
    $("views").addEventListener("change", (event) => this.open(event.target.value));
    let wait = 0;
    this.filterBox.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(() => this.filter(), 120); });
    this.filterBox.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); clearTimeout(wait); this.filter().then(() => { if (!this.wrong) this.list.focus(); }); }
      if (event.key === "Escape") { event.preventDefault(); this.clear(); this.list.focus(); }
    });
    $("search").addEventListener("submit", (event) => event.preventDefault());
    $("clear").addEventListener("click", () => this.clear());
    $("theme").addEventListener("click", () => this.nextTheme());
    $("help").addEventListener("click", () => this.keysTable());
    $("problem-error").addEventListener("click", () => this.toggle(this.problems, "error", $("problem-error")));
    $("problem-warning").addEventListener("click", () => this.toggle(this.problems, "warning", $("problem-warning")));
    for (const box of document.querySelectorAll("#kinds input")) box.addEventListener("change", () => { this.toggle(this.kinds, box.value); });
    $("pill").addEventListener("click", () => this.follow());
    window.addEventListener("hashchange", () => this.fromAddress());
    window.addEventListener("beforeprint", () => paper(this));
    window.addEventListener("afterprint", () => $("paper").replaceChildren());
    listen(this);
  }

  /** Show what has been read; called again when more has come. */
  start() {
    this.started = true;
    this.title();
    this.chips();
    this.apply();
    this.fromAddress();
    if (this.selected === null) this.detail.show(null);
  }

  title() {
    $("file").replaceChildren(value(this.store.meta.title || ""), el("span", { class: "muted", text: this.counts() }));
    document.title = `${this.store.meta.title || "xmppscope"} · xmppscope`;
    const problems = this.store.findings.filter((one) => one.severity === "error").length;
    $("wrong").textContent = problems ? `✗ ${problems}` : "";
    $("tab-findings").querySelector("span").textContent = this.store.findings.length ? ` ${this.store.findings.length}` : "";
  }

  /** Show what has come; *before* were shown, and if that was to the end, it is so again. */
  grown(before, atEnd) {
    this.title();
    if (this.chipped !== this.store.whose.size + this.store.connections.size) this.chips();
    if (this.list.indexes === null) {
      this.list.grown();
      this.said();
      this.overviewSoon();
    } else this.apply();
    const more = this.list.count - before;
    if (this.store.left) $("left").textContent = `${this.store.left} left out`;
    if (atEnd && this.store.meta.live) this.list.toEnd();
    else if (more > 0 && this.started) { this.fresh += more; this.pill(); }
    if (this.selected === null && this.started) this.detail.show(null);
    this.tell();
  }

  /** Draw again what is drawn of all entries, at most once in a while. */
  overviewSoon() {
    if (this.redraws) return;
    this.redraws = setTimeout(async () => {
      this.redraws = 0;
      if (this.refreshStates && /sequence|plots/.test(this.view)) await this.refreshStates();
      this.overview.draw();
      this.panels[this.view]?.draw();
    }, 500);
  }

  /** Announce new findings, one message in five seconds at most. */
  tell() {
    const { length } = this.store.findings;
    const now = Date.now();
    if (!this.started || length === this.told || now - (this.toldAt || 0) < 5000) { this.told ??= length; return; }
    this.announce(`${plural(length - this.told, "new finding")}: ${this.store.findings[length - 1].rule}`);
    [this.told, this.toldAt] = [length, now];
  }

  counts() {
    const stanzas = this.store.summary ? this.store.summary.stanzas : this.store.entries.filter((one) => one.kind === "stanza").length;
    return ` · ${plural(this.store.connections.size, "connection")} · ${plural(stanzas, "stanza")}`;
  }

  chips() {
    const box = $("chips");
    this.chipped = this.store.whose.size + this.store.connections.size;
    const chosen = (number) => String(this.only.has(number));
    const all = [...this.store.connections.keys()];
    const buttons = all.slice(0, 12).map((number) => {
      const chip = el("button", { type: "button", class: `chip k${(number - 1) % 6}`, "aria-pressed": chosen(number), "data-connection": number, title: this.store.called(number) },
        el("span", { class: "dot", "aria-hidden": "true", text: "● " }), `${number} `, value(short(this.store.whose.get(number) || "")));
      chip.addEventListener("click", () => this.onlyConnection(number));
      return chip;
    });
    if (all.length > 12) buttons.push(el("span", { class: "muted", text: `and ${all.length - 12} more: connection == N` }));
    box.replaceChildren(...buttons);
  }

  /** Show the entries that match everything that is asked for. */
  apply() {
    const { entries, connections, of } = this.store;
    const { only, kinds, problems, test } = this;
    let indexes = null;
    if (only.size || kinds.size || problems.size || test || this.evaluated) {
      indexes = [];
      const about = { findings: [], connection: undefined, origin: `${this.store.origin.slice(0, 19)}.${this.store.origin.slice(20, -1).padEnd(9, "0")}Z` };
      const none = [];
      for (let n = 0; n < entries.length; n += 1) {
        const entry = entries[n];
        if (only.size && !only.has(entry.connection)) continue;
        if (kinds.size && kinds.has(kind(entry))) continue;
        if (problems.size && !problems.has(this.store.severity(entry))) continue;
        if (this.evaluated && !this.evaluated.has(entry.entry)) continue;
        if (test) {
          about.findings = of.get(entry.entry) || none;
          about.connection = connections.get(entry.connection);
          if (!test(entry, about)) continue;
        }
        indexes.push(n);
      }
    }
    this.list.show(indexes);
    this.said();
    this.overview.draw();
    this.panels[this.view]?.draw();
    if (this.selected !== null) this.list.select(this.selected, false);
  }

  said() {
    const { count } = this.list;
    const all = this.store.entries.length;
    $("count").textContent = this.list.indexes === null ? plural(all, "entry", "entries") : `${count} of ${all}`;
    $("empty").hidden = count > 0;
    if (!count) $("empty").replaceChildren(...this.nothing(all));
    $("clear").hidden = this.list.indexes === null;
  }

  nothing(all) {
    if (all) return [el("p", { text: "Nothing matches" }), el("button", { type: "button", text: "show everything", onclick: () => this.clear() })];
    const packets = this.store.summary?.packets;
    if (this.store.meta.live) return [el("p", { text: "No XMPP yet. Entries appear here as they come." })];
    return [el("p", { text: packets === undefined ? "No XMPP yet" : `No XMPP in ${plural(packets, "packet")}` }), el("ul", {},
      el("li", { text: "It is under TLS: give the keys with --keylog FILE." }), el("li", { text: "The capture ends before the first stream, or begins behind the last." }),
      el("li", { text: "It was taken on another interface or port." }))];
  }

  /** Take the expression in the box; what is wrong with it is marked in place. */
  async filter() {
    const number = /^\s*#(\d+)\s*$/.exec(this.filterBox.value);
    if (number) this.select(Number(number[1]), { jump: true });
    const text = number ? "" : this.filterBox.value;
    this.wrong = null;
    try {
      if (this.store.evaluate && text.trim()) {
        this.evaluated = await this.store.evaluate(text);
        this.test = null;
      } else {
        this.test = text.trim() ? compile(text) : null;
        this.evaluated = null;
      }
      this.apply();
    } catch (error) {
      if (error.column === undefined) throw error;
      this.wrong = error;
    }
    const box = $("mistake");
    box.hidden = !this.wrong;
    this.filterBox.setAttribute("aria-invalid", String(Boolean(this.wrong)));
    if (this.wrong) {
      const { column, length, message } = this.wrong;
      box.replaceChildren(el("span", { class: "mono place", "aria-hidden": "true" }, el("span", { text: text.slice(0, column) }),
        el("mark", { text: text.slice(column, column + length) || " " }), el("span", { text: text.slice(column + length) })), el("span", { text: `${message} (column ${column + 1})` }),
        el("button", { type: "button", class: "why", text: "search for the text instead", onclick: () => this.searchFor(text) }));
    }
  }

  /** Look for a text, in the words of the filter. */
  searchFor(text) {
    const quoted = `"${text.trim().replace(/"/g, '\\"')}"`;
    this.filterBox.value = `summary contains ${quoted} or xml contains ${quoted}`;
    return this.filter();
  }

  clear() {
    this.filterBox.value = "";
    this.only.clear();
    this.problems.clear();
    this.kinds.clear();
    for (const box of document.querySelectorAll("#kinds input")) box.checked = true;
    for (const chip of document.querySelectorAll(".search .chip")) chip.setAttribute("aria-pressed", "false");
    return this.filter();
  }

  toggle(set, item, button) {
    if (!set.delete(item)) set.add(item);
    if (button) button.setAttribute("aria-pressed", String(set.has(item)));
    this.apply();
  }

  onlyConnection(number) {
    const wanted = number ?? this.store.get(this.selected)?.connection;
    if (wanted === undefined) return;
    const alone = this.only.size === 1 && this.only.has(wanted);
    this.only = alone ? new Set() : new Set([wanted]);
    this.chips();
    this.apply();
    if (this.view === "sessions" && !alone) this.open("timeline");
  }

  /** Ask for a span of time, in the words of the filter. */
  span(from, to) {
    const digits = this.store.last > 10 ? 2 : 4;
    const span = `time >= ${from.toFixed(digits)} and time <= ${to.toFixed(digits)}`;
    const before = this.filterBox.value.replace(/(?: and )?time >= [\d.]+ and time <= [\d.]+$/, "").replace(/^\((.*)\)$/, "$1").trim();
    this.filterBox.value = before ? `(${before}) and ${span}` : span;
    return this.filter();
  }

  nearest(at) {
    let best = null;
    for (let place = 0; place < this.list.count; place += 1) {
      const entry = this.list.entryAt(place);
      if (best === null || Math.abs(entry.at - at) < Math.abs(best.at - at)) best = entry;
    }
    if (best) this.select(best.entry, { jump: true });
  }

  /** Choose an entry in all views; `jump` remembers where one was. */
  select(number, { focus = false, jump = false, quiet = false } = {}) {
    if (number === this.selected) { if (focus) this.list.focus(); return; }
    if (!this.store.at.has(number)) {
      this.announce(`entry ${number} is not in this page`);
      return;
    }
    if (jump && this.selected !== null) this.been.push(this.selected);
    this.selected = number;
    if (this.been.length > 200) this.been.shift();
    if (this.list.place(number) < 0 && jump) { this.announce(`entry ${number} is left out by the filter; shown in the detail`); }
    if (this.store.meta.live && this.following && !this.list.atEnd()) this.following = false;
    this.list.select(number, focus && this.view === "timeline");
    this.detail.show(number);
    this.overview.draw();
    this.panels[this.view]?.select?.(number);
    if (!quiet) history.replaceState(null, "", `#e${number}`);
  }

  fromAddress() {
    const found = /^#e(\d+)$/.exec(location.hash);
    if (found && this.store.at.has(Number(found[1]))) {
      if (Number(found[1]) !== this.selected) { this.select(Number(found[1]), { jump: true, quiet: true }); this.openDetail(); }
    }
  }

  back() {
    const number = this.been.pop();
    if (number !== undefined) this.select(number, { focus: true });
  }

  step(by) {
    if (this.selected === null) return this.move(0);
    const place = this.list.place(this.selected, true);
    return this.move(this.list.place(this.selected) < 0 && by > 0 ? place + by - 1 : place + by);
  }

  move(place) {
    if (!this.list.count) return;
    const at = Math.min(this.list.count - 1, Math.max(0, place));
    this.select(this.list.entryAt(at).entry, { focus: true });
  }

  page() {
    return Math.max(1, Math.floor(this.list.node.clientHeight / (this.list.height || 24)) - 1);
  }

  /** Go to the next entry in what is shown that has a finding, or shows an error itself. */
  finding(by) {
    const { list } = this;
    let place = this.selected === null ? (by > 0 ? -1 : list.count) : list.place(this.selected, true);
    for (place += by; place >= 0 && place < list.count; place += by) {
      const entry = list.entryAt(place);
      if (this.store.found.has(entry.entry) || mark(entry) === "error") {
        this.select(entry.entry, { focus: true, jump: true });
        return;
      }
    }
    this.announce(by > 0 ? "no finding behind this one" : "no finding before this one");
  }

  toAnswer() {
    const entry = this.store.get(this.selected);
    if (!entry) return;
    const to = this.store.answer.get(entry.entry) ?? entry.answers ?? this.store.relations(entry)[0]?.entry;
    if (to === undefined) this.announce("nothing answers it");
    else this.select(to, { focus: true, jump: true });
  }

  open(view) {
    this.view = view;
    for (const one of VIEWS) {
      const chosen = one === view;
      $(`tab-${one}`).setAttribute("aria-selected", String(chosen));
      $(`tab-${one}`).tabIndex = chosen ? 0 : -1;
      $(one).hidden = !chosen;
    }
    $("views").value = view;
    document.body.dataset.view = view;
    if (this.selected === null) this.detail.show(null);
    if (this.refreshStates && this.started && /sequence|plots/.test(view)) this.refreshStates().then(() => this.panels[view].draw());
    this.panels[view]?.draw();
    if (view === "timeline") { this.list.grown(); this.overview.draw(); this.list.draw(); if (this.selected !== null) this.list.select(this.selected, true); }
    else if (this.selected !== null) this.panels[view]?.select?.(this.selected);
  }

  openDetail(focus = false) {
    document.body.classList.add("detail-open");
    if (focus) $("detail").querySelector("[role=tab][aria-selected=true]")?.focus();
  }

  closeDetail() {
    document.body.classList.remove("detail-open");
    this.list.focus();
  }

  escape() {
    if (document.body.classList.contains("detail-open")) this.closeDetail();
    else this.clear();
  }

  nextTime() {
    this.timeForm = TIMES[(TIMES.indexOf(this.timeForm) + 1) % TIMES.length];
    document.body.dataset.time = this.timeForm;
    this.announce(`times are ${this.timeForm}`);
    this.list.refresh();
    this.list.draw();
  }

  /** Return the text of an entry's time column; *before* is the entry above. */
  clock(entry, before) {
    if (this.timeForm === "absolute") return entry.time.slice(11, 23);
    return (entry.at - (this.timeForm === "delta" && before ? before.at : 0)).toFixed(3);
  }

  time(entry, form) {
    return form === "absolute" ? `${entry.time.slice(0, 10)} ${entry.time.slice(11, -1)} UTC` : entry.at.toFixed(3);
  }

  nextTheme() {
    this.theme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length];
    if (this.theme) document.documentElement.dataset.theme = this.theme;
    else delete document.documentElement.dataset.theme;
    $("theme").textContent = `◐ ${this.theme || "theme"}`;
    this.overview.draw();
    this.panels[this.view]?.draw();
  }

  zoom(by) {
    this.panels[this.view]?.zoom?.(by);
  }

  /** Return a link to an entry. */
  link(number) {
    return el("a", { href: `#e${number}`, class: "entry", text: `#${number}`, onclick: (event) => {
      event.preventDefault();
      this.select(number, { focus: true, jump: true });
      this.openDetail();
    } });
  }

  diagnosis(one) {
    return el("div", { class: "diagnosis" }, el("p", {}, el("strong", { text: `diagnosis, connection ${one.connection} ` }), value(one.text)),
      one.entries.length ? el("p", { class: "links" }, "because ", ...one.entries.flatMap((number) => [this.link(number), " "])) : null,
      el("p", {}, el("strong", { text: "try " }), value(one.advice)));
  }

  welcome() {
    const { store } = this;
    const errors = store.findings.filter((one) => one.severity === "error").length;
    const warnings = store.findings.filter((one) => one.severity === "warning").length;
    return [el("div", { class: "about" }, el("h2", {}, value(store.meta.title || "xmppscope")), el("p", { class: "muted", text: `${plural(store.entries.length, "entry", "entries")}${this.counts()}, ${store.last.toFixed(3)} s` }),
      el("ul", { class: "told" }, ...[...store.connections.values()].slice(0, 20).map((one) => el("li", {}, `${one.connection}  ${one.kind} `, value(store.called(one.connection)))))),
    ...(this.view === "findings" ? [] : store.diagnoses.slice(0, 10).map((one) => this.diagnosis(one))),
    errors + warnings ? el("p", {}, el("button", { type: "button", class: "why", text: `${plural(errors, "error")}, ${plural(warnings, "warning")}`, onclick: () => this.open("findings") })) : el("p", { class: "muted", text: "No rule has found anything." }),
    el("p", { class: "muted", text: "Choose an entry; / filters, ] goes to the next finding, ? shows all keys." })];
  }

  explanation(text) {
    return explanation(text);
  }

  ruleText(rule) {
    return ruleText(rule);
  }

  explainRule(id) {
    this.popup(id, this.ruleText(this.store.rules[id]));
  }

  popup(title, ...content) {
    const dialog = $("popup");
    const back = document.activeElement;
    dialog.replaceChildren(el("button", { type: "button", class: "close", "aria-label": "close", text: "×", onclick: () => dialog.close() }), el("h2", {}, value(title)), ...content);
    dialog.onclose = () => back?.focus?.();
    dialog.showModal();
  }

  keysTable() {
    this.popup("keys", el("table", { class: "keys" }, ...TABLE.map(([key, does]) => el("tr", {}, el("th", { scope: "row" }, ...key.split(" ").flatMap((one, n) => [n ? " " : "", /^[…]|^or$/.test(one) ? one : el("kbd", { text: one })])), el("td", { text: does })))));
  }

  async copyMenu() {
    if (this.selected === null) return;
    const entry = await this.store.full(this.selected);
    const choices = { XML: entry.xml || "", summary: `#${entry.entry} ${entry.summary}`, link: `${location.href.split("#")[0]}#e${entry.entry}`,
      command: `xmppscope read ${(this.store.meta.files || []).map(shell).join(" ")} --xml --filter 'entry == ${entry.entry}'` };
    const buttons = Object.entries(choices).map(([name, text]) => el("button", { type: "button", class: "choice", disabled: !text, text: `copy ${name}`, onclick: () => this.copy(name, text) }));
    this.popup(`copy #${entry.entry}`, el("div", { class: "choices" }, ...buttons));
    buttons.find((one) => !one.disabled).focus();
  }

  async copy(name, text) {
    $("popup").close();
    try {
      await navigator.clipboard.writeText(text);
      this.announce(`copied: ${name}`);
    } catch {
      this.popup(`copy ${name}`, el("textarea", { rows: 8, readonly: true, text }));
    }
  }

  announce(text) {
    $("announce").textContent = text;
  }

  scrolled(atEnd) {
    if (!this.store.meta.live) return;
    if (!atEnd && this.list.node.scrollTop >= (this.scrolledTo || 0)) return;
    this.scrolledTo = this.list.node.scrollTop;
    this.following = atEnd;
    if (atEnd) this.fresh = 0;
    this.pill();
  }

  follow() {
    this.following = true;
    this.fresh = 0;
    this.list.toEnd();
    this.pill();
  }

  pill() {
    $("pill").hidden = !this.fresh || this.following || !this.store.meta.live;
    $("pill").textContent = `${this.fresh} new ↓`;
  }
}

function kind(entry) {
  if (entry.kind === "stanza") return entry.name;
  return /^(nonza|stream-open|stream-close|stream-error)$/.test(entry.kind) ? "nonza" : "other";
}

function short(jid) {
  return jid.split("@")[0].slice(0, 16);
}

function shell(name) {
  return /^[\w./:@%+,-]+$/.test(name) ? name : `'${name.replace(/'/g, "'\\''")}'`;
}
