/** When a view happens, and when the numbers are refreshed. */

import { asked, exchange, newArticles, withWishes } from "./request.js";
import { votingWishes } from "./voting.js";
import { receive } from "./answer.js";
import { current, options } from "./page.js";
import { showAll, showMarks } from "./widgets.js";
import { wantExtra } from "./parts.js";

/** From one heartbeat to the next, in milliseconds; doubled whenever no answer comes. */
const BEAT = 60000;
/** How long what comes one by one is gathered for one look and one request, in milliseconds. */
const GATHER = 50;

/** A view that waits until somebody can see the page, as it was given to `view`. */
let waiting;
/** Whether it is time for a heartbeat. */
let due;
let hit, beat, gathering;
let pause = BEAT;

const send = async (isView, more = "", onAnswer) => {
  const mine = hit;
  due = 0;
  clearTimeout(beat);
  beat = setTimeout(() => {
    due = 1;
    proceed();
  }, pause);
  const fresh = await exchange(withWishes(hit, !isView, more), isView);
  pause = fresh ? BEAT : pause * 2;
  // The page may have moved on.
  if (fresh && mine == hit) {
    if (onAnswer) onAnswer(fresh);
    // A page counts clicks if the site does so everywhere, or if it shows how often a document was fetched.
    if (fresh.clicks) wantExtra();
    receive(fresh);
    showAll();
  }
  proceed();
};

/** Do what is to be done, if somebody can see the page. */
const proceed = () => {
  // A form named "hidden" takes the place of `document.hidden`.
  if (document.visibilityState == "hidden" || document.prerendering) return;
  if (waiting) {
    let more;
    [current.article, ...more] = waiting;
    current.at = current.here();
    waiting = 0;
    hit = crypto.getRandomValues(new Uint32Array(3)).join("-");
    asked.length = 0;
    send(1, ...more);
  } else if (due || (hit && newArticles()[0])) {
    send();
  }
};

/**
 * Count a view of an article, as soon as somebody can see the page.
 *
 * Further arguments: what is put into its body, and who gets the answer before anybody else.
 */
export const view = (...what) => {
  waiting = what;
  proceed();
};

/** Something has come that may want numbers: look soon, and not for each piece of it by itself. */
export const look = () => {
  gathering =
    gathering ||
    setTimeout(() => {
      gathering = 0;
      showMarks();
      if (hit) {
        votingWishes();
        if (current.here() != current.at) current.moved();
      }
      proceed();
    }, GATHER);
};

/** Begin when the page is whole: an element that is half read has no text yet to keep. */
const begin = () => {
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
  view(options.article == null ? current.here() : options.article);
};

export const start = () => {
  for (const method of ["pushState", "replaceState"]) {
    const native = history[method];
    history[method] = (...state) => {
      native.apply(history, state);
      current.how = method;
      look();
    };
  }
  addEventListener("popstate", look);
  addEventListener("pageshow", (event) => event.persisted && view(current.article));
  document.addEventListener("visibilitychange", proceed);
  document.addEventListener("prerenderingchange", proceed);
  if (document.readyState == "loading") addEventListener("DOMContentLoaded", begin);
  else begin();
};
