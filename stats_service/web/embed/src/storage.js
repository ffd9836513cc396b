/** The page's localStorage, which a browser may refuse altogether (private mode, policies). */

import { options } from "./page.js";

/** Read a key; set it first if a value is given. */
const stored = (key, value) => {
  try {
    if (value != null) localStorage.setItem(key, value);
    return localStorage.getItem(key);
  } catch (_) {}
};

/**
 * Whether this reader is not to be counted: `#stats-optout` says so, `#stats-optin` ends it; a page
 * says so for its readers by `data-opt="out"`.
 */
export const optedOut = () =>
  (options.opt || stored("stats-optout", (/#stats-opt(in|out)$/.exec(location.hash) || 0)[1])) == "out";

let token;

/** The voter's token of this browser, "" while there is none; a fresh one is kept. */
export const voter = (fresh) =>
  (token = stored("stats-voter:" + options.site, fresh) || fresh || token || "");
