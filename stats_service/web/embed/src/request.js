/** The one request of a page view: what every widget wants, and what came back for them. */

import { named } from "./attributes.js";
import { optedOut } from "./storage.js";
import { showAll, widgets } from "./widgets.js";
import { votingWishes } from "./voting.js";
import { current, options, resolve } from "./page.js";
import { quoted } from "./quoted.js";
import { wantExtra } from "./parts.js";

/** Most articles that one request may ask for, and their length in all, in characters. */
const LIST_MAX = 100;
const LIST_LENGTH = 10000;
/** Longest wait for an answer, in milliseconds. */
const PATIENCE = 3000;
/** How long a view that got no answer waits before it is sent again, in milliseconds. */
const RETRY_AFTER = 5000;

/** Articles asked for since the view began. */
export const asked = [];

/**
 * The articles that widgets name and nobody has asked for yet, as many as fit.
 *
 * Browsers drop a request that outlives its page (`keepalive`) with more than 64 KiB. Ratings
 * count before their code has come, so that the first request brings them as well.
 */
export const newArticles = () => {
  const keys = [];
  let room = LIST_LENGTH;
  for (const element of [...widgets, ...document.querySelectorAll("[data-stats],stats-rating,[href*=data-stats]")]) {
    const key = named(element);
    if (key == "link" || element.href) wantExtra();
    else if (key && asked.indexOf(key) < 0 && keys.indexOf(key) < 0 && keys.length < LIST_MAX && key.length < room) {
      keys.push(key);
      room -= key.length;
    }
  }
  return keys;
};

/**
 * The body of a request about the page: a view with its id, or a heartbeat; every wish of its widgets.
 *
 * Whether the page's canonical link is believed, and where it leads, the service decides.
 * `via` is where the reader came from, the parts with commas between them: the host of the page
 * before, which the service forgets if it is this one, and the words of a campaign in the address;
 * of the mark of a click its name alone.
 */
export const withWishes = (hit, beat, more) => {
  showAll();
  const articles = newArticles();
  /** @type {any} */
  const canonical = document.querySelector("[rel=canonical]") || 0;
  asked.push(...articles);
  return `{"hit":"${hit}","beat":${beat}${votingWishes()},"article":${quoted(current.article)},"out":${optedOut()},"canonical":${quoted(canonical.href)},"frame":${quoted(options.frame)}${more},"via":${quoted([document.referrer.split("/")[2], location.search.match(/utm_[^&]+|\w+clid/g)] + "")},"articles":[${articles.map(quoted)}],"bot":${!!navigator.webdriver && options.webdriver != "count"}}`;
};

let warned;

/**
 * Send a body; resolves to the answer, or undefined if there is none. Never throws, and warns once.
 *
 * A view (`retry` is 1) that got no answer is sent once more, with its hit id, so that it counts
 * once.
 */
export const exchange = async (body, retry) => {
  try {
    const response = await Promise.race([
      // The view arrives though the reader leaves at once; no other request takes its room.
      fetch(resolve(options.site + "/page"), { method: "POST", body, keepalive: retry >= 0 }),
      new Promise((_, fail) => setTimeout(fail, PATIENCE, PATIENCE)),
    ]);
    if (!response.ok) throw response.status;
    return await response.json();
  } catch (/** @type {any} */ error) {
    if (retry && !(error < 500)) {
      await new Promise((done) => setTimeout(done, RETRY_AFTER));
      return exchange(body, 0);
    }
    if (!warned) console.warn("stats_service:", error);
    warned = 1;
  }
};
