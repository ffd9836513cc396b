/** What a library has replaced in the language: the counter does without all of it. */

const FUNCTIONS =
  "Array.from Array.prototype.find Array.prototype.map Array.prototype.filter Array.prototype.reduce " +
  "Function.prototype.bind Object.entries Object.keys JSON.stringify URL Set Map Promise";
const FOREIGN = ["Array.prototype.toJSON", "String.prototype.toJSON", "Object.prototype.toJSON"];

const at = (path) => {
  /** @type {any} */
  let found = window;
  for (const name of path.split(".")) found = found && found[name];
  return found;
};

const isNative = (value) =>
  typeof value == "function" && /\[native code\]/.test(Function.prototype.toString.call(value));

/** The names of what is not the browser's own. */
export const patched = () => {
  const found = [];
  for (const path of FUNCTIONS.split(" ")) if (!isNative(at(path))) found.push(path);
  for (const path of FOREIGN) if (at(path)) found.push(path);
  for (const name in {}) found.push("Object.prototype." + name);
  return found;
};
