/** Metrics in the words of the page. */

import { english, number } from "./language.js";
import { answer, find } from "./answer.js";

/** Every word: its key, Vietnamese, English; nothing for a key that is none. */
const WORDS = (
  "||visits|Lượt truy cập|Visits|views|Lượt xem|Views|online|Trực tuyến|Online|today|Hôm nay|Today|" +
  "yesterday|Hôm qua|Yesterday|week|Tuần này|This week|month|Tháng này|This month|" +
  "year|Năm nay|This year|record|Ngày cao nhất|Busiest day|peak|Trực tuyến cao nhất|Most online"
).split("|");

/** What a metric is called: `total` goes by what it is the total of. */
export const name = (metric, element) => {
  const [span, kind = answer.site.headline] = metric.split(".").reverse();
  return WORDS[WORDS.indexOf(span == "total" ? kind : span) + 1 + english(element)];
};

/** A metric as text, with its date if it has one; "" if there is no such number. */
export const text = (metric, article, element) => {
  const found = find(metric, article);
  const { at = "", day = at, n = found } = found || 0;
  const date = day.slice(0, 10);
  return /^\d/.test(n)
    ? number(n, element) +
        (date && ` (${english(element) ? date : date.split("-").reverse().join("/")})`)
    : "";
};
