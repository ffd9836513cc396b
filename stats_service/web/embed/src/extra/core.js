/** What the core hands over, in the order of parts.js. */

export const [answer, current, options, script, , start, view, fetchPart] = document.currentScript.core;
