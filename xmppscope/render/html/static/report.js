// A report: everything is in the page. What was read is parsed, then shown.

import { App } from "./app.js";
import { Store } from "./store.js";
import { views } from "./views.js";

const text = (id) => document.getElementById(id).textContent;
const store = new Store();
const about = JSON.parse(text("about"));
store.meta = about.meta;
store.origin = about.meta.origin || "";
store.texts = about.texts;
store.rules = about.rules;
store.namespaces = about.namespaces;
for (const [ids, numbers] of about.voices) for (const number of numbers) store.voices.set(number, ids);
for (const [number, list] of Object.entries(about.states || {})) store.states.set(Number(number), list);
store.add(JSON.parse(`[${text("records")}null]`).filter(Boolean));
const app = new App(store, views);
app.start();
document.body.dataset.ready = "yes";
globalThis.xmppscope = app;
