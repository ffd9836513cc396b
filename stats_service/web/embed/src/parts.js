/** The files that come only where a page needs them. */

import { Widget } from "./widgets.js";
import { voter } from "./storage.js";
import { current, options, resolve, script } from "./page.js";
import { start, view } from "./view.js";
import { answer } from "./answer.js";

/** The file of what few pages need, and its hash; the build puts them in. */
const EXTRA_FILE = "__EXTRA_FILE__";
const EXTRA_INTEGRITY = "__EXTRA_INTEGRITY__";

/** How a file's name becomes its URL; pages that demand trusted types want it as a policy. */
const rules = { createScriptURL: resolve };
let policy;

/**
 * Fetch a file, whose name and hash the build has put in.
 *
 * It finds what it shares with the core as `document.currentScript.core`: a list, whose names the
 * core need not carry.
 */
export const fetchPart = (file, integrity) => {
  const part = document.createElement("script");
  part.core = [answer, current, options, script, resolve, start, view, fetchPart, voter, Widget];
  part.integrity = integrity;
  part.crossOrigin = "";
  part.nonce = script.nonce;
  try {
    // Pages may forbid our policy: then there are no polls, but views.
    policy = policy || (window.trustedTypes && window.trustedTypes.createPolicy("stats", rules)) || rules;
    part.src = policy.createScriptURL(file);
    document.head.append(part);
  } catch (_) {}
};

export const fetchExtra = () => fetchPart(EXTRA_FILE, EXTRA_INTEGRITY);

let wanted;

/** Fetch it once, though it is wanted again and again until it is there. */
export const wantExtra = () => {
  if (!wanted) fetchExtra();
  wanted = 1;
};

/** The address has become another. The file for that takes this place, and looks at once. */
current.moved = wantExtra;
