/** What the core hands over, in the order of parts.js. */

export const [Widget, answer, article, english, number, resolve, , voter, options, named] =
  document.currentScript.core;
