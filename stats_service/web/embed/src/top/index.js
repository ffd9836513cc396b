/**
 * `<stats-top by="views" span="week" limit="5">`: the articles that are read most, rated best, or rising.
 *
 * The list is asked for by itself, not with the page's request: it is the same for every reader, so that
 * browsers and caches on the way keep it for a minute. It stands in the page's own style; while
 * there is none, what the page had there stays.
 */

import { attribute } from "../attributes.js";
import { english, number } from "../language.js";
import { options, resolve } from "./core.js";

const NAMES = ["by", "span", "limit", "only", "exclude"];
/** Taken over from `<div data-stats="top">`, and nothing else: an author may write `data-…` alone. */
const ATTRIBUTE = /^(data-(by|span|limit|only|exclude|numbers)|lang)$/;

/** By query: what comes of it, for all elements that want the same. */
const lists = {};

const make = (tag, kind, text) => {
  const element = document.createElement(tag);
  element.className = "stats-top-" + kind;
  element.textContent = text;
  return element;
};

const words = ({ views, gain, rating }, element) => {
  const en = english(element);
  if (rating) {
    const average = rating.average.toFixed(1);
    const n = number(rating.count, element);
    return en ? `${average} (${n} rating${rating.count == 1 ? "" : "s"})` : `${average.replace(".", ",")} (${n} đánh giá)`;
  }
  const n = (gain ? "+" : "") + number(gain || views, element);
  return `${n} ${en ? (n == "1" ? "view" : "views") : "lượt xem"}`;
};

class StatsTop extends HTMLElement {
  static get observedAttributes() {
    return [...NAMES, "numbers"];
  }

  connectedCallback() {
    if (!this.isConnected) return;
    const query = NAMES.map((name) => [name, attribute(this, name)])
      .filter(([, value]) => value)
      .map(([name, value]) => `${name}=${encodeURIComponent(/** @type {string} */ (value))}`)
      .join("&");
    this.query = query;
    lists[query] =
      lists[query] ||
      fetch(resolve(`${options.site}/top?${query}`)).then((answer) => {
        if (!answer.ok) throw answer.status;
        return answer.json();
      });
    lists[query].then(
      // Another list may be wanted by now.
      ({ articles }) => this.query == query && articles[0] && this.fill(articles),
      (error) => {
        delete lists[query];
        console.warn("stats_service:", error);
      },
    );
  }

  attributeChangedCallback() {
    this.connectedCallback();
  }

  fill(articles) {
    const list = make("ol", "list", "");
    for (const article of articles) {
      const item = make("li", "item", "");
      const link = make("a", "link", article.title);
      // A path: the reader stays on the host and the scheme of this page.
      link.href = article.key;
      item.append(link);
      if (attribute(this, "numbers") != "none") item.append(" ", make("span", "number", words(article, this)));
      list.append(item);
    }
    this.textContent = "";
    this.append(list);
  }
}

/** Put the element into each `<div data-stats="top">`, with what the page has there. */
const upgrade = () => {
  for (const mark of document.querySelectorAll("[data-stats=top]")) {
    const element = document.createElement("stats-top");
    for (const { name, value } of mark.attributes) {
      if (ATTRIBUTE.test(name)) element.setAttribute(name, value);
    }
    element.append(...mark.childNodes);
    mark.append(element);
    // The core would put the text back that the mark had.
    mark.removeAttribute("data-stats");
  }
};

customElements.define("stats-top", StatsTop);
upgrade();
new MutationObserver(upgrade).observe(document, { childList: true, subtree: true });
