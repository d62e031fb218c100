// The keys: what each does stands in the table that `?` shows.

export const TABLE = [
  ["j k ↓ ↑", "next, previous entry"], ["g G", "first, last"], ["Enter", "open the detail; in a link, follow it"],
  ["Backspace", "back to where you were"], ["1 … 5", "the five views"], ["Tab", "list, detail, filter in turn"],
  ["t", "time relative, absolute, delta"], ["+ - 0", "zoom of the diagram"],
  ["/ or f", "filter; Esc clears it"], ["] [", "next, previous finding"], ["a", "to the answer or the question, and back"],
  ["x", "XML, raw, decoded in turn"], ["c", "only this connection, and all again"], ["F", "follow live"],
  ["y", "copy: XML, summary, link, command"], ["?", "this table"],
];

export function listen(app) {
  const does = {
    j: () => app.step(1), ArrowDown: () => app.step(1), k: () => app.step(-1), ArrowUp: () => app.step(-1),
    PageDown: () => app.step(app.page()), PageUp: () => app.step(-app.page()),
    g: () => app.move(0), Home: () => app.move(0), G: () => app.move(Infinity), End: () => app.move(Infinity),
    Enter: () => app.openDetail(true), Backspace: () => app.back(), t: () => app.nextTime(),
    "/": () => app.filterBox.focus(), f: () => app.filterBox.focus(), "]": () => app.finding(1), "[": () => app.finding(-1),
    a: () => app.toAnswer(), x: () => { app.openDetail(); app.detail.next(); }, c: () => app.onlyConnection(), F: () => app.follow(),
    y: () => app.copyMenu(), "?": () => app.keysTable(), "+": () => app.zoom(1.5), "=": () => app.zoom(1.5), "-": () => app.zoom(1 / 1.5), 0: () => app.zoom(0),
    Escape: () => app.escape(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const { target, key } = event;
    if (document.querySelector("dialog[open]")) return;
    if (target.matches("input, textarea, select")) return;
    if ((key === "Enter" || key === " ") && target.closest("button, a, summary")) return;
    if (/^(Arrow|Page|Home|End)/.test(key) && target.closest("#detail, [role=tablist]")) return;
    if (/^[1-5]$/.test(key)) app.open(app.views[key - 1]);
    else if (Object.hasOwn(does, key)) does[key]();
    else return;
    event.preventDefault();
  });
}
