/** `<stats-visits>`: the block of counters as an element. */

import { showVisits } from "./block.js";
import { Widget } from "./widgets.js";

export class StatsVisits extends Widget {
  show() {
    showVisits(this);
  }
}
