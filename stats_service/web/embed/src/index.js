/**
 * The core of the embed: counts the view, shows the numbers. A second snippet on the page does nothing.
 *
 * Imports stand in the order in which the file is smallest, here and in what is imported: 13 bytes.
 */

import { fetchExtra } from "./parts.js";
import { StatsViews } from "./views.js";
import { optedOut } from "./storage.js";
import { StatsCount } from "./count.js";
import { start } from "./view.js";
import { StatsVisits } from "./visits.js";
import { options } from "./page.js";

/** What the end of the address asks for, at first or when somebody types it: check, optout, optin. */
const heed = () => {
  optedOut();
  if (/#stats-/.test(location.hash)) fetchExtra();
};

if (!customElements.get("stats-count")) {
  if (options.site) {
    customElements.define("stats-count", StatsCount);
    customElements.define("stats-visits", StatsVisits);
    customElements.define("stats-views", StatsViews);
    // A page in a frame counts once it is seen, and one with routes by its route.
    if (options.views || (top != window && !options.frame)) fetchExtra();
    else start();
  } else {
    console.warn("stats_service:", options); // there is no site in them
  }
  heed();
  addEventListener("hashchange", heed);
}
