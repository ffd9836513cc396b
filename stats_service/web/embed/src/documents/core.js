/** What the core hands over, in the order of parts.js. */

export const [answer, , options, , resolve, , , , , Widget] = /** @type {StatsScript} */ (document.currentScript).core;
