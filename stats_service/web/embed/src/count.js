/** `<stats-count metric="today">`: one number in running text. */

import { put } from "./put.js";
import { text } from "./text.js";
import { named } from "./attributes.js";
import { Widget } from "./widgets.js";

export class StatsCount extends Widget {
  show() {
    put(this, text(this.getAttribute("metric") || "total", named(this), this));
  }
}
