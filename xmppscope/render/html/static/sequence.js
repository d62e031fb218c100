// The sequence diagram: a lane for each party, an arrow for each entry, in equal steps or to scale, with bars beside the
// lanes for the state of stream, TLS, SASL, contacts, and the counters of stream management. Only what is in sight is
// drawn; what is saved as SVG is drawn in full.

import { lanes } from "./lanes.js";
import { fullness } from "./states.js";
import { label, mark, SIGNS, style } from "./store.js";
import { el, svg, value, visible } from "./text.js";

const STEP = 26;
const GUTTER = 112;
const BAR = 15;
const COUNTER = 46;
const HEAD = 72;
const MOST = 180;
const SAVED = 2000;
const LONG = 1;
const NAMES = { stream: "stream", tls: "TLS", sasl: "SASL" };
const KEPT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size", "font-weight", "opacity", "text-anchor"];

export class Sequence {
  constructor(app, node) {
    this.app = app;
    this.form = "connections";
    this.scale = false;
    this.factor = 1;
    this.drawn = null;
    this.window = el("div", { class: "window", tabindex: 0, "aria-label": "sequence diagram; j and k go from entry to entry", role: "img" });
    this.bar = el("div", { class: "bar", role: "group", "aria-label": "diagram" });
    this.table = el("div", { class: "states-table", hidden: true });
    node.append(this.bar, this.window, this.table);
    this.window.addEventListener("scroll", () => this.later(), { passive: true });
    this.window.addEventListener("click", (event) => {
      const found = event.target.closest("[data-entry]");
      if (found) { app.select(Number(found.dataset.entry), { jump: true }); app.openDetail(); }
    });
    new ResizeObserver(() => { if (!node.hidden) this.draw(); }).observe(node);
    this.controls();
  }

  controls() {
    const choice = (text, chosen, does, id) => el("button", { type: "button", class: "chip", id, "aria-pressed": String(chosen), text, onclick: () => { does(); this.controls(); this.draw(); } });
    const focused = document.activeElement?.id;
    this.bar.replaceChildren(
      choice("to scale", this.scale, () => { this.scale = true; }, "to-scale"), choice("equal steps", !this.scale, () => { this.scale = false; }, "equal-steps"),
      el("span", { class: "muted", text: "lanes:" }),
      ...["connections", "JIDs"].map((form) => choice(form, this.form === form, () => { this.form = form; }, `lanes-${form}`)),
      el("span", { class: "muted", text: "zoom:" }), el("button", { type: "button", text: "−", "aria-label": "smaller", onclick: () => this.zoom(1 / 1.5) }), el("button", { type: "button", text: "+", "aria-label": "larger", onclick: () => this.zoom(1.5) }),
      el("button", { type: "button", id: "states-as-table", "aria-expanded": String(!this.table.hidden), text: "as table", onclick: () => this.asTable() }),
      el("button", { type: "button", id: "save-svg", text: "Save as SVG", onclick: () => this.save() }));
    if (focused) document.getElementById(focused)?.focus();
  }

  zoom(by) {
    this.factor = by ? Math.min(64, Math.max(1 / 8, this.factor * by)) : 1;
    this.draw();
  }

  /** Lay out anew: lanes, and how deep each entry stands. */
  draw() {
    const { app } = this;
    const { list } = app;
    this.lanes = lanes(app, this.form);
    const width = Math.max(this.window.clientWidth, 480);
    this.place(width);
    const depth = new Float64Array(list.count);
    this.gaps = [];
    const step = this.scale ? STEP : STEP * Math.max(0.75, Math.min(2, this.factor));
    const perSecond = (Math.max(600, Math.min(list.count * STEP, 400000)) / (app.store.last || 1)) * this.factor;
    let at = HEAD + 22, before = null;
    for (let n = 0; n < list.count; n += 1) {
      const entry = list.entryAt(n);
      if (this.scale) at = Math.max(before === null ? 0 : depth[n - 1], HEAD + 22 + entry.at * perSecond);
      else if (before && entry.at - before.at >= LONG) {
        this.gaps.push({ at: at + step * 0.4, seconds: entry.at - before.at });
        at += step;
      }
      depth[n] = at;
      if (!this.scale) at += step;
      before = entry;
    }
    this.depth = depth;
    this.height = (list.count ? depth[list.count - 1] : HEAD) + STEP * 2;
    const spacer = el("div", { class: "spacer" });
    spacer.style.height = `${this.height}px`;
    spacer.style.width = `${this.width}px`;
    this.picture = svg("svg", { class: "diagram", width: this.width });
    this.heading = svg("svg", { class: "diagram lanes", width: this.width, height: HEAD });
    this.window.replaceChildren(this.heading, spacer, this.picture);
    if (app.store.meta.states_end) this.window.append(el("p", { class: "muted left", text: "too many changes of states: the bars do not go to the end" }));
    if (this.lanes.left) this.window.append(el("p", { class: "muted left", text: this.lanes.left }));
    this.window.classList.toggle("nothing", !list.count);
    this.names(this.heading);
    if (!this.table.hidden) this.fillTable();
    if (app.selected !== null) this.select(app.selected);
    this.paint();
  }

  /** Give each lane its place and its bars. */
  place(width) {
    const { all } = this.lanes;
    for (const [n, lane] of all.entries()) {
      lane.bars = lane.side === "initiating" ? this.barsOf(lane) : { bars: [], counters: [] };
      lane.wide = lane.bars.bars.length * BAR + lane.bars.counters.length * COUNTER + (lane.bars.bars.length ? 10 : 0);
      lane.right = n > 0;
    }
    const inside = all.slice(0, -1).reduce((sum, lane) => sum + (lane.right ? lane.wide : 0), 0);
    const start = GUTTER + (all[0]?.wide || 0);
    const end = all.length > 1 && all[all.length - 1].right ? Math.max(130, all[all.length - 1].wide + 40) : 130;
    const spread = Math.max(all.length > 3 ? 200 : 260, (width - start - end - inside - 20) / Math.max(1, all.length - 1));
    this.spread = spread;
    let x = start;
    for (const lane of all) {
      lane.x = x;
      x += spread + (lane.right ? lane.wide : 0);
    }
    this.width = Math.max(width - 20, x - spread - (all[all.length - 1]?.right ? all[all.length - 1].wide : 0) + end);
  }

  barsOf(lane) {
    const { states } = this.app;
    const bars = [], counters = new Set();
    const contacts = new Set();
    for (const number of lane.connections) {
      for (const { machine, subject } of states.of(number).values()) {
        if (machine === "subscription") contacts.add(subject);
        if (machine.startsWith("sm ")) counters.add(machine);
      }
    }
    for (const machine of ["stream", "tls", "sasl"]) bars.push({ key: machine, machine, title: NAMES[machine] });
    for (const subject of [...contacts].slice(0, 4)) bars.push({ key: `subscription ${subject}`, machine: "subscription", title: subject.split("@")[0].slice(0, 9) });
    return { bars, counters: [...counters].sort() };
  }

  /** Return where the bars of a lane begin. */
  edge(lane) {
    return lane.right ? lane.x + 10 : lane.x - lane.wide;
  }

  names(picture) {
    picture.append(svg("rect", { class: "ground", x: 0, y: 0, width: this.width, height: HEAD }));
    for (const lane of this.lanes.all) {
      const most = Math.max(10, Math.floor((this.spread - 16) / 8));
      const half = Math.min(most, lane.title.length) * 4 + 4;
      const title = svg("text", { class: "name", x: Math.max(lane.x, half), y: 16, "text-anchor": "middle" });
      title.append(...cut(lane.title, most));
      title.append(svg("title", {}, lane.title));
      picture.append(title);
      lane.bars.bars.forEach((bar, n) => {
        const x = this.edge(lane) + n * BAR + 8;
        const text = svg("text", { class: "small", x, y: HEAD - 4, transform: `rotate(-60 ${x} ${HEAD - 4})`, text: bar.title });
        picture.append(text);
      });
      lane.bars.counters.forEach((name, n) => {
        picture.append(svg("text", { class: "small", x: this.edge(lane) + lane.bars.bars.length * BAR + n * COUNTER + 8, y: HEAD - 4, text: name.endsWith("initiating") ? "sm →" : "sm ←" }));
      });
    }
    picture.append(svg("line", { class: "edge", x1: 0, x2: this.width, y1: HEAD - 0.5, y2: HEAD - 0.5 }));
  }

  later() {
    if (this.waits) return;
    this.waits = true;
    requestAnimationFrame(() => { this.waits = false; this.paint(); });
  }

  /** Draw what is in sight. */
  paint() {
    if (!this.picture) return;
    const top = this.window.scrollTop;
    const tall = this.window.clientHeight;
    this.picture.style.top = `${top}px`;
    this.picture.setAttribute("height", tall);
    this.picture.setAttribute("viewBox", `0 ${top} ${this.width} ${tall}`);
    this.picture.replaceChildren(...this.parts(top, top + tall, MOST));
  }

  parts(top, bottom, most) {
    const { depth } = this;
    const first = search(depth, top - STEP), last = Math.min(depth.length, search(depth, bottom + STEP) + 1);
    const parts = [defs()];
    const from = top > HEAD ? top : HEAD;
    for (const lane of this.lanes.all) {
      parts.push(...this.life(lane, from, bottom));
    }
    for (const gap of this.gaps) {
      if (gap.at > top - STEP && gap.at < bottom + STEP) {
        parts.push(svg("text", { class: "small", x: GUTTER, y: gap.at, text: `┆ ${gap.seconds.toFixed(1)} s without an entry` }));
      }
    }
    let labelled = -Infinity, drawn = -Infinity, count = 0;
    for (let n = first; n < last && count < most; n += 1) {
      const at = depth[n];
      const entry = this.app.list.entryAt(n);
      if (at - drawn < 3 && entry.entry !== this.app.selected) continue;
      drawn = at;
      count += 1;
      const named = at - labelled >= 18;
      if (named) labelled = at;
      parts.push(this.arrow(entry, at, named));
    }
    for (const lane of this.lanes.all) if (lane.bars.bars.length) parts.push(...this.bars(lane, from, bottom));
    return parts;
  }

  /** Draw the line of a lane: dotted where none of its connections is there. */
  life(lane, top, bottom) {
    const line = (name, from, to) => svg("line", { class: name, x1: lane.x, x2: lane.x, y1: Math.max(top, from), y2: Math.min(bottom, to) });
    if (lane.side !== "initiating") return [line("life", top, bottom)];
    const parts = [line("life away", top, bottom)];
    for (const number of lane.connections) {
      const { from, to } = this.reach(number);
      if (from < bottom && to > top) parts.push(line("life", from - 10, to));
    }
    return parts;
  }

  arrow(entry, at, named) {
    const { app } = this;
    const ends = this.lanes.between(entry);
    const chosen = entry.entry === app.selected;
    const bad = app.store.severity(entry);
    const marked = mark(entry) || bad;
    const group = svg("g", { class: `step ${style(entry)} ${chosen ? "chosen" : ""}`, "data-entry": entry.entry });
    group.append(svg("rect", { class: "row", x: 0, y: at - 15, width: this.width, height: 22 }));
    if (named) {
      group.append(svg("text", { class: "time", x: 64, y: at, "text-anchor": "end", text: app.clock(entry, null) }),
        svg("text", { class: "time", x: 70, y: at, text: `#${entry.entry}` }));
    }
    const told = `#${entry.entry} ${label(entry)}: ${entry.summary}`;
    group.append(svg("title", {}, told.slice(0, 500)));
    if (!ends) return group;
    const [from, to] = ends;
    const sign = marked ? `${SIGNS[marked]} ` : "";
    if (to === null || from === to) {
      group.append(svg("circle", { class: "dot", cx: from.x, cy: at - 4, r: 4 }));
      const text = svg("text", { class: `label ${marked}`, x: from.x + 10, y: at });
      text.append(...cut(`${sign}${label(entry)} ${entry.summary}`, 48));
      group.append(text);
      return group;
    }
    const way = to.x > from.x ? 1 : -1;
    const [x1, x2] = [from.x + way * 2, to.x - way * 2];
    const broken = entry.kind === "closed" || entry.kind === "gap" || entry.kind === "opaque";
    const shut = entry.protection !== "none";
    const y = at + 2;
    if (shut && !broken) group.append(svg("line", { class: "shaft wide", x1, x2: x2 - way * 7, y1: y, y2: y }), svg("line", { class: "shaft core", x1, x2: x2 - way * 7, y1: y, y2: y }));
    else group.append(svg("line", { class: broken ? "shaft dashed" : "shaft", x1, x2: x2 - way * 5, y1: y, y2: y }));
    group.append(svg("path", { class: "head", d: `M${x2} ${y} l${-way * 9} -4.5 v9 z` }));
    if (broken) group.append(svg("text", { class: "label", x: x1, y: y + 4, "text-anchor": way > 0 ? "start" : "end", text: entry.kind === "closed" ? "╳" : "?" }));
    if (named) {
      const room = Math.abs(x2 - x1);
      const text = svg("text", { class: "label", x: Math.min(x1, x2) + 12, y: at - 3 });
      const words = `${label(entry)}  ${entry.summary}`;
      if (sign) text.append(svg("tspan", { class: marked, text: sign }));
      text.append(svg("tspan", { class: style(entry) }, ...cut(label(entry), 12)), ...cut(words.slice(label(entry).length), Math.floor((room - 24) / 7.4) - label(entry).length - sign.length));
      group.append(text);
    }
    return group;
  }

  /** Draw the bars of a lane: filled, hatched, a dot; and the counters. */
  bars(lane, top, bottom) {
    const { states, list } = this.app;
    const parts = [];
    const depthOf = (number) => this.depth[Math.min(this.depth.length - 1, list.place(number, true))] ?? this.height;
    for (const number of lane.connections) {
      const machines = states.of(number);
      const end = this.reach(number).to;
      lane.bars.bars.forEach((bar, n) => {
        const machine = machines.get(bar.key);
        if (!machine) return;
        const x = this.edge(lane) + n * BAR;
        machine.changes.forEach((change, index) => {
          const next = machine.changes[index + 1];
          const from = Math.max(top, depthOf(change.entry) - 8);
          const to = Math.min(bottom, next ? depthOf(next.entry) - 8 : end);
          if (to <= from || from > bottom) return;
          const looks = fullness(bar.machine, change.value);
          const shape = looks === "none" ? svg("circle", { class: "unused", cx: x + 4, cy: Math.min(from + 6, to), r: 1.8, "data-entry": change.entry })
            : svg("rect", { class: `state ${looks}`, x, y: from, width: 8, height: Math.max(1, to - from - 1), "data-entry": change.entry });
          shape.append(svg("title", {}, `connection ${number}, ${bar.key}: ${change.value}\nbecause ${change.because.map((one) => `#${one}`).join(" ")}`));
          parts.push(shape);
        });
      });
      lane.bars.counters.forEach((name, n) => {
        const machine = machines.get(name);
        if (!machine) return;
        const x = this.edge(lane) + lane.bars.bars.length * BAR + n * COUNTER + 8;
        let last = -Infinity;
        const { changes } = machine;
        for (let index = changes.length - 1; index >= 0; index -= 1) {
          const at = depthOf(changes[index].entry);
          if (at < top - STEP) break;
          if (at > bottom + STEP || (index < changes.length - 1 && Math.abs(at - last) < 14)) continue;
          last = at;
          const text = svg("text", { class: "counter", x, y: at, text: changes[index].value, "data-entry": changes[index].entry });
          text.append(svg("title", {}, `connection ${number}, ${name}: acknowledged/sent\nbecause ${changes[index].because.map((one) => `#${one}`).join(" ")}`));
          parts.push(text);
        }
      });
    }
    return parts;
  }

  /** Return how deep the first and the last entry of a connection stand. */
  reach(number) {
    if (this.ends?.depth !== this.depth) {
      this.ends = { depth: this.depth, of: new Map() };
      for (let n = 0; n < this.depth.length; n += 1) {
        const { connection } = this.app.list.entryAt(n);
        const known = this.ends.of.get(connection);
        if (known) known.to = this.depth[n] + 6;
        else this.ends.of.set(connection, { from: this.depth[n], to: this.depth[n] + 6 });
      }
    }
    return this.ends.of.get(number) || { from: 0, to: this.height };
  }

  /** Bring an entry into sight. */
  select(number) {
    const place = this.app.list.place(number);
    if (place >= 0 && this.depth) {
      const at = this.depth[place];
      const { scrollTop, clientHeight } = this.window;
      if (at < scrollTop + HEAD + STEP || at > scrollTop + clientHeight - STEP) this.window.scrollTop = at - clientHeight / 2;
    }
    this.later();
  }

  asTable() {
    this.table.hidden = !this.table.hidden;
    if (!this.table.hidden) this.fillTable();
    this.controls();
  }

  fillTable() {
    const rows = [];
    const { app } = this;
    for (const lane of this.lanes.all) {
      for (const number of lane.side === "initiating" ? lane.connections : []) {
        for (const [key, machine] of app.states.of(number)) {
          for (const change of machine.changes.slice(0, 40)) {
            if (rows.length >= 180) break;
            rows.push(el("tr", {}, el("td", { text: String(number) }), el("td", {}, value(key)), el("td", {}, value(change.value)), el("td", {}, ...change.because.slice(0, 12).flatMap((one) => [app.link(one), " "]))));
          }
        }
      }
    }
    this.table.replaceChildren(el("table", {}, el("caption", { text: "states, and the entries that caused them" }),
      el("tr", {}, ...["connection", "machine", "value", "because"].map((text) => el("th", { scope: "col", text }))), ...rows));
  }

  /** Return the whole diagram as the text of an SVG file, with its looks inside. */
  text() {
    const whole = svg("svg", { xmlns: "http://www.w3.org/2000/svg", class: "diagram", width: this.width, height: this.height, viewBox: `0 0 ${this.width} ${this.height}` });
    whole.append(svg("rect", { class: "ground", x: 0, y: 0, width: this.width, height: this.height }), ...this.parts(0, this.height, SAVED));
    this.names(whole);
    this.window.append(whole);
    for (const node of whole.querySelectorAll("*")) {
      const looks = getComputedStyle(node);
      if (node.tagName === "title" || node.closest("defs")) continue;
      for (const name of KEPT) node.setAttribute(name, looks.getPropertyValue(name));
      node.removeAttribute("class");
      node.removeAttribute("data-entry");
    }
    for (const node of whole.querySelectorAll("defs line")) node.setAttribute("stroke", getComputedStyle(whole).getPropertyValue("--nonza").trim());
    whole.remove();
    return new XMLSerializer().serializeToString(whole);
  }

  save() {
    const url = URL.createObjectURL(new Blob([this.text()], { type: "image/svg+xml" }));
    const link = el("a", { href: url, download: `${(this.app.store.meta.title || "xmppscope").replace(/[^\w.-]+/g, "-")}.svg` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }
}

function defs() {
  return svg("defs", {}, svg("pattern", { id: "hatch", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("line", { class: "hatching", x1: 0, x2: 0, y1: 0, y2: 5, "stroke-width": 4 })));
}

function cut(text, most) {
  const whole = String(text);
  return visible(whole.length > most ? `${whole.slice(0, Math.max(0, most - 1))}…` : whole).map((part) => (typeof part === "string" ? part : svg("tspan", { class: "warning", text: `[${part.dataset.name}]` })));
}

/** Return the first place that is not above a depth. */
function search(depth, at) {
  let low = 0, high = depth.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (depth[middle] < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
