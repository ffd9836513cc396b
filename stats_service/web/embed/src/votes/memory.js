/**
 * What this browser remembers: what its reader chose, which the service does not keep.
 *
 * Where storage is refused (private mode, policies) it lasts as long as the page.
 */

import { json } from "../json.js";
import { options } from "./core.js";

/** Ratings remembered at most; the oldest go first. */
const RATINGS_MAX = 200;

const page = {};

const read = (name) => {
  if (name in page) return page[name];
  try {
    return JSON.parse(/** @type {string} */ (localStorage.getItem(name))) || undefined;
  } catch (_) {}
};

const write = (name, value) => {
  page[name] = value;
  try {
    if (value) localStorage.setItem(name, json(value));
    else localStorage.removeItem(name);
  } catch (_) {}
};

/** Whether the browser refuses to store anything. */
export const isBlocked = () => {
  try {
    localStorage.setItem("stats-try", "1");
    localStorage.removeItem("stats-try");
  } catch (_) {
    return true;
  }
};

const ballotName = (poll) => `stats-ballot:${options.site}:${poll}`;

/**
 * The reader's ballots of a poll: `{sent: {ballot, choices, other}, cast: {choices, other}}`.
 *
 * `cast` is in. `sent` is what nobody knows the fate of; it is sent again under the same id.
 */
export const ballotsOf = (poll) => read(ballotName(poll)) || {};
export const keepBallots = (poll, ballots) => write(ballotName(poll), ballots);

const ratingsName = () => "stats-ratings:" + options.site;

/** The reader's rating of an article: `{score, until}`, or undefined. */
export const ratingOf = (key) => (read(ratingsName()) || {})[key];

export const keepRating = (key, rating) => {
  const { [key]: _, ...others } = read(ratingsName()) || {};
  for (const oldest of Object.getOwnPropertyNames(others).slice(0, 1 - RATINGS_MAX)) delete others[oldest];
  write(ratingsName(), { ...others, [key]: rating });
};
