/** What the core hands over; see voting.js. */

export const { Widget, answer, article, english, number, options, resolve, voter } =
  document.currentScript.core;
