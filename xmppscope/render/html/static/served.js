// The viewer as a local server gives it (`view`, `proxy --web`): the list comes in pages, an entry in full when it is
// looked at, and live what comes, in one batch for each repaint.

import { App } from "./app.js";
import { FilterError } from "./filter.js";
import { Store } from "./store.js";
import { el } from "./text.js";

const PAUSE = 300;
const AGAIN = 2000;
const SOON = 600;

const store = new Store();
let app = null;
let next = 0;
let pending = [];
let waits = false;
let refilter = 0;

async function ask(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

store.fetchFull = async (number) => {
  const { entry, texts, namespaces, voices } = await ask(`/api/entry/${number}`);
  Object.assign(store.texts, texts);
  Object.assign(store.namespaces, namespaces);
  for (const [ids, numbers] of voices) for (const one of numbers) store.voices.set(one, ids);
  app.explained.elements = null;
  return entry;
};

store.evaluate = async (text) => {
  const { entries, error } = await ask(`/api/filter?q=${encodeURIComponent(text)}`);
  if (error) throw new FilterError(error.problem, error.column, error.length);
  return new Set(entries);
};

async function states() {
  app.states.made.clear();
  for (const [number, changes] of Object.entries(await ask("/api/states"))) app.states.add(Number(number), changes);
}

/** Take records and show them with the next repaint. */
function take(batch) {
  next = batch.next;
  store.left = batch.left;
  for (const record of batch.records) if (record.record === "entry") record.partial = true;
  pending.push(...batch.records);
  if (waits) return;
  waits = true;
  requestAnimationFrame(() => {
    waits = false;
    const records = pending;
    pending = [];
    if (!records.length && app.started) return;
    const before = app.list.count;
    const atEnd = app.following;
    store.add(records);
    app.grown(before, atEnd);
    if (app.evaluated && !refilter) refilter = setTimeout(() => { refilter = 0; app.filter(); }, SOON);
  });
}

function lost(since) {
  const bar = document.getElementById("connection-lost");
  bar.hidden = since === null;
  if (since !== null) bar.textContent = `disconnected at ${since.toTimeString().slice(0, 8)}; trying again`;
}

function live(since) {
  const socket = new WebSocket(`ws://${location.host}/live?from=${next}`);
  let ended = false;
  socket.binaryType = "arraybuffer";
  socket.onopen = () => { since = null; lost(null); };
  socket.onmessage = (event) => {
    const batch = JSON.parse(new TextDecoder().decode(event.data));
    ended = batch.done;
    take(batch);
  };
  socket.onclose = () => {
    if (ended) { app.announce("the recording has ended"); return; }
    const began = since || new Date();
    lost(began);
    setTimeout(() => live(began), AGAIN);
  };
}

async function begin() {
  const about = await ask("/api/about");
  store.meta = about.meta;
  store.origin = about.meta.origin || "";
  store.rules = about.rules;
  app = new App(store);
  app.refreshStates = states;
  globalThis.xmppscope = app;
  for (;;) {
    const batch = await ask(`/api/records?from=${next}`);
    take(batch);
    if (!batch.records.length && (batch.done || store.meta.live)) break;
    if (!batch.records.length) await new Promise((go) => { setTimeout(go, PAUSE); });
  }
  await states();
  requestAnimationFrame(() => {
    app.start();
    document.body.dataset.ready = "yes";
    if (store.meta.live) { app.following = true; live(null); }
  });
}

begin().catch((error) => {
  document.getElementById("detail").replaceChildren(el("p", { class: "error", text: String(error.message) }), el("p", { text: "Open the address that the command has printed." }));
});
