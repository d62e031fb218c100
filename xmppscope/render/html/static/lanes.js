// Who stands in the sequence diagram, from left to right: the ends of connections, or the addresses that stanzas bear.

const MOST = 10;
const bare = (jid) => jid.split("/", 1)[0];

/** Return the lanes, and for each entry between which of them it goes. */
export function lanes(app, form) {
  return form === "JIDs" ? byAddress(app) : byConnection(app);
}

function* shown(list) {
  for (let place = 0; place < list.count; place += 1) yield list.entryAt(place);
}

function byConnection(app) {
  const { store, list } = app;
  const numbers = new Set();
  for (const entry of shown(list)) {
    numbers.add(entry.connection);
    if (numbers.size > MOST) break;
  }
  const clients = new Map(), servers = new Map(), proxies = new Map(), ends = new Map();
  const own = (map, key, title, number, side) => {
    if (!map.has(key)) map.set(key, { key, title, side, connections: [] });
    map.get(key).connections.push(number);
    return map.get(key);
  };
  for (const number of [...numbers].slice(0, MOST)) {
    const connection = store.connections.get(number);
    const name = store.whose.get(number) || connection?.initiating || `connection ${number}`;
    const domain = store.whose.has(number) ? bare(name).split("@").pop() : connection?.receiving || "server";
    const initiating = own(clients, `i ${name}`, name, number, "initiating");
    const receiving = own(servers, `r ${domain}`, domain, number, "receiving");
    // The proxy stands between each client and the server: to the right of the server once more, so that nothing crosses.
    const side = initiating === clients.values().next().value ? "left" : "right";
    const proxy = connection?.proxy ? own(proxies, side, "proxy", number, "proxy") : null;
    ends.set(number, { initiating, receiving, proxy });
  }
  const [first, ...others] = clients.values();
  const row = [first, proxies.get("left"), ...servers.values(), proxies.get("right"), ...others];
  const all = row.filter((lane) => lane !== undefined);
  const between = (entry) => {
    const end = ends.get(entry.connection);
    if (!end) return null;
    const { initiating, receiving, proxy } = end;
    if (entry.kind === "proxy") return [proxy || receiving, null];
    let [from, to] = entry.sender === "initiating" ? [initiating, receiving] : [receiving, initiating];
    if (proxy && entry.leg === "client") { if (from === receiving) from = proxy; else to = proxy; }
    else if (proxy && entry.leg === "server") { if (from === initiating) from = proxy; else to = proxy; }
    return [from, to];
  };
  return { all, between, left: numbers.size > MOST ? `only the first ${MOST} connections; choose one above, or filter` : "" };
}

function byAddress(app) {
  const { store, list } = app;
  const count = new Map();
  const ends = (entry) => {
    const whose = store.whose.get(entry.connection);
    const connection = store.connections.get(entry.connection);
    const near = whose ? bare(whose) : connection?.initiating || "client";
    const far = whose ? near.split("@").pop() : connection?.receiving || "server";
    const [from, to] = entry.sender === "initiating" ? [near, far] : [far, near];
    const stanza = entry.kind === "stanza";
    return [stanza && entry.from ? bare(entry.from) : from, stanza && entry.to ? bare(entry.to) : to];
  };
  for (const entry of shown(list)) for (const one of ends(entry)) count.set(one, (count.get(one) || 0) + 1);
  const most = [...count.entries()].sort((one, other) => other[1] - one[1]).slice(0, MOST).map(([name]) => name);
  const all = [...count.keys()].filter((name) => most.includes(name)).map((name) => ({ key: name, title: name, side: "jid", connections: [] }));
  const by = new Map(all.map((lane) => [lane.key, lane]));
  if (count.size > MOST) all.push({ key: "", title: `${count.size - MOST} others`, side: "jid", connections: [] });
  const other = all[all.length - 1];
  const between = (entry) => ends(entry).map((name) => by.get(name) || other);
  return { all, between, left: "" };
}
