/** The files that come only where a page needs them. */

import { answer } from "./answer.js";
import { article, options, resolve, script, viewed } from "./page.js";
import { voter } from "./storage.js";
import { start } from "./view.js";
import { Widget } from "./widgets.js";

/** How a file's name becomes its URL; pages that demand trusted types want it as a policy. */
const rules = { createScriptURL: resolve };
let policy;

/**
 * Fetch a file, whose name and hash the build has put in.
 *
 * It finds what it shares with the core as `document.currentScript.core`.
 */
export const fetchPart = (file, integrity) => {
  const part = document.createElement("script");
  part.core = { Widget, answer, article, options, resolve, script, start, viewed, voter };
  part.integrity = integrity;
  part.crossOrigin = "";
  part.nonce = script.nonce;
  try {
    // Pages may forbid our policy: then there are no polls, but views.
    policy ||= window.trustedTypes?.createPolicy("stats", rules) || rules;
    part.src = policy.createScriptURL(file);
    document.head.append(part);
  } catch {}
};
