/** The seam to polls and ratings: their wishes ride on the page's one request, their code comes when needed. */

import { answer } from "./answer.js";
import { article, options, resolve, script } from "./page.js";
import { voter } from "./storage.js";
import { english, number } from "./text.js";
import { Widget } from "./widgets.js";

/** The second file and its hash; the build puts them in. */
const FILE = "__VOTES_FILE__";
const INTEGRITY = "__VOTES_INTEGRITY__";

const first = (selector) => document.querySelector(selector);

let second;

/**
 * What the page's polls and ratings want from the next request; fetches their code once.
 *
 * The second file finds the core's parts as `document.currentScript.core`. Its elements extend
 * `Widget`: `show()` is called when `answer` has changed.
 */
export const votingWishes = () => {
  const poll = first("stats-poll");
  const rating = first("stats-rating");
  if (!(poll || rating || first("stats-poll-archive"))) return;
  if (!second) {
    second = document.createElement("script");
    second.core = { Widget, answer, article, english, number, options, resolve, voter };
    second.integrity = INTEGRITY;
    second.crossOrigin = "";
    second.nonce = script.nonce;
    try {
      // Pages that demand trusted types may forbid our policy: then there are no polls, but views.
      const url = resolve(FILE);
      const policy = window.trustedTypes?.createPolicy("stats", { createScriptURL: () => url });
      second.src = policy?.createScriptURL("") || url;
      document.head.append(second);
    } catch {}
  }
  return {
    poll: poll ? poll.getAttribute("poll") || "current" : undefined,
    rating: !!rating,
    voter: voter(),
  };
};
