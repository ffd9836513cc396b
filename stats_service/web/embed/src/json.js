/** JSON, written by hand: old libraries give lists and texts a `toJSON`, or replace `JSON`. */

import { quoted } from "./quoted.js";

const has = Object.prototype.hasOwnProperty;

/**
 * Write a text, number, boolean, null, a list, or an object of them; what is undefined is left out.
 *
 * @returns {string}
 */
export const json = (value) => {
  if (typeof value == "string") return /** @type {string} */ (quoted(value));
  if (!(value instanceof Object)) return "" + value;
  const isList = value instanceof Array;
  let text = "";
  for (const key in value) {
    if (has.call(value, key) && value[key] !== undefined) {
      text += (text && ",") + (isList ? "" : quoted(key) + ":") + json(value[key]);
    }
  }
  return isList ? `[${text}]` : `{${text}}`;
};
