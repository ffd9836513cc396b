/** `<stats-visits>`: the classic block of a site's counters, one row each. */

import { answer } from "./answer.js";
import { name, text } from "./text.js";
import { Widget, put } from "./widgets.js";

/** The build puts visits.css in. */
const STYLE = "__VISITS_CSS__";

const make = (tag, part, ...children) => {
  const element = document.createElement(tag);
  element.part = part;
  element.append(...children);
  return element;
};

export class StatsVisits extends Widget {
  static observedAttributes = ["rows", "labels"];

  show() {
    if (!answer.site) return;
    const list = (this.shadowRoot || this.open()).lastChild;
    const labels = (this.getAttribute("labels") || "").split("|");
    const rows = (this.getAttribute("rows") || "total online today").split(/\s+/);
    rows.forEach((metric, index) => {
      let row = list.children[index];
      if (!row) {
        list.append(make("div", "", make("dt", "label"), make("dd", "value")));
        row = list.lastChild;
        row.setAttribute("aria-live", "polite");
        row.setAttribute("aria-atomic", true);
      }
      row.part = "row " + metric;
      put(row.firstChild, labels[index] || name(metric, this));
      put(row.lastChild, text(metric, "", this) || "–");
    });
    while (list.children[rows.length]) list.lastChild.remove();
  }

  open() {
    const root = this.attachShadow({ mode: "open" });
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
    } catch {} // a browser from before 2023 shows the list in its own style
    root.append(make("dl", "list"));
    return root;
  }
}
