// A report: everything is in the page. What was read is parsed, then shown.

import { App } from "./app.js";
import { Store } from "./store.js";

const text = (id) => document.getElementById(id).textContent;
const store = new Store();
const about = JSON.parse(text("about"));
store.meta = about.meta;
store.origin = about.meta.origin || "";
store.texts = about.texts;
store.rules = about.rules;
store.namespaces = about.namespaces;
for (const [ids, numbers] of about.voices) for (const number of numbers) store.voices.set(number, ids);
store.add(JSON.parse(`[${text("records")}null]`).filter(Boolean));
const app = new App(store);
for (const [number, changes] of Object.entries(about.states)) app.states.add(Number(number), changes);
app.start();
document.body.dataset.ready = "yes";
globalThis.xmppscope = app;
