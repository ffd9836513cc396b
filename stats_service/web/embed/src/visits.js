/** `<stats-visits>`: the block of counters as an element. */

import { showVisits } from "./block.js";
import { Widget } from "./widgets.js";

export class StatsVisits extends Widget {
  static observedAttributes = ["rows", "labels"];

  show() {
    showVisits(this);
  }
}
