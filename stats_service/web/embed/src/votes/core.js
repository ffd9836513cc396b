/** What the core hands over, in the order of parts.js. */

export const [Widget, answer, article, english, number, resolve, script, voter] =
  document.currentScript.core;
export const options = script.dataset;
