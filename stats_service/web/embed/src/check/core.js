/** What the core hands over, in the order of parts.js. */

export const [, answer, article, english, , resolve, script] = document.currentScript.core;
export const options = script.dataset;
