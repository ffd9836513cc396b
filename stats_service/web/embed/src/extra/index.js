/** The file for few pages: applications, lists, pages in frames, and those that somebody checks. */

import { current, fetchPart, options, start } from "./core.js";
import { waitUntilSeen } from "./frame.js";
import { watchLinks } from "./links.js";
import { watchMoves } from "./moves.js";

/** The file of the check, and its hash; the build puts them in. */
const CHECK_FILE = "__CHECK_FILE__";
const CHECK_INTEGRITY = "__CHECK_INTEGRITY__";

// This file may be asked for again, for another reason.
if (!current.isWatched) {
  current.isWatched = true;
  watchMoves();
  watchLinks();
  if (top != window && !options.frame) waitUntilSeen();
  else if (options.views) start();
}
if (/^#stats-check/.test(location.hash)) fetchPart(CHECK_FILE, CHECK_INTEGRITY);
// Whatever changes on the page makes the core look for what is new, such as a list's articles.
/** @type {HTMLScriptElement} */ (document.currentScript).remove();
