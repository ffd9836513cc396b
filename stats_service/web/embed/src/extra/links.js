/** Widgets in the items of a list: `article="link"` is the article that the item links to. */

import { addressOf } from "./address.js";
import { fillMarks } from "./marks.js";
import { wantParts } from "./wanted.js";

/**
 * The link of the list's item that an element stands in: around the element, or in the nearest
 * ancestor that has any, there the one in a heading first.
 */
const linkOf = (element) => {
  const around = element.closest("a[href]");
  for (let item = element.parentElement; item && !around; item = item.parentElement) {
    const link = item.querySelector("h1 a[href],h2 a[href],h3 a[href],h4 a[href]") || item.querySelector("a[href]");
    if (link) return link;
  }
  return around;
};

/** Make widgets of the links that stand for some, look for lists, and write the item's article into each that wants it. */
const fillLinks = () => {
  fillMarks();
  wantParts();
  for (const name of ["article", "data-article"]) {
    for (const element of document.querySelectorAll(`[${name}=link]`)) {
      const link = linkOf(element);
      if (link) element.setAttribute(name, addressOf(link));
    }
  }
};

/** Do so now, and with what comes later. */
export const watchLinks = () => {
  fillLinks();
  new MutationObserver(fillLinks).observe(document, { childList: true, subtree: true });
};
