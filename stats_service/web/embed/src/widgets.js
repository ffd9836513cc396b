/** The widgets on the page, and what all of them have in common. */

import { look } from "./view.js";
import { text } from "./text.js";
import { put } from "./put.js";
import { named } from "./attributes.js";
import { showVisits } from "./block.js";

/** Every connected widget. */
export let widgets = [];

/**
 * Base class of the widgets: knows when it is on the page, shows when there is something to show.
 *
 * A widget's `article` attribute is part of the page's one request.
 */
export class Widget extends HTMLElement {
  static get observedAttributes() {
    return ["metric", "article", "label", "labels", "rows"];
  }

  /** Show what there is; each kind of widget does so in its own way. */
  show() {}

  connectedCallback() {
    widgets = widgets.filter((one) => one != this).concat(this);
    this.show();
    look(); // it may want numbers which are not there yet
  }

  disconnectedCallback() {
    widgets = widgets.filter((one) => one != this);
  }

  /** Show what a fresh answer has brought. */
  renew() {
    this.show();
  }

  attributeChangedCallback() {
    if (this.isConnected) this.connectedCallback();
  }
}

/** Show the latest numbers in `<span data-stats="today">` and `<div data-stats="visits">`. */
export const showMarks = () => {
  for (const mark of document.querySelectorAll("[data-stats]")) {
    const metric = mark.dataset.stats;
    if (metric == "visits") showVisits(mark);
    else put(mark, text(metric, named(mark), mark));
  }
};

/** Show the latest numbers everywhere. */
export const showAll = () => {
  for (const widget of widgets) widget.renew();
  showMarks();
};
