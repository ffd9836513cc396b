/** Points in time, in the reader's words and the reader's own zone. */

import { english } from "../language.js";
import { make } from "./dom.js";
import { language, say } from "./words.js";

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

const absolute = (date, element) =>
  date.toLocaleString(language(element), {
    day: "numeric",
    month: english(element) ? "long" : "numeric",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  });

/** How far away, rounded down so that nobody comes too late; "" for the past and the next minute. */
const relative = (seconds, element) => {
  const [unit] = UNITS.filter(([, length]) => seconds >= length);
  // Browsers from before 2020 tell the time alone.
  return unit && Intl.RelativeTimeFormat
    ? new Intl.RelativeTimeFormat(language(element)).format(Math.floor(seconds / unit[1]), unit[0])
    : "";
};

/** A word and a point in time: "Kết thúc 17:00 31/12/2026." or, with how far it is, `moment`. */
export const past = (element, word, iso, far) => {
  const time = make("time", "time", absolute(new Date(iso), element));
  time.dateTime = iso;
  return make("span", "", say(element, word), " ", far && far + " (", time, far && ")", ".");
};

/**
 * A point in time ahead, in the reader's words: "Kết thúc sau 3 ngày nữa (17:00 31/12/2026)."
 *
 * How many `seconds` ahead is the service's word: the reader's own clock may be a day wrong.
 */
export const moment = (element, word, iso, seconds) =>
  past(element, word, iso, relative(seconds, element));
