/**
 * Text as JSON, null for none. Control characters, which no text of ours should have, become spaces.
 *
 * JSON is written by hand here: old libraries give lists and texts a `toJSON`, or replace `JSON`.
 */
export const quoted = (text) =>
  text == null ? null : `"${text.replace(/[\0-\x1f]/g, " ").replace(/["\\]/g, "\\$&")}"`; // eslint-disable-line no-control-regex
