/** `<stats-views article="…">`: how often an article was read, "366 lượt xem". */

import { StatsCount } from "./count.js";
import { english } from "./language.js";
import { put } from "./put.js";

export class StatsViews extends StatsCount {
  show() {
    const text = this.text("views");
    const word = english(this) ? (text == "1" ? "view" : "views") : "lượt xem";
    const label = this.getAttribute("label");
    put(this, text && `${text} ${label == null ? word : label}`.trim());
  }
}
