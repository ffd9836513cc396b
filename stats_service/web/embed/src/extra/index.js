/** The file for few pages: applications, lists, frames, and where the address asks for something. */

import { current, fetchPart, options, start } from "./core.js";
import { waitUntilSeen } from "./frame.js";
import { watchLinks } from "./links.js";
import { watchMoves } from "./moves.js";
import { wantParts } from "./wanted.js";

/** The files of the check and of a reader's choice, and their hashes; the build puts them in. */
const CHECK_FILE = "__CHECK_FILE__";
const CHECK_INTEGRITY = "__CHECK_INTEGRITY__";
const CHOICE_FILE = "__CHOICE_FILE__";
const CHOICE_INTEGRITY = "__CHOICE_INTEGRITY__";

// This file may be asked for again, for another reason.
if (!current.isWatched) {
  current.isWatched = true;
  watchMoves();
  watchLinks();
  if (top != window && !options.frame) waitUntilSeen();
  else if (options.views) start();
}
wantParts();
const [, wanted] = /^#stats-(check|optin$|optout$)/.exec(location.hash) || [];
if (wanted == "check") fetchPart(CHECK_FILE, CHECK_INTEGRITY);
else if (wanted) fetchPart(CHOICE_FILE, CHOICE_INTEGRITY);
// Whatever changes on the page makes the core look for what is new, such as a list's articles.
/** @type {HTMLScriptElement} */ (document.currentScript).remove();
