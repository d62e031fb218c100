// Stanzas over time, below the list: how many of each kind in each slice of time. Dragging over it selects a span, which
// goes into the filter, where a key can change it.

const KINDS = ["message", "presence", "iq", "nonza"];
const WRONG = "error";

export class Overview {
  constructor(app, canvas) {
    this.app = app;
    this.canvas = canvas;
    this.from = null;
    canvas.addEventListener("pointerdown", (event) => { this.from = this.to = event.offsetX; canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener("pointermove", (event) => { if (this.from !== null) { this.to = event.offsetX; this.draw(); } });
    canvas.addEventListener("pointerup", () => this.chosen());
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  chosen() {
    const [from, to] = [Math.min(this.from, this.to), Math.max(this.from, this.to)];
    this.from = null;
    this.draw();
    const scale = (this.app.store.last || 1) / this.canvas.clientWidth;
    if (to - from >= 4) this.app.span(from * scale, to * scale);
    else this.app.nearest(from * scale);
  }

  /** Count the entries of each kind in each slice. */
  count(slices) {
    const { store, list } = this.app;
    const key = [slices, list.count, store.last, store.findings.length];
    if (this.counted === list.indexes && this.key?.every((one, n) => one === key[n])) return this.bars;
    [this.counted, this.key] = [list.indexes, key];
    const bars = KINDS.concat(WRONG).map(() => new Uint32Array(slices));
    const scale = slices / ((store.last || 1) * 1.0000001);
    for (let place = 0; place < list.count; place += 1) {
      const entry = list.entryAt(place);
      const slice = Math.min(slices - 1, Math.max(0, Math.floor(entry.at * scale)));
      const kind = entry.kind === "stanza" ? Math.max(0, KINDS.indexOf(entry.name)) : 3;
      bars[kind][slice] += 1;
      if (store.severity(entry) === "error") bars[4][slice] += 1;
    }
    this.bars = bars;
    return bars;
  }

  draw() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width) return;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const colour = (name) => getComputedStyle(canvas).getPropertyValue(name).trim();
    const slices = Math.max(1, Math.floor(width / 6));
    const bars = this.count(slices);
    let most = 1;
    for (let n = 0; n < slices; n += 1) most = Math.max(most, bars[0][n] + bars[1][n] + bars[2][n] + bars[3][n]);
    const paints = ["--text", "--presence", "--initiating", "--nonza"].map(colour);
    const room = height - 14;
    for (let n = 0; n < slices; n += 1) {
      let top = height - 6;
      for (let kind = 0; kind < 4; kind += 1) {
        if (!bars[kind][n]) continue;
        const tall = Math.max(1, (bars[kind][n] / most) * room);
        context.fillStyle = paints[kind];
        context.fillRect(n * (width / slices), top - tall, width / slices - 1, tall);
        top -= tall;
      }
      if (bars[4][n]) {
        context.fillStyle = colour("--error");
        context.fillRect(n * (width / slices), height - 4, width / slices - 1, 4);
      }
    }
    const entry = this.app.selected === null ? null : this.app.store.get(this.app.selected);
    if (entry) {
      context.fillStyle = colour("--text");
      context.fillRect(Math.min(width - 1, (entry.at / (this.app.store.last || 1)) * width), 0, 1, height);
    }
    if (this.from !== null) {
      context.globalAlpha = 0.25;
      context.fillStyle = colour("--initiating");
      context.fillRect(Math.min(this.from, this.to), 0, Math.abs(this.to - this.from), height);
      context.globalAlpha = 1;
    }
  }
}
