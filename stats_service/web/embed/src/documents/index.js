/**
 * Clicks on documents, outgoing links and named actions, and how often documents were downloaded.
 *
 * It comes where the service says so: on a page that names a document, or on every page, as the site is set.
 * `<a data-stats-download>` is a document whatever its ending, `data-stats-action="dang-ky"` an
 * action; `<stats-count metric="downloads" article="/van-ban/12.pdf">` shows the number, which comes
 * with the page's one request.
 */

import { named } from "../attributes.js";
import { english, number } from "../language.js";
import { outermost } from "../extra/outermost.js";
import { quoted } from "../quoted.js";
import { answer, options, resolve, Widget } from "./core.js";

const DOCUMENT = /\.(pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|epub|csv|zip|rar|7z|t?gz|mp[34]|m4a|wav|ogg|webm|avi|mov|apk|dwg|kmz)$/i;
/** How long a click that got no answer waits before it is sent again, in milliseconds. */
const RETRY_AFTER = 5000;

const hit = crypto.getRandomValues(new Uint32Array(3)).join("-");

/** As the core's storage.js has it, which keeps the choice. */
const optedOut = () => {
  let choice = options.opt;
  try {
    choice = choice || /** @type {string} */ (localStorage.getItem("stats-optout"));
  } catch (_) {}
  return choice == "out";
};

/** Parts of an address; not by `URL`: old pages have a variable of that name. */
const addressOf = (href) => {
  const link = document.createElement("a");
  link.href = href;
  return link;
};

const marks = () => document.querySelectorAll("[data-stats=downloads],[metric=downloads]");

/** Show a text, which the core, as it knows no such number, then takes for what the page had there. */
const write = (mark, text) => {
  mark.statsText = text;
  if (mark.textContent != text) mark.textContent = text;
};

const show = () => {
  for (const mark of marks()) {
    const { downloads } = answer.articles[named(mark)] || {};
    if (downloads >= 0) {
      const word = english(mark) ? (downloads == 1 ? "download" : "downloads") : "lượt tải";
      write(mark, `${number(downloads, mark)} ${word}`);
    }
  }
};

/** Send a click, if the site counts those of its kind; the page may be left at once. Sent again if nobody answered: it has its hit. */
const send = async (kind, name, shown, again = "") => {
  if ((answer.clicks || []).indexOf(kind) < 0) return;
  const frame = top == window ? "" : `,"frame":${quoted(options.frame || outermost())}`;
  const bot = !!navigator.webdriver && options.webdriver != "count";
  const body = `{"kind":"${kind}","name":${quoted(name)},"hit":"${hit}","out":${optedOut()},"bot":${bot}${frame}${again}}`;
  try {
    const response = await fetch(resolve(options.site + "/clicks"), { method: "POST", body, keepalive: true });
    if (response.status >= 500) throw response.status;
    const { clicks } = await response.json();
    // null where it was not counted, as of a reader who opted out: the number stays.
    if (clicks != null && shown) {
      for (const mark of marks()) {
        const article = answer.articles[named(mark)];
        if (article && addressOf(named(mark)).pathname == shown) article.downloads = clicks;
      }
      show();
    }
  } catch (_) {
    if (!again) setTimeout(send, RETRY_AFTER, kind, name, shown, ',"again":true');
  }
};

/** What was clicked: within shadow trees as well. */
const heed = (event) => {
  // The second button is a menu, the third opens a link in a tab.
  if (event.type == "auxclick" && event.button != 1) return;
  for (const element of event.composedPath()) {
    if (!element.getAttribute) continue;
    const action = element.getAttribute("data-stats-action");
    if (action) send("action", action);
    const href = element.href && (element.href.baseVal || element.href);
    const download = element.getAttribute("data-stats-download");
    if (download == null && !(/^(a|area)$/i.test(element.localName) && href)) continue;
    const { protocol, host, pathname } = addressOf(download || href || "");
    if (!/^https?:/.test(protocol)) return;
    if (download != null || DOCUMENT.test(pathname) || element.hasAttribute("download")) {
      if (host == location.host || download == null) send("document", `${protocol}//${host}${pathname}`, pathname);
    } else if (host != location.host) {
      send("outgoing", host);
    }
    return;
  }
};

addEventListener("click", heed, true);
addEventListener("auxclick", heed, true);
window.stats = window.stats || {};
window.stats.action = (name) => send("action", `${name}`);
new MutationObserver(show).observe(document, { childList: true, subtree: true });
// A widget without an element: the core renews it with every answer.
Widget.prototype.connectedCallback.call({ show, renew: show, getAttribute: () => null });
