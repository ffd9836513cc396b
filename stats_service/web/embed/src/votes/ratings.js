/** Where a rating comes from: the page's one request, or one of its own if that brought none. */

import { named } from "../attributes.js";
import { answer, current } from "./core.js";
import { call } from "./server.js";

/** Most articles that one request may ask for. */
const BATCH_MAX = 100;
/** How long ratings that are missing are gathered for one request, in milliseconds. */
const GATHER_MS = 50;

/** The article of a widget: `{key, views, rating}`, null if the page is none, else undefined. */
const entryFor = (element) =>
  named(element) ? answer.articles[named(element)] : answer.article || answer.article === null ? answer.article : undefined;

/** `{key, rating}`; null if there is nothing to rate, undefined while unknown. */
export const ratingFor = (element) => {
  const entry = entryFor(element);
  if (entry && entry.rating) return entry;
  return entry === null || (entry && entry.views === null) ? null : undefined;
};

/** Whether the numbers of its article are there without its rating: nobody will bring it. */
export const isLeftOut = (element) => !!entryFor(element);

/** What a rating is to name as its article. */
export const articleOf = (element) => named(element) || (answer.article || 0).key || current.article;

/** Take over a fresh rating wherever its article is shown. */
export const keepFresh = ({ key, rating }) => {
  const { article: own, articles } = answer;
  if (own && own.key == key) own.rating = rating;
  for (const name of Object.getOwnPropertyNames(articles)) {
    if (articles[name].key == key) articles[name].rating = rating;
  }
};

let missing = [];
let gathering;

const loadMissing = async () => {
  const elements = missing.filter((element) => element.isConnected && articleOf(element));
  missing = [];
  gathering = 0;
  const wanted = [];
  for (const element of elements) {
    const key = articleOf(element);
    if (wanted.length < BATCH_MAX && !wanted.includes(key)) wanted.push(key);
  }
  if (!wanted[0]) return;
  const query = wanted.map((key) => "article=" + encodeURIComponent(key)).join("&");
  const reply = await call("/ratings?" + query);
  if (reply.status != 200) return;
  for (const element of elements) {
    const found = reply.body.ratings[articleOf(element)];
    if (!found) continue;
    const name = named(element);
    if (name) answer.articles[name] = answer.articles[name] || found;
    else answer.article = answer.article || found;
    const entry = entryFor(element);
    entry.rating = entry.rating || found.rating;
    element.show();
  }
};

/** Ask for the rating of a widget's article, together with the others that are missing. */
export const loadRating = (element) => {
  if (!missing.includes(element)) missing.push(element);
  gathering = gathering || setTimeout(loadMissing, GATHER_MS);
};
