/** What the core hands over, in the order of parts.js; what can be had without it, if it did not run. */

const handed = /** @type {HTMLScriptElement} */ (document.currentScript).core;
const self = /** @type {HTMLScriptElement} */ (document.currentScript);

/** Whether the core runs. Without it this file was put on the page by hand, for a check. */
export const isCore = !!handed;

const snippet = () => document.querySelector('[data-site][src*="/embed."]') || self;

/** The site that a snippet names, in its attribute or in its address. */
export const siteOf = ({ src, dataset }) => dataset.site || (/[?&]site=([\w-]+)/.exec(src) || [])[1] || "";

const below = (src) => (path) => src.replace(/[^/]*([?#].*)?$/, "") + path;

/** @type {StatsCore | any} */
const core = handed || [
  {},
  { here: () => location.pathname + location.search },
  { ...snippet().dataset, site: siteOf(snippet()) },
  snippet(),
  below(self.src),
];

export const [answer, current, options, script, resolve] = core;
