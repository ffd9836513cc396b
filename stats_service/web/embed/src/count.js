/** `<stats-count metric="today">`: one number in running text. */

import { text } from "./text.js";
import { Widget } from "./widgets.js";
import { put } from "./put.js";
import { named } from "./attributes.js";

export class StatsCount extends Widget {
  show() {
    put(this, text(this.getAttribute("metric") || "total", named(this), this));
  }
}
