/** The page's localStorage, which a browser may refuse altogether (private mode, policies). */

import { options } from "./page.js";

/** Read a key; set it first if a value is given. */
const stored = (key, value) => {
  try {
    if (value != null) localStorage.setItem(key, value);
    return localStorage.getItem(key);
  } catch (_) {}
};

/** Whether this browser is not to be counted: `#stats-optout` says so, `#stats-optin` ends it. */
export const optedOut = () => {
  const wish = /^#stats-opt(?:in|(out))$/.exec(location.hash);
  return !!stored("stats-optout", wish && (wish[1] || ""));
};

let token;

/** The voter's token of this browser, "" while there is none; a fresh one is kept. */
export const voter = (fresh) =>
  (token = stored("stats-voter:" + options.site, fresh) || fresh || token || "");
