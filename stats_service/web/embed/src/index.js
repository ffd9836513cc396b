/** The core of the embed: counts the view, shows the numbers. A second snippet on the page does nothing. */

import { StatsCount } from "./count.js";
import { options } from "./page.js";
import { fetchExtra } from "./parts.js";
import { optedOut } from "./storage.js";
import { start } from "./view.js";
import { StatsViews } from "./views.js";
import { StatsVisits } from "./visits.js";

/** What the end of the address asks for, at first or when somebody types it. */
const heed = () => {
  optedOut();
  if (/^#stats-(opt|check)/.test(location.hash)) fetchExtra();
};

if (!customElements.get("stats-count")) {
  if (options.site) {
    customElements.define("stats-count", StatsCount);
    customElements.define("stats-views", StatsViews);
    customElements.define("stats-visits", StatsVisits);
    // A page in a frame counts once it is seen, and one with routes by its route.
    if (options.views || (top != window && !options.frame)) fetchExtra();
    else start();
  } else {
    console.warn("stats_service: no site");
  }
  heed();
  addEventListener("hashchange", heed);
}
