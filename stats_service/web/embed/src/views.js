/** `<stats-views article="…">`: how often an article was read, "366 lượt xem". */

import { find } from "./answer.js";
import { StatsCount } from "./count.js";
import { english } from "./language.js";
import { put } from "./put.js";

export class StatsViews extends StatsCount {
  show() {
    const text = this.text("views");
    const label =
      this.getAttribute("label") ??
      (english(this) ? (text == 1 ? "view" : "views") : "lượt xem");
    put(this, text && `${text} ${label}`.trim());
  }
}
