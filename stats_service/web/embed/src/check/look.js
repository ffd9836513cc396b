/** What there is to see on the page. */

import { answer, current, isCore, options, resolve, script, siteOf } from "./core.js";
import { outermost } from "../extra/outermost.js";
import { english } from "../language.js";
import { ask, pause, violations } from "./ask.js";
import { lists } from "./lists.js";
import { optimisers } from "./optimisers.js";
import { patched } from "./patched.js";

/** The build puts it in. */
const VERSION = "__VERSION__";
/** How long the page's own request may take, and how long a second view is waited for, in ms. */
const PATIENCE_MS = 5000;
const AFTERWARDS_MS = 1500;
/** From one look for the answer to the next, in milliseconds. */
const STEP_MS = 100;
const NAMED_MAX = 5;
const NAME_MAX = 80;

const WIDGETS = ["stats-visits", "stats-count", "stats-views", "stats-poll", "stats-poll-archive", "stats-rating", "stats-top"];

const page = resolve(options.site + "/page");

const loads = (name) =>
  performance.getEntriesByType("resource").filter((entry) => entry.name.split("?")[0] == name);

/** Wait until the page has its numbers, or will not get any; resolves to what became of it. */
export const settled = async () => {
  while (document.hidden || document.readyState != "complete") await pause(STEP_MS);
  for (let waited = 0; isCore && options.site && !answer.site && waited < PATIENCE_MS; waited += STEP_MS) await pause(STEP_MS);
  await pause(AFTERWARDS_MS);
  if (!options.site) return { outcome: "blocked" };
  if (answer.site) {
    return { outcome: "answered", milliseconds: Math.round((loads(page)[0] || { duration: 0 }).duration) };
  }
  // A heartbeat counts nothing, and meets with whatever the view has met with.
  const { outcome, status } = await ask(options.site + "/page", { beat: true });
  return { outcome, status };
};

/** How old the script is, and its hash where the browser computes one. */
const copy = async () => {
  try {
    const response = await fetch(script.src, { cache: "force-cache" });
    const age = Math.round((Date.now() - +new Date(/** @type {string} */ (response.headers.get("Date")))) / 1000);
    const bytes = await response.arrayBuffer();
    const hash = window.crypto.subtle && (await crypto.subtle.digest("SHA-384", bytes));
    return {
      age: age >= 0 ? age : undefined,
      digest: hash && btoa(String.fromCharCode(...new Uint8Array(hash))),
    };
  } catch (_) {}
};

const isStoreless = () => {
  try {
    localStorage.getItem("");
  } catch (_) {
    return true;
  }
};

/** The first few different texts, cut to what the service takes. */
const names = (texts) => {
  const found = [];
  for (const text of texts) {
    const name = text.slice(0, NAME_MAX);
    if (found.length < NAMED_MAX && !found.includes(name)) found.push(name);
  }
  return found;
};

/** How many frames of the page show pages of the portal that count by themselves. */
const ownFrames = () => {
  let number = 0;
  for (const frame of document.querySelectorAll("iframe")) {
    try {
      if (frame.contentDocument.querySelector('script[src*="/embed."]')) number++;
    } catch (_) {} // a page of somebody else
  }
  return number;
};

/** How often the address had changed from one view to the next. */
const moves = (viewed) => {
  let number = 0;
  viewed.forEach((address, index) => {
    if (index && address.split("?")[0] != viewed[index - 1].split("?")[0]) number++;
  });
  return number;
};

/** Everything but the fate of the page's request. */
export const look = async () => {
  const ours = /\/embed(\.\d+)?\.js([?#]|$)/;
  const snippets = [...document.scripts].filter(
    (one) => ours.test(one.src) && (siteOf(one) || one.src.indexOf(resolve("embed")) == 0),
  );
  const elements = [...document.querySelectorAll("*")];
  // A badge counts nothing, and shows whether images of the service may be on the page.
  if (options.site) new Image().src = resolve(options.site + "/badge/online.svg");
  const copied = await copy();
  const isStored = !isStoreless();
  const viewed = current.viewed || [];
  /** @type {any} */
  const link = document.querySelector("[rel=canonical]") || 0;
  const { bare, listed, different, unread } = lists();
  return {
    lang: english(document.documentElement) ? "en" : "vi",
    version: VERSION,
    ran: isCore,
    pinned: /\/embed\.\d/.test(script.src),
    integrity: !!script.integrity,
    site: (options.site || "").slice(0, NAME_MAX),
    snippets: Math.max(1, snippets.length),
    sites: names(snippets.map(siteOf)),
    views: Math.max(1, viewed.length),
    moves: moves(viewed),
    frame: top == window ? undefined : outermost().slice(0, NAME_MAX),
    frames: ownFrames(),
    patched: names(patched()),
    pixel: !!loads(resolve(options.site + "/dot.gif"))[0],
    violations: violations.slice(0, 10),
    ...copied,
    out: isStored && localStorage.getItem("stats-optout") == "out",
    bot: !!navigator.webdriver && options.webdriver != "count",
    storeless: !isStored,
    article: [current.article, options.article, current.here()].filter((one) => one != null)[0].slice(0, 2048),
    canonical: (link.href || "").slice(0, 2048),
    widgets: elements.filter((one) => WIDGETS.includes(one.localName) || (one.dataset && one.dataset.stats)).length,
    bare,
    listed,
    different,
    unread: unread.length,
    unreadNames: names(unread),
    optimisers: names(optimisers()),
    strangers: names(
      elements.map((one) => one.localName).filter((name) => /^stats-/.test(name) && !WIDGETS.includes(name)),
    ),
  };
};
