/** The core of the embed: counts the view, shows the numbers. A second snippet on the page does nothing. */

import { StatsCount } from "./count.js";
import { fetchPart } from "./parts.js";
import { start } from "./view.js";
import { StatsViews } from "./views.js";
import { StatsVisits } from "./visits.js";

/** The file of the install checker and its hash; the build puts them in. */
const CHECK_FILE = "__CHECK_FILE__";
const CHECK_INTEGRITY = "__CHECK_INTEGRITY__";

if (!customElements.get("stats-count")) {
  customElements.define("stats-count", StatsCount);
  customElements.define("stats-views", StatsViews);
  customElements.define("stats-visits", StatsVisits);
  start();
  if (/^#stats-check/.test(location.hash)) fetchPart(CHECK_FILE, CHECK_INTEGRITY);
}
