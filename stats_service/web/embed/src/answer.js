/** The latest numbers, and how a metric is found in them. */

/**
 * The answer to a page view, as web/http/answers.py writes it.
 *
 * @type {{article?: any, articles: Record<string, any>, clicks?: string[], poll?: any, site?: any, voter?: string}}
 */
export const answer = { articles: {} };

/** Take over a fresh answer; the numbers of articles that it does not name are kept. */
export const receive = (fresh) =>
  Object.assign(answer, fresh, { articles: Object.assign(answer.articles, fresh.articles) });

/**
 * Find a metric: a number, `{n, day}` or `{n, at}`, or nothing if the answer has none.
 *
 * `views` is an article's (the page's own if none is named); every other metric is the site's.
 * `total`, `today`, … are those of the site's headline, `views.today` or `visits.today` say which.
 */
export const find = (metric, article) => {
  if (metric == "views") return ((article ? answer.articles[article] : answer.article) || 0).views;
  const site = answer.site || 0;
  const [span, kind] = metric.split(".").reverse();
  return { ...site, ...site[kind || site.headline] }[span];
};
