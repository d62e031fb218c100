// States over time, as the trackers have found them: of each connection the machines, each with its changes and the
// entries that caused them.

export class States {
  constructor(app) {
    this.app = app;
    this.made = new Map();
  }

  /** Take changes of a connection: entry, machine, subject, value, and the entries that led to it. */
  add(connection, changes) {
    let machines = this.made.get(connection);
    if (!machines) this.made.set(connection, machines = new Map());
    for (const [entry, machine, subject, value, because] of changes) {
      const key = subject ? `${machine} ${subject}` : machine;
      if (!machines.has(key)) machines.set(key, { machine, subject, changes: [] });
      machines.get(key).changes.push({ entry, value, because });
    }
  }

  /** Return the machines of a connection. */
  of(connection) {
    return this.made.get(connection) || new Map();
  }

  /** Return the change of a machine that holds after an entry. */
  at(machine, number) {
    const { changes } = machine;
    let low = 0, high = changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (changes[middle].entry <= number) low = middle + 1;
      else high = middle;
    }
    return low ? changes[low - 1] : null;
  }

  /** Return what holds after an entry: the name of each machine, its value, whether the entry made it so, and why. */
  after(entry) {
    const list = [];
    for (const [key, machine] of this.of(entry.connection)) {
      const now = this.at(machine, entry.entry);
      if (now) list.push({ key, value: now.value, fresh: now.entry === entry.entry, because: now.because });
    }
    return list;
  }
}

/** Return how a bar looks for a value: `full`, `half`, `none` or nothing. */
export function fullness(machine, value) {
  switch (machine) {
    case "stream": return /^(header-both|negotiating|sasl|compressing|open|tls)$/.test(value) ? "full" : /^(header-sent|half-closed|closing|broken)$/.test(value) ? "half" : "none";
    case "tls": return value === "none" || !value ? "none" : /begun|handshake|offered/.test(value) ? "half" : "full";
    case "sasl": return /success/.test(value) ? "full" : /fail|abort/.test(value) ? "none" : "half";
    case "subscription": return /^(both|Both)/.test(value) ? "full" : /^(None|none)$/.test(value) ? "none" : "half";
  }
  return value ? "full" : "none";
}
