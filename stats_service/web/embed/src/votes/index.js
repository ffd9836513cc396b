/** The second file of the embed: polls and ratings. The core fetches it where a page has any. */

import { StatsPollArchive } from "./archive.js";
import { upgradeMarks, watchMarks } from "./marks.js";
import { StatsPoll } from "./poll.js";
import { StatsRating } from "./rating.js";

// First, since the page's request has brought the first poll of the page, in whichever form.
upgradeMarks();
watchMarks();
customElements.define("stats-poll", StatsPoll);
customElements.define("stats-poll-archive", StatsPollArchive);
customElements.define("stats-rating", StatsRating);
