/** What the core hands over, in the order of parts.js. */

export const [answer, current, options, , resolve, , , , voter, Widget] = document.currentScript.core;
