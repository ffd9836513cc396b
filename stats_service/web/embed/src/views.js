/** `<stats-views article="…">`: how often an article was read, "366 lượt xem". */

import { put } from "./put.js";
import { text } from "./text.js";
import { english } from "./language.js";
import { Widget } from "./widgets.js";
import { named } from "./attributes.js";

export class StatsViews extends Widget {
  show() {
    const views = text("views", named(this), this);
    const word = english(this) ? (views == "1" ? "view" : "views") : "lượt xem";
    const label = this.getAttribute("label");
    put(this, views && `${views} ${label == null ? word : label}`.trim());
  }
}
