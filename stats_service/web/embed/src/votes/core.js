/** What the core hands over, in the order of parts.js. */

export const [answer, current, options, , resolve, , , , voter, Widget] = /** @type {StatsScript} */ (document.currentScript).core;
