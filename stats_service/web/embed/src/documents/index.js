/**
 * The script for clicks: documents, outgoing links, named actions. Pages have it beside the core.
 *
 * `<a data-stats-download>` is a document whatever its ending, `data-stats-action="dang-ky"` an
 * action; `<span data-stats-downloads="/van-ban/12.pdf">` shows how often a document was opened.
 */

import { english, number } from "../language.js";
import { outermost } from "../extra/outermost.js";
import { optedOut } from "../storage.js";
import { quoted } from "../quoted.js";
import { options, resolve } from "../page.js";

const DOCUMENT = /\.(pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|epub|csv|zip|rar|7z|t?gz|mp[34]|m4a|wav|ogg|webm|avi|mov|apk|dwg|kmz)$/i;
/** Most documents that one request asks for. */
const LIST_MAX = 100;
/** How long what comes one by one is gathered, and a click that got no answer waits, in milliseconds. */
const GATHER = 50;
const RETRY_AFTER = 5000;

const hit = crypto.getRandomValues(new Uint32Array(3)).join("-");
const base = options.site;
/** By what a mark names: its number; undefined while nobody has answered. */
const numbers = {};
let gathering;

/** Parts of an address; not by `URL`: old pages have a variable of that name. */
const addressOf = (href) => {
  const link = document.createElement("a");
  link.href = href;
  return link;
};

const marks = () => document.querySelectorAll("[data-stats-downloads]");

const show = () => {
  for (const mark of /** @type {NodeListOf<HTMLElement>} */ (marks())) {
    const n = numbers[mark.dataset.statsDownloads];
    const word = english(mark) ? (n == 1 ? "download" : "downloads") : "lượt tải";
    const text = n >= 0 ? `${number(n, mark)} ${word}` : "";
    if (text && mark.textContent != text) mark.textContent = text;
  }
};

/** Ask for the numbers of marks that are new. */
const ask = async () => {
  gathering = 0;
  const names = [];
  for (const mark of /** @type {NodeListOf<HTMLElement>} */ (marks())) {
    const name = mark.dataset.statsDownloads;
    if (name && !(name in numbers) && names.length < LIST_MAX) {
      numbers[name] = undefined;
      names.push(name);
    }
  }
  try {
    if (names[0]) {
      const query = names.map((name) => "document=" + encodeURIComponent(name)).join("&");
      const response = await fetch(resolve(`${base}/downloads?${query}`));
      if (response.ok) Object.assign(numbers, (await response.json()).downloads);
    }
  } catch (_) {}
  show();
};

const look = () => {
  gathering = gathering || setTimeout(ask, GATHER);
};

/** Send a click; the page may be left at once. Sent again if nobody answered: it has its hit. */
const send = async (kind, name, shown, retry) => {
  const frame = top == window ? "" : `,"frame":${quoted(options.frame || outermost())}`;
  const bot = !!navigator.webdriver && options.webdriver != "count";
  const body = `{"kind":"${kind}","name":${quoted(name)},"hit":"${hit}","out":${optedOut()},"bot":${bot}${frame}}`;
  try {
    const response = await fetch(resolve(base + "/clicks"), { method: "POST", body, keepalive: true });
    if (response.status >= 500) throw response.status;
    const { clicks } = await response.json();
    if (clicks >= 0 && shown) {
      for (const mark of /** @type {NodeListOf<HTMLElement>} */ (marks())) {
        const own = mark.dataset.statsDownloads;
        if (own && addressOf(own).pathname == shown) numbers[own] = clicks;
      }
      show();
    }
  } catch (_) {
    if (retry) setTimeout(send, RETRY_AFTER, kind, name, shown, 0);
  }
};

/** What was clicked: within shadow trees as well. */
const heed = (event) => {
  // The second button is a menu, the third opens a link in a tab.
  if (event.type == "auxclick" && event.button != 1) return;
  for (const element of event.composedPath()) {
    if (!element.getAttribute) continue;
    const action = element.getAttribute("data-stats-action");
    if (action) send("action", action, "", 1);
    const href = element.href && (element.href.baseVal || element.href);
    const named = element.getAttribute("data-stats-download");
    if (named == null && !(/^(a|area)$/i.test(element.localName) && href)) continue;
    const { protocol, host, pathname } = addressOf(named || href || "");
    if (!/^https?:/.test(protocol)) return;
    if (named != null || DOCUMENT.test(pathname) || element.hasAttribute("download")) {
      if (host == location.host || named == null) send("document", `${protocol}//${host}${pathname}`, pathname, 1);
    } else if (host != location.host) {
      send("outgoing", host, "", 1);
    }
    return;
  }
};

if (base && !window.statsClicks) {
  window.statsClicks = true;
  addEventListener("click", heed, true);
  addEventListener("auxclick", heed, true);
  window.stats = window.stats || {};
  window.stats.action = (name) => send("action", `${name}`, "", 1);
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
  look();
}
