// States over time: what the page was given of them, looked up by entry.

export class States {
  constructor(app) {
    this.app = app;
  }

  /** Return what is known of the connection after an entry, as terms and texts. */
  after(entry) {
    const found = this.at(entry);
    if (!found) return [];
    const list = [];
    if (found.sm) {
      list.push(["stream management →", counted(found.sm[0], found.sm[1])], ["stream management ←", counted(found.sm[2], found.sm[3])]);
    }
    return list;
  }

  /** Return the last state of the entry's connection that is not younger than the entry. */
  at(entry) {
    const list = this.app.store.states.get(entry.connection);
    if (!list) return null;
    let low = 0, high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle].entry <= entry.entry) low = middle + 1;
      else high = middle;
    }
    return low ? list[low - 1] : null;
  }
}

const counted = (acknowledged, sent) => `${acknowledged} of ${sent} acknowledged`;
