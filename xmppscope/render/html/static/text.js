// Text becomes nodes, never markup: whatever came from the wire goes in as the content of text nodes, isolated, with
// controls and bidirectional overrides as boxes that copy as they were sent. Numbers and times are written here too.

const CUT = 2048;
const PIECE = 65536;
const C0 = "NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US"
  .split(" ");
const NAMED = {
  0x7f: "DEL", 0xad: "SHY", 0x61c: "ALM", 0x200b: "ZWSP", 0x200c: "ZWNJ", 0x200d: "ZWJ", 0x200e: "LRM", 0x200f: "RLM",
  0x2028: "LS", 0x2029: "PS", 0x202a: "LRE", 0x202b: "RLE", 0x202c: "PDF", 0x202d: "LRO", 0x202e: "RLO", 0x2060: "WJ",
  0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI", 0xfeff: "BOM",
};
const HIDDEN = new RegExp(
  "[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f" +
  "\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb]|[\\u{e0000}-\\u{e0fff}]|\\p{Cs}", "gu");
const MARKS = /(\p{M}{2})\p{M}+/gu;

/** Make an element: attributes by name, `on…` as listeners, `class` and `text` among them; then its children. */
export function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Make an SVG element likewise. */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
  return node;
}

/** Return text as nodes in which nothing is hidden. */
export function visible(text) {
  const whole = String(text).replace(MARKS, "$1");
  const parts = [];
  let at = 0;
  for (const found of whole.matchAll(HIDDEN)) {
    if (found.index > at) parts.push(whole.slice(at, found.index));
    parts.push(box(found[0]));
    at = found.index + found[0].length;
  }
  if (at < whole.length) parts.push(whole.slice(at));
  return parts;
}

function box(character) {
  const code = character.codePointAt(0);
  const name = C0[code] || NAMED[code] || `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  const shown = el("span", { class: "box", "data-name": name, title: `U+${code.toString(16).padStart(4, "0")}` });
  shown.append(el("span", { class: "sent", text: character }));
  return shown;
}

/** Return a value from the wire, isolated; what is long is cut, with a button that shows all of it in pieces. */
export function value(text, kind = "") {
  const whole = String(text);
  const node = el("bdi", { class: kind || undefined });
  if (whole.length <= CUT) {
    node.append(...visible(whole));
    return node;
  }
  let shown = CUT;
  node.append(...visible(whole.slice(0, shown)));
  const more = el("button", { type: "button", class: "more", text: `show all ${bytes(whole.length)}` });
  more.addEventListener("click", (event) => {
    event.stopPropagation();
    more.before(...visible(whole.slice(shown, shown + PIECE)));
    shown += PIECE;
    if (shown >= whole.length) more.remove();
    else more.textContent = `show ${bytes(Math.min(PIECE, whole.length - shown))} more of ${bytes(whole.length)}`;
  });
  node.append(more);
  return node;
}

/** Return a count of bytes in words: `131`, `4.4 KB`, `5 MB`. */
export function bytes(count) {
  const text = size(count);
  return /[KMGT]$/.test(text) ? `${text.slice(0, -1).replace(/\.0$/, "")} ${text.slice(-1)}B` : `${text} bytes`;
}

/** Return a number of bytes in at most four columns. */
export function size(count) {
  if (count < 1000) return String(count);
  let amount = count;
  for (const unit of "KMGT") {
    amount /= 1024;
    if (amount < 9.95) return amount.toFixed(1) + unit;
    if (amount < 999.5) return amount.toFixed(0) + unit;
  }
  return "huge";
}

/** Return the time between a request and its answer. */
export function latency(seconds) {
  const ms = seconds * 1000;
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Return a count with its noun. */
export function plural(count, one, many = `${one}s`) {
  return `${String(count).replace(/\B(?=(\d{3})+$)/g, " ")} ${count === 1 ? one : many}`;
}
