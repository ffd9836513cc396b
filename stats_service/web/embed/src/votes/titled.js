/** What a choice is called, with its picture if it has one. */

import { options, resolve } from "./core.js";
import { make } from "./dom.js";
import { written } from "./words.js";

/** The text of a choice as a node; before it the picture, which says what it shows. */
export const titled = (element, { text, picture }, lang) => {
  const title = written(element, text, lang);
  if (picture) {
    const { id, alt, ...size } = picture;
    const src = resolve(`${options.site}/picture/${id}.jpg`);
    title.prepend(Object.assign(make("img", "picture"), size, { src, alt: written(element, alt, lang).textContent }));
  }
  return title;
};
