// The timeline as a grid of which only the rows in sight are in the document, however many entries there are. One row can
// be reached by Tab; arrow keys move from it.

import { SIGNS, arrow, label, mark, sender, style } from "./store.js";
import { el, latency, size, visible } from "./text.js";

const AROUND = 12;
const MOST = 160;

export class List {
  constructor(app, node, head) {
    this.app = app;
    this.node = node;
    this.head = head;
    this.rows = new Map();
    this.indexes = null;
    this.spacer = el("div", { class: "spacer", role: "presentation" });
    node.append(this.spacer);
    this.waits = false;
    node.addEventListener("scroll", () => { this.later(); app.scrolled(this.atEnd()); }, { passive: true });
    node.addEventListener("click", (event) => this.clicked(event, false));
    node.addEventListener("dblclick", (event) => this.clicked(event, true));
    node.addEventListener("focus", () => { if (this.count && this.app.selected === null) this.app.move(0); else this.focus(); });
    new ResizeObserver(() => this.resized()).observe(node);
  }

  /** Keep the chosen entry in sight if it was. */
  resized() {
    const row = this.selectedRow();
    const top = row === undefined ? -1 : parseFloat(row.style.top) - this.node.scrollTop;
    if (row && this.tall && top >= 0 && top < this.tall) this.reveal(this.place(this.app.selected));
    this.tall = this.node.clientHeight;
    this.later();
  }

  get count() {
    return this.indexes === null ? this.app.store.entries.length : this.indexes.length;
  }

  /** Return the entry in a place of what is shown. */
  entryAt(place) {
    const { entries } = this.app.store;
    return entries[this.indexes === null ? place : this.indexes[place]];
  }

  /** Return the place of an entry in what is shown, or where it would be; -1 if nothing is. */
  place(number, near = false) {
    const index = this.app.store.at.get(number);
    if (index === undefined) return -1;
    if (this.indexes === null) return index;
    let low = 0, high = this.indexes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.indexes[middle] < index) low = middle + 1;
      else high = middle;
    }
    return this.indexes[low] === index || near ? low : -1;
  }

  /** Show these entries, by their indexes; null is all of them. */
  show(indexes) {
    this.indexes = indexes;
    for (const row of this.rows.values()) row.remove();
    this.rows.clear();
    this.grown();
  }

  /** Make room for what came. */
  grown() {
    this.node.setAttribute("aria-rowcount", this.count + 1);
    this.height = parseFloat(getComputedStyle(this.node).getPropertyValue("--row")) || 24;
    document.body.style.setProperty("--n", `${Math.max(4, String(this.app.store.entries.length).length)}ch`);
    this.spacer.style.height = `${this.count * this.height}px`;
    this.later();
  }

  later() {
    if (this.waits) return;
    this.waits = true;
    requestAnimationFrame(() => { this.waits = false; this.draw(); });
  }

  /** Put the rows in sight into the document, and take out the others. */
  draw() {
    const height = parseFloat(getComputedStyle(this.node).getPropertyValue("--row")) || 24;
    if (height !== this.height) { this.grown(); for (const row of this.rows.values()) row.remove(); this.rows.clear(); }
    const first = Math.max(0, Math.floor(this.node.scrollTop / height) - AROUND);
    const last = Math.min(this.count, first + Math.min(MOST, Math.ceil(this.node.clientHeight / height) + 2 * AROUND));
    const focused = document.activeElement;
    for (const [place, row] of this.rows) {
      if (place < first || place >= last) {
        if (row === focused) continue;
        row.remove();
        this.rows.delete(place);
      }
    }
    const fresh = document.createDocumentFragment();
    for (let place = first; place < last; place += 1) {
      if (!this.rows.has(place)) {
        const row = this.row(place);
        this.rows.set(place, row);
        fresh.append(row);
      }
    }
    this.node.append(fresh);
    this.node.tabIndex = this.rows.size && this.selectedRow() ? -1 : 0;
  }

  /** Make the times anew, or whatever else depends on how one looks at it. */
  refresh() {
    for (const row of this.rows.values()) row.remove();
    this.rows.clear();
    this.later();
  }

  row(place) {
    const { app } = this;
    const { store } = app;
    const entry = this.entryAt(place);
    const chosen = entry.entry === app.selected;
    const severity = store.severity(entry);
    const marked = mark(entry) || severity;
    const connection = store.connections.get(entry.connection);
    const summary = el("bdi", {}, ...visible(entry.summary));
    const tail = entry.answers === undefined ? null
      : el("span", { class: "muted", text: ` · #${entry.answers}${entry.latency === undefined ? "" : ` ${latency(entry.latency)}`}` });
    const bad = severity ? `, ${severity}` : "";
    const row = el("div", {
      role: "row", class: chosen ? "row chosen" : "row", tabindex: chosen ? 0 : -1, "aria-selected": String(chosen),
      "aria-rowindex": place + 2, "data-entry": entry.entry,
      "aria-label": `entry ${entry.entry}, ${sender(entry, connection)}, ${label(entry)}, ${entry.summary.slice(0, 300)}${bad}`,
    });
    const cell = (name, ...content) => row.append(el("span", { role: "gridcell", class: name }, ...content));
    cell("n", String(entry.entry));
    cell("t", app.clock(entry, place > 0 ? this.entryAt(place - 1) : null));
    cell("c", String(entry.connection));
    cell(`a ${entry.sender}`, arrow(entry));
    cell(`m ${marked}`, SIGNS[marked] || "");
    cell(`e ${style(entry)}`, el("bdi", {}, ...visible(label(entry))));
    cell("s", summary, tail);
    cell("z", entry.size === undefined ? "" : size(entry.size));
    row.style.top = `${place * this.height}px`;
    return row;
  }

  selectedRow() {
    return this.app.selected === null ? undefined : this.rows.get(this.place(this.app.selected));
  }

  /** Show which entry is chosen and bring it into sight. */
  select(number, focus) {
    for (const [place, row] of this.rows) {
      if (row.classList.contains("chosen") && Number(row.dataset.entry) !== number) {
        row.classList.remove("chosen");
        row.setAttribute("aria-selected", "false");
        row.tabIndex = -1;
        if (focus && row === document.activeElement && place < 0) row.blur();
      }
    }
    const place = this.place(number);
    if (place < 0) return;
    this.reveal(place);
    this.draw();
    const row = this.rows.get(place);
    if (!row) return;
    row.classList.add("chosen");
    row.setAttribute("aria-selected", "true");
    row.tabIndex = 0;
    this.node.tabIndex = -1;
    if (focus) row.focus({ preventScroll: true });
  }

  reveal(place) {
    const { node, height } = this;
    const top = place * height;
    if (top < node.scrollTop) node.scrollTop = top;
    else if (top + height > node.scrollTop + node.clientHeight) node.scrollTop = top + height - node.clientHeight;
  }

  focus() {
    const row = this.selectedRow();
    if (row) row.focus({ preventScroll: true });
    else this.node.focus({ preventScroll: true });
  }

  atEnd() {
    return this.node.scrollTop + this.node.clientHeight >= this.count * this.height - this.height * 1.5;
  }

  toEnd() {
    this.node.scrollTop = this.count * this.height;
    this.later();
  }

  clicked(event, twice) {
    const row = event.target.closest(".row");
    if (!row) return;
    const number = Number(row.dataset.entry);
    this.app.select(number, { focus: true, jump: true });
    if (twice) this.app.open("sequence");
    else this.app.openDetail();
  }
}
