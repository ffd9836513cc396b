/** What the core hands over, by the names of parts.js. */

export const { Widget, answer, current, options, path: resolve, voter } = /** @type {StatsScript} */ (document.currentScript).core;
