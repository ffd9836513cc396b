/**
 * Pages in frames: a view there is one that somebody sees.
 *
 * Who frames the page goes along with the view: the service counts it only if that is one of the
 * site's own hosts.
 */

import { options, start } from "./core.js";
import { outermost } from "./outermost.js";

/** A smaller frame is none that somebody reads, in CSS pixels each way. */
const SIDE = 50;
/** From one look to the next, in milliseconds. */
const STEP_MS = 300;

/** Both the older and the newer names of what is asked. */
const WHAT = { opacityProperty: true, visibilityProperty: true, checkOpacity: true, checkVisibilityCSS: true };

/** Whether no frame around the page is made invisible, as far as we may look. */
const isShown = () => {
  try {
    /** @type {any} */
    let view = window;
    for (; view != top; view = view.parent) {
      if (view.frameElement && view.frameElement.checkVisibility && !view.frameElement.checkVisibility(WHAT)) return false;
    }
  } catch (_) {}
  return true;
};

const watch = () => {
  // An observer of its own for each look: it tells what is so at its beginning, not each change.
  new IntersectionObserver(([{ isIntersecting }], observer) => {
    observer.disconnect();
    if (isIntersecting && innerWidth >= SIDE && innerHeight >= SIDE && isShown()) start();
    else setTimeout(watch, STEP_MS);
  }).observe(document.documentElement);
};

/** Count the page once it is seen. */
export const waitUntilSeen = () => {
  options.frame = outermost();
  watch();
};
