/** When a view happens, and when the numbers are refreshed. */

import { answer } from "./answer.js";
import { article, here } from "./page.js";
import { asked, exchange, newArticles, withWishes } from "./request.js";
import { optedOut } from "./storage.js";
import { onWanting, showAll } from "./widgets.js";

/** From one heartbeat to the next, in milliseconds; doubled whenever no answer comes. */
const BEAT = 60000;
/** How long widgets that come one by one are gathered for one request, in milliseconds. */
const GATHER = 50;

/** A view that waits until somebody can see the page. */
let waiting;
/** Whether it is time for a heartbeat. */
let due;
let beat, gathering;
let pause = BEAT;
/** The latest view: its id, its article and its address. */
let hit, current, address;

const send = async (what, retry) => {
  const mine = hit;
  due = 0;
  clearTimeout(beat);
  beat = setTimeout(() => proceed((due = 1)), pause);
  const body = withWishes({ ...what, article: current });
  pause = (await exchange(body, () => mine != hit, retry)) ? BEAT : pause * 2;
  proceed();
};

/** Do what is to be done, if somebody can see the page. */
const proceed = () => {
  if (document.hidden || document.prerendering) return;
  if (waiting) {
    waiting = 0;
    hit = crypto.getRandomValues(new Uint32Array(3)).join("-");
    address = here();
    const next = article();
    if (next != current) {
      current = next;
      answer.article = 0;
      showAll();
    }
    asked.clear();
    send({ hit }, 1);
  } else if (due || (hit && newArticles()[0])) {
    send({ beat: true });
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
    const before = replaced ? address?.split("?")[0] : address;
    const now = replaced ? location.pathname : here();
    address = here();
    if (hit && before != now) view();
  });

export const start = () => {
  for (const method of ["pushState", "replaceState"]) {
    const native = history[method];
    history[method] = (...state) => {
      native.apply(history, state);
      moved(method > "r");
    };
  }
  onWanting(() => {
    clearTimeout(gathering);
    gathering = setTimeout(proceed, GATHER);
  });
  addEventListener("popstate", () => moved());
  addEventListener("hashchange", optedOut);
  addEventListener("pageshow", (event) => event.persisted && view());
  document.addEventListener("visibilitychange", proceed);
  document.addEventListener("prerenderingchange", proceed);
  if (document.readyState == "loading") addEventListener("DOMContentLoaded", view);
  else view();
};
