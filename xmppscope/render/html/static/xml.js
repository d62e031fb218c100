// The XML of an entry as a tree to fold, and its parts as text. It is parsed by the browser's XML parser into a document
// that nobody shows and that loads nothing; what is shown is made of it by hand, as text. Elements of HTML, SVG and MathML
// have a life of their own even there (event handlers): their namespaces get a sign at the end, which `sent` takes away.

import { el, value } from "./text.js";

const LIVELY = "http://www\\.w3\\.org/(?:1999/xhtml|2000/svg|1998/Math/MathML)";
const LIVELY_NAMESPACE = new RegExp(`(\\bxmlns(?::[^\\s=]+)?\\s*=\\s*["']${LIVELY})(?=["'])`, "g");
const TAMED = new RegExp(`(${LIVELY})\uf8ff`, "g");
const HIDDEN_NAMESPACE = /\bxmlns(?::[^\s=]+)?\s*=\s*(?:"[^"&]*&|'[^'&]*&)/;
const DECLARATION = /^\s*<\?xml[^>]*\?>\s*/;
const TAG = /^<[^\s/>!?]+/;
const ATTRIBUTE = /\s+([^\s=]+)\s*=\s*(?:"[^"]*"|'[^']*')/y;
const XMLNS = "http://www.w3.org/2000/xmlns/";
const OPEN_AT_FIRST = 40;
const KEPT = 32;

const trees = new Map();

/** Return the element of an entry, or null where there is none that can be parsed. */
export function parse(entry) {
  if (trees.has(entry)) return trees.get(entry);
  let root = null;
  if (entry.xml) {
    const text = closed(entry, entry.xml.replace(DECLARATION, ""));
    const tag = TAG.exec(text);
    if (tag && !HIDDEN_NAMESPACE.test(text)) {
      const tame = declared(text, tag[0].length, entry.xmlns).replace(LIVELY_NAMESPACE, "$1\uf8ff");
      const parsed = new DOMParser().parseFromString(tame, "text/xml");
      if (!parsed.getElementsByTagName("parsererror").length) root = parsed.documentElement;
    }
  }
  if (trees.size > KEPT) trees.clear();
  trees.set(entry, root);
  return root;
}

/** Forget what an entry was parsed to: there is more of it now. */
export function forget(entry) {
  trees.delete(entry);
}

/** Return a text of the parsed document as it was sent. */
export function sent(text) {
  return text.replace(TAMED, "$1");
}

function closed(entry, text) {
  if (entry.kind !== "stream-open" || text.endsWith("/>")) return text;
  return `${text.trimEnd().replace(/>$/, "")}/>`;
}

/** Return the text with the inherited prefixes declared, but for those that its start tag declares anew. */
function declared(text, end, inherited) {
  if (!inherited) return text;
  const own = new Set();
  ATTRIBUTE.lastIndex = end;
  for (let found = ATTRIBUTE.exec(text); found; found = ATTRIBUTE.exec(text)) own.add(found[1]);
  let added = "";
  for (const [prefix, uri] of Object.entries(inherited)) {
    const name = prefix ? `xmlns:${prefix}` : "xmlns";
    const quoted = uri.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
    if (!own.has(name)) added += ` ${name}="${quoted}"`;
  }
  return text.slice(0, end) + added + text.slice(end);
}

/** Return the tree of an entry, to be folded by click or arrow key; *explained* gives what is known of a name. */
export function tree(entry, explained) {
  const root = parse(entry);
  if (root === null) return null;
  const inherited = entry.xmlns || {};
  const own = new Set(entry.xml.slice(0, 4096).match(/^(?:<\?[^>]*\?>\s*)?<[^>]*/)?.[0].match(/xmlns(?::[\w-]+)?(?=\s*=)/g) || []);
  const shownNamespace = (attribute) => {
    const name = attribute.name;
    return own.has(name) || !(name === "xmlns" ? "" in inherited : name.slice(6) in inherited);
  };
  let open = OPEN_AT_FIRST;
  const item = (element, level) => {
    const attributes = [...element.attributes].filter(
      (one) => element !== root || one.namespaceURI !== XMLNS || shownNamespace(one));
    const children = [...element.childNodes].filter((one) => one.nodeType === 1 || one.data?.trim());
    const leaf = children.every((one) => one.nodeType !== 1);
    const head = el("span", { class: "tag" }, "<", name(element, explained), ...attributes.map((one) => attribute(one, explained)));
    const node = el("li", { role: "treeitem", "aria-level": level, tabindex: -1 }, head);
    if (leaf) {
      const text = sent(children.map((one) => one.data).join(""));
      head.append(text ? ">" : "/>");
      if (text) node.append(value(text, "content"), el("span", { class: "tag" }, `</${element.nodeName}>`));
      return node;
    }
    head.append(">");
    open -= children.length;
    node.setAttribute("aria-expanded", String(open > 0 || level === 1));
    const inside = el("ul", { role: "group" });
    // Of a long list the rest is made when it is asked for.
    const make = (from) => {
      for (const child of children.slice(from, from + 200)) {
        inside.append(child.nodeType === 1 ? item(child, level + 1) : el("li", { role: "treeitem", "aria-level": level + 1, tabindex: -1 }, value(sent(child.data), "content")));
      }
      if (children.length > from + 200) {
        const more = el("button", { type: "button", class: "more", text: `show more of ${children.length}` });
        more.addEventListener("click", () => { more.parentNode.remove(); make(from + 200); });
        inside.append(el("li", {}, more));
      }
    };
    const grow = () => { if (!inside.firstChild) make(0); };
    node.grow = grow;
    if (node.getAttribute("aria-expanded") === "true") grow();
    node.append(inside, el("span", { class: "tag end" }, `</${element.nodeName}>`));
    return node;
  };
  const list = el("ul", { role: "tree", class: "xml", "aria-label": "XML" }, item(root, 1));
  list.querySelector("li").tabIndex = 0;
  list.addEventListener("click", folded);
  list.addEventListener("keydown", (event) => walk(event, list));
  return list;
}

function name(element, explained) {
  const text = explained.element(sent(element.namespaceURI || ""), element.localName);
  return word(element.nodeName, "name", text, explained);
}

function attribute(one, explained) {
  const space = one.name === "xmlns" || one.name.startsWith("xmlns:");
  const text = space ? explained.namespace(sent(one.value)) : explained.attribute(one.name, one.ownerElement);
  return el("span", { class: "attribute" }, " ", word(one.name, space ? "attr ns" : "attr", text, explained), "=\"", value(sent(one.value), "val"), "\"");
}

function word(text, kind, explanation, explained) {
  if (!explanation) return el("bdi", { class: kind, text });
  const link = el("button", { type: "button", class: `${kind} why`, text, title: explanation.says });
  link.addEventListener("click", (event) => { event.stopPropagation(); explained.show(explanation); });
  return link;
}

function folded(event) {
  if (event.target.closest("button, bdi")) return;
  const item = event.target.closest("li[aria-expanded]");
  if (item) fold(item);
}

function fold(item, open = item.getAttribute("aria-expanded") !== "true") {
  if (open) item.grow();
  item.setAttribute("aria-expanded", String(open));
}

/** Move in the tree as readers expect of one (WAI-ARIA, tree view). */
function walk(event, list) {
  const item = event.target.closest("[role=treeitem]");
  if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
  const shown = [...list.querySelectorAll("[role=treeitem]")].filter((one) => !one.parentNode.closest("[aria-expanded=false]"));
  const at = shown.indexOf(item);
  const expanded = item.getAttribute("aria-expanded");
  let to = null;
  if (event.key === "ArrowDown") to = shown[at + 1];
  else if (event.key === "ArrowUp") to = shown[at - 1];
  else if (event.key === "Home") to = shown[0];
  else if (event.key === "End") to = shown[shown.length - 1];
  else if (event.key === "ArrowRight") { if (expanded === "false") fold(item, true); else if (expanded) to = shown[at + 1]; }
  else if (event.key === "ArrowLeft") { if (expanded === "true") fold(item, false); else to = item.parentNode.closest("[role=treeitem]"); }
  else if ((event.key === "Enter" || event.key === " ") && event.target === item) { if (expanded) fold(item); else return; }
  else return;
  event.preventDefault();
  event.stopPropagation();
  if (to) { item.tabIndex = -1; to.tabIndex = 0; to.focus(); }
}
