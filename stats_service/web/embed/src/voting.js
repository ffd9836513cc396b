/** The seam to polls and ratings: their wishes ride on the page's one request, their code comes when needed. */

import { fetchPart } from "./parts.js";
import { voter } from "./storage.js";

/** The second file and its hash; the build puts them in. */
const FILE = "__VOTES_FILE__";
const INTEGRITY = "__VOTES_INTEGRITY__";

const first = (selector) => document.querySelector(selector);

let second;

/**
 * What the page's polls and ratings want from the next request; fetches their code once.
 *
 * Its elements extend `Widget`: `show()` is called when `answer` has changed.
 */
export const votingWishes = () => {
  const poll = first("stats-poll");
  const rating = first("stats-rating");
  if (!(poll || rating || first("stats-poll-archive"))) return;
  second ||= setTimeout(fetchPart, 0, FILE, INTEGRITY); // behind the request
  return {
    poll: poll ? poll.getAttribute("poll") || "current" : undefined,
    rating: !!rating,
    voter: voter(),
  };
};
