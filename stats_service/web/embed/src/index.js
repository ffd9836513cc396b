/** The core of the embed: counts the view, shows the numbers. A second snippet on the page does nothing. */

import { StatsCount } from "./count.js";
import { options } from "./page.js";
import { fetchPart } from "./parts.js";
import { optedOut } from "./storage.js";
import { start } from "./view.js";
import { StatsViews } from "./views.js";
import { StatsVisits } from "./visits.js";

/** The file of pages in frames and of the install checker, and its hash; the build puts them in. */
const EXTRA_FILE = "__EXTRA_FILE__";
const EXTRA_INTEGRITY = "__EXTRA_INTEGRITY__";

const extra = () => fetchPart(EXTRA_FILE, EXTRA_INTEGRITY);

/** What the end of the address asks for, at first or when somebody types it. */
const heed = () => {
  optedOut();
  if (/^#stats-check/.test(location.hash)) extra();
};

if (!customElements.get("stats-count")) {
  if (options.site) {
    customElements.define("stats-count", StatsCount);
    customElements.define("stats-views", StatsViews);
    customElements.define("stats-visits", StatsVisits);
    if (top == window || options.frame) start();
    else extra();
  } else {
    console.warn("stats_service: no site; add ?site= to src");
  }
  heed();
  addEventListener("hashchange", heed);
}
