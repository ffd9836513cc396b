/** What the core hands over, by the names of parts.js. */

export const { answer, current, fetch: fetchPart, options, script, start, view } = /** @type {StatsScript} */ (document.currentScript).core;
