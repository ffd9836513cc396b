/** The seam to polls and ratings: their wishes ride on the page's one request, their code comes when needed. */

import { fetchPart, wantExtra } from "./parts.js";
import { quoted } from "./quoted.js";
import { voter } from "./storage.js";
import { attribute } from "./attributes.js";

/** The second file and its hash; the build puts them in. */
const FILE = "__VOTES_FILE__";
const INTEGRITY = "__VOTES_INTEGRITY__";

/** The first element of a kind, which is `<div data-stats="poll">` as well as `<stats-poll>`, or `<stats-poll-archive>`. */
const first = (kind) => document.querySelector(`[data-stats=${kind}],stats-${kind},stats-poll-${kind}`);

let second;

/**
 * What the page's polls and ratings want from the next request, as JSON; fetches their code once.
 *
 * Its elements extend `Widget`: `show()` is called when `answer` has changed.
 */
export const votingWishes = () => {
  const poll = first("poll");
  const rating = first("rating");
  if (first("top")) wantExtra();
  if (!(poll || rating || first("archive"))) return "";
  second = second || setTimeout(fetchPart, 0, FILE, INTEGRITY); // behind the request
  return `,"poll":${quoted(poll && (attribute(poll, "poll") || "current"))},"rating":${!!rating},"voter":${quoted(voter() || null)}`;
};
