/** The file for readers who type `#stats-optout` or `#stats-optin`: it says what has become of it. */

import { showChoice } from "./note.js";

showChoice(location.hash.slice(10));
/** @type {StatsScript} */ (document.currentScript).remove();
