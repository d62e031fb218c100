// Plots: latency of each iq, stanzas a second by kind, stanzas not yet acknowledged, presence of contacts and occupants.
// Small SVG drawings with a shape for each series, since colour alone tells nothing; the same numbers stand in a table.

import { ticks } from "./sessions.js";
import { el, latency, svg, value } from "./text.js";

const FORMS = ["latency", "stanzas/s", "unacked", "presence"];
const SHAPES = [
  "M-4 0 a4 4 0 1 0 8 0 a4 4 0 1 0 -8 0", "M-4 -4 h8 v8 h-8 z", "M0 -5 L5 4 H-5 z", "M0 -5 L5 0 L0 5 L-5 0 z",
  "M-4 -4 L4 4 M4 -4 L-4 4", "M-5 0 H5 M0 -5 V5", "M0 5 L5 -4 H-5 z", "M-5 0 H5",
];
const DASHES = ["", "6 3", "2 3", "8 3 2 3"];
const POINTS = 1500;
const ROWS = 180;
const LEFT = 70, BOTTOM = 34, TOP = 12, RIGHT = 20;

export class Plots {
  constructor(app, node) {
    this.app = app;
    this.form = "latency";
    this.asTable = false;
    this.bar = el("div", { class: "bar", role: "group", "aria-label": "plots" });
    this.body = el("div", { class: "plot" });
    node.append(this.bar, this.body);
    new ResizeObserver(() => { if (!node.hidden && node.clientWidth !== this.width) this.draw(); }).observe(node);
  }

  draw() {
    this.width = this.body.parentNode.clientWidth;
    const focused = document.activeElement?.id;
    this.bar.replaceChildren(...FORMS.map((form) => el("button", { type: "button", class: "chip", id: `plot-${form.replace("/", "-")}`, "aria-pressed": String(form === this.form), text: form, onclick: () => { this.form = form; this.draw(); } })),
      el("button", { type: "button", id: "plot-table", "aria-pressed": String(this.asTable), text: "as table", onclick: () => { this.asTable = !this.asTable; this.draw(); } }));
    if (focused) document.getElementById(focused)?.focus();
    const made = { latency: () => this.latency(), "stanzas/s": () => this.rate(), unacked: () => this.unacked(), presence: () => this.presence() }[this.form]();
    this.body.replaceChildren(...(this.asTable ? [this.table(made)] : made.picture()));
  }

  *shown() {
    const { list } = this.app;
    for (let place = 0; place < list.count; place += 1) yield list.entryAt(place);
  }

  empty(text) {
    return { head: [], rows: [], picture: () => [el("p", { class: "muted", text })] };
  }

  table({ head, rows }) {
    return el("table", {}, el("caption", { text: this.form }), el("tr", {}, ...head.map((text) => el("th", { scope: "col", text }))),
      ...rows.slice(0, ROWS).map((row) => el("tr", {}, ...row.map((cell) => el("td", {}, cell instanceof Node ? cell : value(cell))))),
      rows.length > ROWS ? el("tr", {}, el("td", { text: `and ${rows.length - ROWS} more` })) : null);
  }

  /** Each answered iq is a point: when it was asked, how long it took. */
  latency() {
    const series = new Map();
    for (const entry of this.shown()) {
      if (entry.latency === undefined) continue;
      const question = this.app.store.get(entry.answers);
      const name = what(question || entry);
      if (!series.has(name)) series.set(name, []);
      series.get(name).push({ x: question ? question.at : entry.at, y: entry.latency * 1000, entry });
    }
    if (!series.size) return this.empty("No iq has been answered in what is shown.");
    const rows = [...series].flatMap(([name, points]) => points.map((one) => [this.app.link(one.entry.entry), name, one.x.toFixed(3), latency(one.y / 1000)]));
    return { head: ["entry", "iq", "asked at", "latency"], rows, picture: () => this.points(series, "ms") };
  }

  points(series, unit) {
    const all = [...series.values()].flat();
    const most = Math.max(...[0.001].concat(all.map((one) => one.y)));
    const { picture, x, y } = this.frame(most, unit);
    const many = Math.ceil(all.length / POINTS);
    [...series.values()].forEach((points, n) => {
      points.forEach((one, index) => {
        // Of very many points those stand for their neighbours that are the slowest.
        if (many > 1 && index % many && one.y < most / 2) return;
        picture.append(this.point(n, x(one.x), y(one.y), one.entry, `#${one.entry.entry} ${latency(one.y / 1000)} ${one.entry.summary.slice(0, 200)}`));
      });
    });
    return [picture, this.legend([...series.keys()])];
  }

  point(n, x, y, entry, told) {
    const go = () => { this.app.select(entry.entry, { jump: true }); this.app.openDetail(); };
    const mark = svg("path", { class: `mark c${n % 8}`, d: SHAPES[n % 8], transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, tabindex: 0, role: "button", "aria-label": told, "data-entry": entry.entry });
    mark.addEventListener("click", go);
    mark.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); go(); } });
    mark.append(svg("title", {}, told));
    return mark;
  }

  /** Stanzas in each slice of time, a line for each kind. */
  rate() {
    const kinds = ["message", "presence", "iq"];
    const { last } = this.app.store;
    const slices = 60;
    const span = (last || 1) / slices;
    const counts = kinds.map(() => new Float64Array(slices));
    for (const entry of this.shown()) {
      if (entry.kind !== "stanza") continue;
      const kind = kinds.indexOf(entry.name);
      if (kind >= 0) counts[kind][Math.min(slices - 1, Math.max(0, Math.floor(entry.at / span)))] += 1;
    }
    const rows = [];
    for (let n = 0; n < slices; n += 1) {
      if (counts.some((one) => one[n])) rows.push([`${(n * span).toFixed(3)} s`, ...counts.map((one) => String(one[n]))]);
    }
    if (!rows.length) return this.empty("There is no stanza in what is shown.");
    const lines = kinds.map((name, kind) => ({ name, points: [...counts[kind]].map((count, n) => [(n + 0.5) * span, count / span]) }));
    return { head: ["from", ...kinds], rows, picture: () => this.lines(lines, "/s") };
  }

  /** What of each connection is in flight, by the counters of stream management. */
  unacked() {
    const { app } = this;
    const lines = [];
    const rows = [];
    const connections = new Set([...this.shown()].map((entry) => entry.connection));
    for (const number of connections) {
      for (const [name, arrow] of [["sm initiating", "→"], ["sm receiving", "←"]]) {
        const machine = app.states.of(number).get(name);
        if (!machine) continue;
        const points = [];
        for (const change of machine.changes) {
          const [acked, sent] = change.value.split("/").map(Number);
          const entry = app.store.get(change.entry);
          if (!entry) continue;
          const flight = Math.max(0, sent - acked);
          if (points.length) points.push([entry.at, points[points.length - 1][1]]);
          points.push([entry.at, flight]);
          rows.push([app.link(change.entry), `${number} ${arrow}`, entry.at.toFixed(3), String(flight)]);
        }
        if (points.length) lines.push({ name: `${number} ${arrow} ${app.store.called(number)}`, points });
      }
    }
    if (!lines.length) return this.empty("No stream management was used in what is shown.");
    return { head: ["entry", "connection", "at", "in flight"], rows, picture: () => this.lines(lines.slice(0, 8), "") };
  }

  lines(lines, unit) {
    const most = Math.max(...[1].concat(lines.flatMap((one) => one.points.map(([, up]) => up))));
    const { picture, x, y } = this.frame(most, unit);
    lines.forEach((line, n) => {
      const path = line.points.map(([across, up], index) => `${index ? "L" : "M"}${x(across).toFixed(1)} ${y(up).toFixed(1)}`).join("");
      const drawn = svg("path", { class: `curve c${n % 8}`, d: path, "stroke-dasharray": DASHES[n % 4] });
      drawn.append(svg("title", {}, line.name));
      picture.append(drawn);
      const every = Math.max(1, Math.floor(line.points.length / 12));
      line.points.forEach(([across, up], index) => {
        if (index % every === 0) picture.append(svg("path", { class: `mark c${n % 8}`, d: SHAPES[n % 8], transform: `translate(${x(across).toFixed(1)} ${y(up).toFixed(1)}) scale(.7)` }));
      });
    });
    return [picture, this.legend(lines.map((one) => one.name))];
  }

  /** Presence of each address, as bars: available, away, gone. */
  presence() {
    const bars = new Map();
    for (const entry of this.shown()) {
      if (entry.name !== "presence" || entry.kind !== "stanza" || (entry.type && entry.type !== "unavailable")) continue;
      const who = entry.from || (entry.sender === "initiating" && !entry.to ? this.app.store.whose.get(entry.connection) : null);
      if (!who) continue;
      if (!bars.has(who)) bars.set(who, []);
      const show = entry.type === "unavailable" ? "unavailable" : /<show>\s*(\w+)/.exec(entry.xml || "")?.[1] || "available";
      const list = bars.get(who);
      if (!list.length || list[list.length - 1].show !== show) list.push({ at: entry.at, show, entry });
    }
    if (!bars.size) return this.empty("There is no presence in what is shown.");
    const rows = [...bars].flatMap(([who, list]) => list.map((one) => [this.app.link(one.entry.entry), who, one.at.toFixed(3), one.show]));
    return { head: ["entry", "who", "from", "presence"], rows, picture: () => this.bars(bars) };
  }

  bars(bars) {
    const { last } = this.app.store;
    const parts = [];
    for (const [who, list] of [...bars].slice(0, 60)) {
      const row = el("div", { class: "presence-row" }, value(who.slice(0, 120)));
      const track = svg("svg", { viewBox: "0 0 1000 16", preserveAspectRatio: "none", role: "img", "aria-label": list.map((one) => `${one.show} from ${one.at.toFixed(3)}`).join(", ").slice(0, 400) });
      list.forEach((one, n) => {
        const from = (one.at / (last || 1)) * 1000;
        const to = ((list[n + 1]?.at ?? last) / (last || 1)) * 1000;
        const gone = one.show === "unavailable";
        const bar = svg("rect", { class: `is ${gone ? "gone" : one.show === "available" || one.show === "chat" ? "here" : "away"}`, x: from, y: gone ? 7 : 2, width: Math.max(2, to - from), height: gone ? 2 : 12, "data-entry": one.entry.entry });
        bar.append(svg("title", {}, `${one.show} #${one.entry.entry}`));
        bar.addEventListener("click", () => { this.app.select(one.entry.entry, { jump: true }); this.app.openDetail(); });
        track.append(bar);
      });
      row.append(track);
      parts.push(row);
    }
    parts.push(el("p", { class: "muted", text: "thick: available · hatched: away, dnd, xa · thin: unavailable" }));
    if (bars.size > 60) parts.push(el("p", { class: "muted", text: `and ${bars.size - 60} more: filter` }));
    return [svg("svg", { class: "nowhere", width: 0, height: 0 }, svg("defs", {}, svg("pattern", { id: "away", width: 5, height: 5, patternUnits: "userSpaceOnUse" }, svg("line", { class: "hatching", x1: 0, x2: 5, y1: 5, y2: 0, "stroke-width": 2 })))), ...parts];
  }

  /** Make the frame of a plot: both axes, and what turns numbers into places. */
  frame(most, unit) {
    const width = Math.max(360, this.width - 40), height = 380;
    const { last } = this.app.store;
    const x = (at) => LEFT + (at / (last || 1)) * (width - LEFT - RIGHT);
    const y = (up) => height - BOTTOM - (up / most) * (height - BOTTOM - TOP);
    const picture = svg("svg", { class: "chart", width, height, role: "group", "aria-label": `${this.form} over time` });
    for (const up of ticks(most)) {
      picture.append(svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(up), y2: y(up) }), svg("text", { x: LEFT - 8, y: y(up) + 4, "text-anchor": "end", text: `${up} ${unit}` }));
    }
    for (const at of ticks(last)) picture.append(svg("text", { x: x(at), y: height - 10, "text-anchor": "middle", text: `${at} s` }), svg("line", { class: "axis", x1: x(at), x2: x(at), y1: height - BOTTOM, y2: height - BOTTOM + 5 }));
    picture.append(svg("line", { class: "axis", x1: LEFT, x2: width - RIGHT, y1: height - BOTTOM, y2: height - BOTTOM }));
    return { picture, x, y };
  }

  legend(names) {
    return el("ul", { class: "legend" }, ...names.slice(0, 24).map((name, n) => el("li", {}, svg("svg", { width: 16, height: 16, "aria-hidden": "true" }, svg("path", { class: `mark c${n % 8}`, d: SHAPES[n % 8], transform: "translate(8 8)" })), " ", value(name))));
  }
}

/** Return what an iq is about: the short name of its payload's namespace. */
function what(entry) {
  const found = /^<[^>]*>\s*<([\w.:-]+)[^>]*?xmlns=["']([^"']*)["']/.exec((entry.xml || "").slice(0, 2000));
  if (!found) return entry.name || "iq";
  return found[2].replace(/^http:\/\/jabber\.org\/protocol\/|^urn:ietf:params:xml:ns:xmpp-|^urn:xmpp:|^jabber:iq:/, "").replace(/:\d+$/, "").slice(0, 40);
}
