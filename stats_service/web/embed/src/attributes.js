/** What an element of the page says in its attributes. */

/** An attribute of a widget, which is `data-…` in the forms that survive every editor. */
export const attribute = (element, name) =>
  element.getAttribute(name) || element.getAttribute("data-" + name);

/** The article that an element names; a relative address is what the browser makes of it. */
export const named = (element) => {
  const name = attribute(element, "article");
  if (!/^([.?]|\/\/)|\.(htm|asp|php)/.test(name)) return name;
  return Object.assign(document.createElement("a"), { href: name }).href;
};
