/** The classic block of a site's counters, one row each. */

import { answer } from "./answer.js";
import { put } from "./put.js";
import { name, text } from "./text.js";
import { attribute } from "./attributes.js";

/** The build puts visits.css in. */
const STYLE = "__VISITS_CSS__";

const make = (tag, part, ...children) => {
  const element = document.createElement(tag);
  element.part = part;
  element.append(...children);
  return element;
};

const open = (element) => {
  let root = element; // a <li>, <td> or <strong> can have no shadow and shows the list itself
  try {
    root = element.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [new CSSStyleSheet()];
    root.adoptedStyleSheets[0].replaceSync(STYLE);
  } catch (_) {} // a browser from before 2023 shows the list in its own style
  root.textContent = "";
  element.statsList = root.appendChild(make("dl", "list"));
};

/** Show the block in an element: ours, or a `<div data-stats="visits">`. */
export const showVisits = (element) => {
  if (!answer.site) return;
  if (!element.statsList) open(element);
  const list = element.statsList;
  const labels = (attribute(element, "labels") || "").split("|");
  const rows = (attribute(element, "rows") || "total online today").split(/\s+/);
  rows.forEach((metric, index) => {
    const row =
      list.children[index] ||
      list.appendChild(make("div", "", make("dt", "label"), make("dd", "value")));
    row.part = "row " + metric;
    put(row.firstChild, labels[index] || name(metric, element));
    put(row.lastChild, text(metric, "", element) || "–");
  });
  while (list.children[rows.length]) list.lastChild.remove();
};
