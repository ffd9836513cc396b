/** `<stats-visits>`: the block of counters as an element. */

import { Widget } from "./widgets.js";
import { showVisits } from "./block.js";

export class StatsVisits extends Widget {
  show() {
    showVisits(this);
  }
}
