/** The core of the embed: counts the view, shows the numbers. A second snippet on the page does nothing. */

import { StatsCount } from "./count.js";
import { start } from "./view.js";
import { StatsViews } from "./views.js";
import { StatsVisits } from "./visits.js";

if (!customElements.get("stats-count")) {
  customElements.define("stats-count", StatsCount);
  customElements.define("stats-views", StatsViews);
  customElements.define("stats-visits", StatsVisits);
  start();
}
