/** The one request of a page view: what every widget wants, and what came back for them. */

import { receive } from "./answer.js";
import { options, resolve } from "./page.js";
import { optedOut, voter } from "./storage.js";
import { votingWishes } from "./voting.js";
import { showAll, widgets } from "./widgets.js";

/** Most articles that one request may ask for. */
const LIST_MAX = 100;
/** Longest wait for an answer, in milliseconds. */
const PATIENCE = 3000;
/** How long a view that got no answer waits before it is sent again, in milliseconds. */
const RETRY_AFTER = 5000;

/** Articles asked for since the view began. */
export const asked = new Set();

/**
 * The articles that widgets name and nobody has asked for yet, as many as fit.
 *
 * Ratings count before their code has come, so that the first request brings them as well.
 */
export const newArticles = () => {
  const keys = new Set();
  for (const element of [...widgets, ...document.querySelectorAll("[data-stats],stats-rating")]) {
    const key = element.getAttribute("article") || element.dataset.article;
    if (key && !asked.has(key) && keys.size < LIST_MAX) keys.add(key);
  }
  return [...keys];
};

/** The body of a request: `what` it is, with every wish of the page. */
export const withWishes = (what) => {
  const articles = newArticles();
  articles.forEach((key) => asked.add(key));
  return JSON.stringify({
    ...what,
    ...votingWishes(),
    articles,
    out: optedOut(),
    bot: navigator.webdriver && options.webdriver != "count",
  });
};

let warned;

/**
 * Send a body and show what comes back, unless `isOver()` then says that the page moved on.
 *
 * A view that got no answer is sent once more, with its hit id, so that it counts once.
 * Resolves to whether there was an answer; never throws, and warns once.
 */
export const exchange = async (body, isOver, retry) => {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), PATIENCE); // of no effect once the answer is there
  try {
    const response = await fetch(resolve(options.site + "/page"), {
      method: "POST",
      body,
      credentials: "omit",
      keepalive: true, // the view arrives though the reader leaves at once
      signal: abort.signal,
    });
    if (!response.ok) throw response.status;
    const fresh = await response.json();
    voter(fresh.voter);
    if (!isOver()) {
      receive(fresh);
      showAll();
    }
    return true;
  } catch (error) {
    if (retry && !(error < 500)) {
      await new Promise((done) => setTimeout(done, RETRY_AFTER));
      return exchange(body, isOver);
    }
    if (!warned) console.warn("stats_service gave no numbers:", error);
    warned = true;
  }
};
