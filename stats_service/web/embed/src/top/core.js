/** What the core hands over, in the order of parts.js. */

export const [, , options, , resolve] = /** @type {StatsScript} */ (document.currentScript).core;
