/** The language of the page, Vietnamese, or English where `lang` says so, and how it writes numbers. */

/** Whether the element stands in English text, as 1 or 0: the index of its words. */
export const english = (element) =>
  +/^en/i.test((element.closest("[lang]") || element).lang);

/**
 * A whole number as it is written there: 1.814.165 or 1,814,165.
 *
 * Not by `toLocaleString`: its first call on a page loads a language, which takes longer than all
 * the rest of this script.
 */
export const number = (n, element) =>
  `${n}`.replace(/\B(?=(...)+$)/g, ".,"[english(element)]);
