/** The second file of the embed: polls and ratings. The core fetches it where a page has any. */

import { StatsPollArchive } from "./archive.js";
import { StatsPoll } from "./poll.js";
import { StatsRating } from "./rating.js";

customElements.define("stats-poll", StatsPoll);
customElements.define("stats-poll-archive", StatsPollArchive);
customElements.define("stats-rating", StatsRating);
