/** What the page says in the snippet: `<script src="…/embed.js" data-site="kimson" …>`. */

export const script = document.currentScript || document.querySelector("script[data-site]");

/** The options of the snippet: its `data-…` attributes. */
export const options = script.dataset;

/** Resolve a path below the folder that the script came from: the service and its prefix. */
export const resolve = (path) => new URL(path, script.src).href;

/** Where the reader is, as the service wants it: without host and fragment. */
export const here = () => location.pathname + location.search;

const landing = location.pathname;

/**
 * The article that this page is, or undefined if it is none (`data-article=""`).
 *
 * A key given in the snippet holds for the path that was loaded, not for those that a
 * single-page application goes to afterwards.
 */
export const article = () =>
  (location.pathname == landing ? (options.article ?? here()) : here()) || undefined;
