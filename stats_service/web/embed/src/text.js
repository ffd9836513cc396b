/** Words and numbers in the language of the page: Vietnamese, or English where `lang` says so. */

import { answer, find } from "./answer.js";

/** Every word: its key, Vietnamese, English; nothing for a key that is none. */
const WORDS = (
  "||visits|Lượt truy cập|Visits|views|Lượt xem|Views|online|Trực tuyến|Online|today|Hôm nay|Today|" +
  "yesterday|Hôm qua|Yesterday|week|Tuần này|This week|month|Tháng này|This month|" +
  "year|Năm nay|This year|record|Ngày cao nhất|Busiest day|peak|Trực tuyến cao nhất|Most online"
).split("|");

/** Whether the element stands in English text, as 1 or 0: the index of its words. */
export const english = (element) =>
  +/^en/i.test((element.closest("[lang]") || element).lang);

/** What a metric is called: `total` goes by what it is the total of. */
export const name = (metric, element) => {
  const [span, kind] = metric.split(".").reverse();
  return WORDS[WORDS.indexOf(span == "total" ? kind || answer.site.headline : span) + 1 + english(element)];
};

/**
 * A whole number as it is written there: 1.814.165 or 1,814,165.
 *
 * Not by `toLocaleString`: its first call on a page loads a language, which takes longer than all
 * the rest of this script.
 */
export const number = (n, element) =>
  `${n}`.replace(/\B(?=(...)+$)/g, english(element) ? "," : ".");

/** A metric as text, with its date if it has one; "" if there is no such number. */
export const text = (metric, article, element) => {
  const found = find(metric, article);
  const n = found?.n ?? found;
  const date = (found?.day || found?.at || "").slice(0, 10);
  return n >= 0
    ? number(n, element) +
        (date && ` (${english(element) ? date : date.split("-").reverse().join("/")})`)
    : "";
};
