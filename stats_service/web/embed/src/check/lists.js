/** Widgets that show an article: do the items of a list name their own? */

import { named } from "../attributes.js";
import { answer } from "./core.js";

/** The widgets of an article, in both of their forms. */
const KINDS = ["stats-views,[data-stats=views]", "stats-rating,[data-stats=rating]"];

/**
 * What the page's lists are: `bare`, the widgets of the kind that most often names no article;
 * `listed`, those that name one; `different`, how many articles that are; `unread`, the articles
 * that nobody has read.
 */
export const lists = () => {
  let bare = 0;
  let listed = 0;
  const articles = [];
  for (const kind of KINDS) {
    // A widget within a `<div data-stats>` is the same as that.
    const all = [...document.querySelectorAll(kind)].filter(
      ({ parentElement }) => !parentElement || !parentElement.closest("[data-stats]"),
    );
    const found = all.map(named).filter((name) => name && name != "link");
    bare = Math.max(bare, all.length - found.length);
    listed += found.length;
    for (const article of found) if (articles.indexOf(article) < 0) articles.push(article);
  }
  // Without the core there are no numbers, and nothing is known of any.
  const unread = answer.site ? articles.filter((one) => !(answer.articles[one] || 0).views) : [];
  return { bare, listed, different: articles.length, unread };
};
