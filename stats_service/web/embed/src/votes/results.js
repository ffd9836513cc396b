/** Results: one bar for each choice, with its numbers in words. */

import { directed, make, spoken } from "./dom.js";
import { ordered } from "./polls.js";
import { titled } from "./titled.js";
import { percentage, say, written } from "./words.js";

/**
 * A list of bars. A row is `{label, value, share, own, note}`: nodes or text, a share of 0 to 1,
 * what marks it as the reader's, and a remark.
 */
export const bars = (rows) => {
  const list = make("ul", "bars");
  list.setAttribute("role", "list");
  for (const { label, value, share, own, note } of rows) {
    const fill = make("span", own ? "fill own" : "fill");
    // The page's policy forbids style attributes; a property set by a script is none.
    fill.style.inlineSize = share * 100 + "%";
    const track = make("span", "track", fill);
    track.setAttribute("aria-hidden", true);
    list.append(
      make(
        "li",
        own ? "bar own" : "bar",
        directed(make("span", "name", label, note && make("span", "remark", ` (${note})`))),
        own && make("span", "mark", own),
        make("span", "value", value),
        track,
      ),
    );
  }
  return list;
};

const valueOf = (element, poll, { votes, percent }) => {
  const share = percent != null && percentage(percent, element);
  const short = share && poll.results.of == "voters" && spoken(" " + say(element, "ofVotersShort"));
  if (votes == null) return make("span", "", make("b", "percent", share), short);
  const counted = say(element, "votes", votes);
  return share
    ? make("span", "", make("b", "percent", share), short, make("span", "votes", ` (${counted})`))
    : make("b", "votes", counted);
};

const shareOf = ({ votes, percent }, all) => (percent == null ? (votes * 100) / Math.max(all, 1) : percent) / 100;

const others = (element, texts) => {
  const list = make(
    "ul",
    "others-list",
    ...texts.map(({ text, votes }) =>
      directed(make("li", "", text, votes > 1 && ` (${say(element, "votes", votes)})`)),
    ),
  );
  return make("details", "others", make("summary", "summary", say(element, "others", texts.length)), list);
};

/** Everything that the reader may see of a poll's results, `own` being the ids of their choices. */
export const results = (element, poll, own) => {
  const { choices, ballots, of } = poll.results;
  const all = Math.max(ballots || 0, ...choices.map(({ votes }) => votes));
  const order = ordered(poll).map(({ id }) => id);
  const place = ({ id }) => (order.includes(id) ? order.indexOf(id) : order.length);
  const rows = [...choices]
    .sort((one, two) => place(one) - place(two))
    .map((result) => {
      const choice = poll.choices.filter(({ id }) => id == result.id)[0];
      return {
        label: choice ? titled(element, choice, poll.lang) : say(element, "other"),
        note: choice && choice.hidden && say(element, "hidden"),
        own: own.includes(result.id) && say(element, "own"),
        share: shareOf(result, all),
        value: valueOf(element, poll, result),
      };
    });
  return [
    bars(rows),
    !!(poll.results.others || []).length && others(element, poll.results.others),
    make(
      "p",
      "total",
      ballots != null && say(element, of == "voters" ? "voters" : "ballots", ballots) + " ",
      of == "voters" && choices[0] && choices[0].percent != null && say(element, "ofVoters"),
    ),
  ];
};

/** How many of those who are equal are named. */
const NAMED = 3;

/** The results as one sentence for those who do not see the bars. */
export const summary = (element, poll) => {
  const { choices, ballots, of, leading = [] } = poll.results;
  const total = ballots == null ? "" : say(element, of == "voters" ? "voters" : "ballots", ballots);
  if (!leading.length) return total;
  const { votes, percent } = choices.filter(({ id }) => id == leading[0])[0];
  const share = percent != null ? percentage(percent, element) : say(element, "votes", votes);
  const names = leading.map((id) => {
    const choice = poll.choices.filter((one) => one.id == id)[0];
    return choice ? written(element, choice.text, poll.lang).textContent : say(element, "other");
  });
  const first = names[NAMED]
    ? say(element, "tiedMany", leading.length, share)
    : names[1]
      ? say(element, "tied", names.join(", "), share)
      : say(element, "leading", `${names[0]}, ${share}`);
  return `${total} ${first}`.trim();
};
