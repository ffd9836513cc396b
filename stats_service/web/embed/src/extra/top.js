/** Lists of articles have a file of their own. */

import { fetchPart } from "./core.js";

/** The file and its hash; the build puts them in. */
const TOP_FILE = "__TOP_FILE__";
const TOP_INTEGRITY = "__TOP_INTEGRITY__";

let hasTop;

/** Fetch it once, as soon as there is a list. */
export const wantTop = () => {
  if (!hasTop && document.querySelector("[data-stats=top],stats-top")) {
    hasTop = 1;
    fetchPart(TOP_FILE, TOP_INTEGRITY);
  }
};
