/** The widgets on the page, and what all of them have in common. */

import { text } from "./text.js";

/** Every connected widget. */
export const widgets = new Set();

/** Called when a widget has come that may want numbers which are not there yet. */
let wanting = () => {};
export const onWanting = (listener) => (wanting = listener);

/**
 * Base class of the widgets: knows when it is on the page, shows when there is something to show.
 *
 * A widget's `article` attribute is part of the page's one request.
 */
export class Widget extends HTMLElement {
  connectedCallback() {
    widgets.add(this);
    this.show();
    wanting();
  }

  disconnectedCallback() {
    widgets.delete(this);
  }

  /** Show what a fresh answer has brought. */
  renew() {
    this.show();
  }

  attributeChangedCallback() {
    if (this.isConnected) this.connectedCallback();
  }
}

const fallbacks = new WeakMap();

/** Put text into an element, or, if it is empty, the text that the page itself had there. */
export const put = (element, content) => {
  if (!fallbacks.has(element)) fallbacks.set(element, element.textContent);
  content ||= fallbacks.get(element);
  if (element.textContent != content) element.textContent = content;
};

/** Show the latest numbers everywhere, in `<span data-stats="today">` as well. */
export const showAll = () => {
  for (const widget of widgets) widget.renew();
  for (const mark of document.querySelectorAll("[data-stats]")) {
    put(mark, text(mark.dataset.stats, mark.dataset.article, mark));
  }
};
