/** When a view happens, and when the numbers are refreshed. */

import { answer, receive } from "./answer.js";
import { article, here, viewed } from "./page.js";
import { asked, exchange, newArticles, withWishes } from "./request.js";
import { votingWishes } from "./voting.js";
import { showAll, showMarks } from "./widgets.js";

/** From one heartbeat to the next, in milliseconds; doubled whenever no answer comes. */
const BEAT = 60000;
/** How long what comes one by one is gathered for one look and one request, in milliseconds. */
const GATHER = 50;

/** A view that waits until somebody can see the page. */
let waiting;
/** Whether it is time for a heartbeat. */
let due;
let beat, gathering;
let pause = BEAT;
/** The latest view: its id, its article and its address. */
let hit, current, address;

const send = async (isView) => {
  const mine = hit;
  due = 0;
  clearTimeout(beat);
  beat = setTimeout(() => proceed((due = 1)), pause);
  const fresh = await exchange(withWishes(isView && hit, current), isView);
  pause = fresh ? BEAT : pause * 2;
  // The page may have moved on.
  if (fresh && mine == hit) {
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
    waiting = 0;
    hit = crypto.getRandomValues(new Uint32Array(3)).join("-");
    viewed.push((address = here()));
    const next = article();
    if (next != current) {
      current = next;
      answer.article = 0;
      showAll();
    }
    asked.length = 0;
    send(1);
  } else if (due || (hit && newArticles()[0])) {
    send();
  }
};

const view = () => {
  waiting = 1;
  proceed();
};

/**
 * A single-page application has changed the address: a view, unless it is the same page still.
 * Replacing the query alone (a filter, a cleaned-up campaign parameter) is the same page.
 */
const moved = (replaced) =>
  setTimeout(() => {
    const before = address;
    address = here();
    if (hit && (replaced ? before.split("?")[0] != location.pathname : before != address)) view();
  });

/** Something has come that may want numbers: look soon, and not for each piece of it by itself. */
export const look = () => {
  gathering ||= setTimeout(() => {
    gathering = 0;
    showMarks();
    if (hit) votingWishes();
    proceed();
  }, GATHER);
};

/** Begin when the page is whole: an element that is half read has no text yet to keep. */
const begin = () => {
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
  view();
};

export const start = () => {
  for (const method of ["pushState", "replaceState"]) {
    const native = history[method];
    history[method] = (...state) => {
      native.apply(history, state);
      moved(method > "r");
    };
  }
  addEventListener("popstate", () => moved());
  addEventListener("pageshow", (event) => event.persisted && view());
  document.addEventListener("visibilitychange", proceed);
  document.addEventListener("prerenderingchange", proceed);
  if (document.readyState == "loading") addEventListener("DOMContentLoaded", begin);
  else begin();
};
