/** What the page says in the snippet: `<script src="…/embed.js" data-site="kimson" …>`. */

/**
 * The snippet's own element. Other services have a `data-site` as well, and others an `embed.js`.
 *
 * @type {any} a script, or nothing that has anything
 */
export const script =
  document.currentScript ||
  document.querySelector('[data-site][src*="/embed."]') ||
  {};

/**
 * The options of the snippet: its `data-…` attributes, and the site in its address.
 *
 * @type {{article?: string, frame?: string, opt?: string, site?: string, views?: string, webdriver?: string}}
 */
export const options = { site: (/[?&]site=([\w-]+)/.exec(script.src) || 0)[1], ...script.dataset };

/**
 * Resolve a path below the folder that the script came from: the service and its prefix.
 *
 * Not by `URL`: old pages have a variable of that name.
 */
export const resolve = (path) => script.src.replace(/[^/]*(\?.*)?$/, path);

/**
 * The page as it was counted last: its `article`, empty if it is none, and `at`, its address.
 *
 * `here()`: where the reader is, as the service wants it, without host and fragment. The file for
 * applications puts another in its place where a fragment is a route, and `moved`, called when the
 * address has become another. `how`: the method of `history` that was called last; `viewed`: the address of
 * each view, for the check; `isWatched`, `hasTop`, `hasClicks`: that file and those it fetches are there. `view.js` and that file fill the rest in.
 *
 * @type {{
 *   article?: string, at?: string, how?: string, isWatched?: boolean, hasTop?: number, hasClicks?: number, viewed: string[],
 *   here(): string, moved(): void,
 * }}
 */
export const current = /** @type {any} */ ({ here: () => location.pathname + location.search });
