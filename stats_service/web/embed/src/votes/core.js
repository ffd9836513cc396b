/** What the core hands over, by the names of parts.js. */

export const { Widget, answer, article, options, resolve, voter } = document.currentScript.core;
