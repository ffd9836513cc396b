/** Lists of articles, and clicks, have files of their own. */

import { answer, current, fetchPart } from "./core.js";

/** The files and their hashes; the build puts them in. */
const TOP_FILE = "__TOP_FILE__";
const TOP_INTEGRITY = "__TOP_INTEGRITY__";
const DOCUMENTS_FILE = "__DOCUMENTS_FILE__";
const DOCUMENTS_INTEGRITY = "__DOCUMENTS_INTEGRITY__";

/** Fetch each once: as soon as there is a list, and once the service has said that the page counts clicks. */
export const wantParts = () => {
  if (!current.hasTop && document.querySelector("[data-stats=top],stats-top")) {
    current.hasTop = 1;
    fetchPart(TOP_FILE, TOP_INTEGRITY);
  }
  if (!current.hasClicks && answer.clicks) {
    current.hasClicks = 1;
    fetchPart(DOCUMENTS_FILE, DOCUMENTS_INTEGRITY);
  }
};
