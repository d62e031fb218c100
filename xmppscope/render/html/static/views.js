// The views beside the timeline.

import { Findings } from "./findings.js";
import { Plots } from "./plots.js";
import { Sequence } from "./sequence.js";
import { Sessions } from "./sessions.js";

export function views(app, node) {
  return { sequence: new Sequence(app, node("sequence")), sessions: new Sessions(app, node("sessions")), findings: new Findings(app, node("findings")),
    plots: new Plots(app, node("plots")) };
}
