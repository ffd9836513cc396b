/** What there is to see on the page. */

import { ask, pause, violations } from "./ask.js";
import { answer, article, english, options, resolve, script } from "./core.js";

/** The build puts it in. */
const VERSION = "__VERSION__";
/** How long the page's own request may take, and how long a second view is waited for, in ms. */
const PATIENCE_MS = 5000;
const AFTERWARDS_MS = 1500;
/** From one look for the answer to the next, in milliseconds. */
const STEP_MS = 100;
const NAMED_MAX = 5;
const NAME_MAX = 80;

const WIDGETS = ["stats-visits", "stats-count", "stats-views", "stats-poll", "stats-poll-archive", "stats-rating"];

const began = performance.now();
const page = resolve(options.site + "/page");
const hits = new Set();
let moves = 0;
let address = location.pathname;

// The core sends views through `fetch`, so those that come from now on can be told from the rest.
const native = window.fetch;
window.fetch = (url, request) => {
  const hit = url == page && JSON.parse(request.body).hit;
  if (hit && !hits.has(hit)) {
    hits.add(hit);
    if (address != location.pathname) moves++;
    address = location.pathname;
  }
  return native(url, request);
};

const loads = (name) =>
  performance.getEntriesByType("resource").filter((entry) => entry.name.split("?")[0] == name);

/** Wait until the page has its numbers, or will not get any; resolves to what became of it. */
export const settled = async () => {
  while (document.hidden || document.readyState != "complete") await pause(STEP_MS);
  for (let waited = 0; !answer.site && waited < PATIENCE_MS; waited += STEP_MS) await pause(STEP_MS);
  await pause(AFTERWARDS_MS);
  if (answer.site) {
    return { outcome: "answered", milliseconds: Math.round(loads(page)[0]?.duration || 0) };
  }
  // A heartbeat counts nothing, and meets with whatever the view has met with.
  const { outcome, status } = await ask(options.site + "/page", { beat: true });
  return { outcome, status };
};

/** How old the script is, and its hash where the browser computes one. */
const copy = async () => {
  try {
    const response = await fetch(script.src, { credentials: "omit", cache: "force-cache" });
    const age = Math.round((Date.now() - Date.parse(response.headers.get("Date"))) / 1000);
    const bytes = await response.arrayBuffer();
    const hash = window.crypto.subtle && (await crypto.subtle.digest("SHA-384", bytes));
    return {
      age: age >= 0 ? age : undefined,
      digest: hash && btoa(String.fromCharCode(...new Uint8Array(hash))),
    };
  } catch {}
};

const isStoreless = () => {
  try {
    localStorage.getItem("");
  } catch {
    return true;
  }
};

const names = (texts) => [...new Set(texts)].slice(0, NAMED_MAX).map((text) => text.slice(0, NAME_MAX));

/** Everything but the fate of the page's request. */
export const look = async () => {
  const ours = /\/embed(\.\d+)?\.js$/;
  const snippets = [...document.scripts].filter(
    ({ src, dataset }) =>
      ours.test(src.split("?")[0]) && ("site" in dataset || src.startsWith(resolve("embed"))),
  );
  const elements = [...document.querySelectorAll("*")];
  // A badge counts nothing, and shows whether images of the service may be on the page.
  if (options.site) new Image().src = resolve(options.site + "/badge/online.svg");
  const copied = await copy();
  const isStored = !isStoreless();
  return {
    lang: english(document.documentElement) ? "en" : "vi",
    version: VERSION,
    pinned: /\/embed\.\d/.test(script.src),
    integrity: !!script.integrity,
    site: (options.site || "").slice(0, NAME_MAX),
    snippets: Math.max(1, snippets.length),
    sites: names(snippets.map(({ dataset }) => dataset.site || "")),
    views: hits.size + loads(page).filter(({ startTime }) => startTime < began).length,
    moves,
    pixel: !!loads(resolve(options.site + "/dot.gif"))[0],
    violations: [...violations].slice(0, 10),
    ...copied,
    out: isStored && !!localStorage.getItem("stats-optout"),
    bot: !!navigator.webdriver && options.webdriver != "count",
    storeless: !isStored,
    article: article()?.slice(0, 2048),
    widgets: elements.filter((one) => WIDGETS.includes(one.localName) || one.dataset?.stats).length,
    strangers: names(
      elements.map((one) => one.localName).filter((name) => /^stats-/.test(name) && !WIDGETS.includes(name)),
    ),
  };
};
