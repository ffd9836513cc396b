/** Applications, which change their page without loading it: what is shown, and is it another article? */

import { quoted } from "../quoted.js";
import { addressOf } from "./address.js";
import { answer, current, options, script, view } from "./core.js";

/**
 * How long a page that names its article may take to be put in, in milliseconds.
 *
 * Turbo and its like change the address first, and fetch the page then.
 */
const PATIENCE_MS = 3000;

/** The article of each address at which the page said what it is. */
const articles = {};
/** The snippet that was found last: at first the page's own, though more may have come since. */
let seen = script;
/** The address whose page is waited for, and the one that was waited for long enough. */
let awaited, overdue;

/**
 * The snippet of a page that has been put in since; undefined if there is none.
 *
 * Heads are merged: Turbo leaves the former snippet in its place. One beside it that says the same
 * is no other page's, but a second copy.
 */
const newSnippet = () => {
  const all = document.querySelectorAll('[data-site][src*="/embed."]');
  const latest = all[all.length - 1] || seen;
  const isNew = latest != seen && !(seen.isConnected && seen.dataset.article == latest.dataset.article);
  seen = latest;
  return isNew ? latest : undefined;
};

/** Begin a view; what the page shows until its number has come is what it has there itself. */
const begin = (article, ...more) => {
  if (article != current.article) answer.article = 0;
  awaited = overdue = "";
  current.viewed.push(current.here());
  view(article, ...more);
};

const waitFor = (at) => {
  if (awaited == at) return;
  awaited = at;
  setTimeout(() => {
    if (awaited != at) return;
    awaited = "";
    overdue = at;
    if (current.here() == at && current.at != at) moved();
  }, PATIENCE_MS);
};

/** The address has become another: a view, unless the service reads it as the one before. */
const moved = () => {
  const { article, at: before, how } = /** @type {{article: string, at: string, how: string}} */ (current);
  const at = current.here();
  current.how = "";
  articles[before] = article;
  const isReplaced = how == "replaceState";
  // Replacing the query alone (a filter, a cleaned-up campaign parameter) is the same page.
  if ((isReplaced && before.split("?")[0] == at.split("?")[0]) || options.views == "call") {
    current.at = at;
    return;
  }
  const snippet = newSnippet();
  if (snippet) {
    // A page of its own, as if it had been loaded: it counts, whatever was before.
    options.article = snippet.dataset.article;
    begin(options.article == null ? at : options.article);
    return;
  }
  if (options.article != null && !isReplaced && overdue != at) {
    waitFor(at);
    return;
  }
  const shown = answer.article;
  begin(at in articles ? articles[at] : at, `,"at":${quoted(at)},"was":${quoted(before)}`, (fresh) => {
    if (fresh.article !== undefined) return;
    articles[at] = current.article = article;
    current.viewed.pop();
    fresh.article = shown;
  });
};

/** How the address became another, where the browser tells; `pushState` and the like say so themselves. */
const listen = () => {
  addEventListener("popstate", () => {
    current.how = "";
  });
  const { navigation } = window;
  if (!navigation || !navigation.addEventListener) return;
  navigation.addEventListener("currententrychange", ({ navigationType }) => {
    current.how = navigationType == "replace" ? "replaceState" : "";
  });
};

export const watchMoves = () => {
  current.viewed = current.at ? [current.at] : [];
  if (options.views == "hash") current.here = () => addressOf(location);
  listen();
  current.moved = moved;
  if (!options.views) return;
  window.stats = window.stats || {};
  window.stats.view = (article) => begin(article == null ? current.here() : `${article}`);
};
