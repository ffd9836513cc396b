/** What the page says in the snippet: `<script src="…/embed.js" data-site="kimson" …>`. */

/** The snippet's own element. Other services have a `data-site` as well, and others an `embed.js`. */
export const script =
  document.currentScript ||
  document.querySelector('[data-site][src*="/embed."]') ||
  {};

/** The options of the snippet: its `data-…` attributes, and the site in its address. */
export const options = { site: (/[?&]site=([\w-]+)/.exec(script.src) || 0)[1], ...script.dataset };

/**
 * Resolve a path below the folder that the script came from: the service and its prefix.
 *
 * Not by `URL`: old pages have a variable of that name.
 */
export const resolve = (path) => `${script.src}`.replace(/[^/]*(\?.*)?$/, path);

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
