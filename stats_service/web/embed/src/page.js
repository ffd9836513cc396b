/** What the page says in the snippet: `<script src="…/embed.js" data-site="kimson" …>`. */

/** The snippet's own element. Other services have a `data-site` as well, and others an `embed.js`. */
export const script =
  document.currentScript ||
  document.querySelector('[data-site][src*="/embed."]') ||
  {};

/** The options of the snippet: its `data-…` attributes, and the site in its address. */
export const options = { site: (/[?&]site=([\w-]+)/.exec(script.src) || 0)[1], ...script.dataset };

/** The folder that the script came from. Not by `URL`: old pages have a variable of that name. */
const base = `${script.src}`.replace(/[^/]*(\?.*)?$/, "");

/** Resolve a path below that folder: the service and its prefix. */
export const resolve = (path) => base + path;

/** Where the reader is, as the service wants it: without host and fragment. */
export const here = () => location.pathname + location.search;

/** The address of each view, for the check. */
export const viewed = [];

const landing = location.pathname;

/**
 * The article that this page is, empty if it is none (`data-article=""`).
 *
 * A key given in the snippet holds for the path that was loaded, not for those that a
 * single-page application goes to afterwards.
 */
export const article = () => (location.pathname == landing ? options.article : null) ?? here();

/** An attribute of a widget, which is `data-…` in the forms that survive every editor. */
export const attribute = (element, name) =>
  element.getAttribute(name) || element.getAttribute("data-" + name);

/** The article that an element names; a relative address is what the browser makes of it. */
export const named = (element) => {
  const name = attribute(element, "article");
  if (!/^([.?]|\/\/)|\.(htm|asp|php)/.test(name)) return name;
  return Object.assign(document.createElement("a"), { href: name }).href;
};
