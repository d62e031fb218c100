"""How a handout looks, on a screen and on paper."""

from typing import Final

STYLE: Final = """
:root { --text: #1b2230; --muted: #586173; --line: #c4cad4; --panel: #f6f7f9; --mark: #0b62b8; --error: #b3201f; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 46rem; padding: 1.5rem 1rem; color: var(--text); background: #fff;
  font: 15px/1.5 system-ui, "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; }
h1::first-letter, .questions h2::first-letter { text-transform: uppercase; }
h2 { font-size: 1.1rem; margin: 0 0 .4rem; }
h2 span { display: inline-block; min-width: 1.7em; color: var(--mark); }
header p, dd p, li p { margin: 0; }
.name { float: right; width: 15rem; border-bottom: 1px solid var(--line); color: var(--muted); font-size: .8rem;
  padding-bottom: 1.1rem; }
section { margin-top: 1.8rem; }
svg { display: block; width: 100%; margin: .2rem auto .5rem; }
svg text { font: 11px ui-monospace, Menlo, Consolas, monospace; text-anchor: middle; fill: var(--text); }
svg text.lane { font-weight: 600; fill: var(--muted); }
svg line.lane { stroke: var(--line); }
svg g line { stroke: var(--mark); stroke-width: 1.4; }
svg g path { fill: var(--mark); }
svg g.trouble line { stroke: var(--error); stroke-dasharray: 5 3; }
svg g.trouble path, svg g.trouble text { fill: var(--error); }
pre { margin: .2rem 0 .5rem; padding: .5rem .7rem; background: var(--panel); border-left: 3px solid var(--line);
  font: 12px/1.45 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.sent { margin: .15rem 0; font-size: .85rem; color: var(--muted); overflow-wrap: anywhere; }
.reading { margin: 0 0 .3rem; font-size: .85rem; font-style: italic; color: var(--muted); text-align: center; }
dl { display: grid; grid-template-columns: 6.5rem 1fr; gap: .2rem .6rem; margin: .5rem 0 0; }
dt { color: var(--muted); }
dt.risk { color: var(--error); }
dd { margin: 0; min-width: 0; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; }
th { text-align: left; font-weight: 600; white-space: nowrap; }
th, td { vertical-align: top; padding: .15rem .6rem .15rem 0; border-bottom: 1px solid var(--panel); }
td { font-family: ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
ol { padding-left: 1.6rem; }
ol > li { margin-bottom: .8rem; overflow-wrap: anywhere; }
ul { list-style: none; margin: .3rem 0 0; padding: 0; }
.choices { display: grid; grid-template-columns: 1fr 1fr; gap: .2rem 1rem; }
.choices li { display: flex; gap: .5em; overflow-wrap: anywhere; }
.choices span { flex: none; width: 1.3em; height: 1.3em; margin-top: .25em; line-height: 1.2; text-align: center;
  border: 1px solid var(--line); border-radius: 4px; font-size: .8rem; }
.line { border-bottom: 1px solid var(--line); height: 1.7rem; max-width: 20rem; }
.proof { color: var(--muted); font-size: .85rem; overflow-wrap: anywhere; }
footer { margin-top: 2rem; padding-top: .4rem; border-top: 1px solid var(--line); color: var(--muted);
  font-size: .8rem; }
@media (max-width: 36rem) { .choices { grid-template-columns: 1fr; } dl { grid-template-columns: 1fr; } }
@media print {
  @page { margin: 16mm; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  .step, li, table { break-inside: avoid; }
  h2 { break-after: avoid; }
  .questions, .key { break-before: page; }
  pre { background: none; border: 1px solid var(--line); }
}
"""
