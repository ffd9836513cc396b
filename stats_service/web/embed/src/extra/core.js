/** What the core hands over, in the order of parts.js. */

export const [answer, current, options, script, , start, view, fetchPart] = /** @type {StatsScript} */ (document.currentScript).core;
