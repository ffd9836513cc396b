/** `<stats-count metric="today">`: one number in running text. */

import { text } from "./text.js";
import { Widget, put } from "./widgets.js";

export class StatsCount extends Widget {
  static observedAttributes = ["metric", "article", "label"];

  show() {
    put(this, this.text(this.getAttribute("metric") || "total"));
  }

  text(metric) {
    return text(metric, this.getAttribute("article"), this);
  }
}
