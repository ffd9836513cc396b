/** Results: one bar for each choice, with its numbers in words. */

import { number } from "./core.js";
import { make, spoken } from "./dom.js";
import { ordered } from "./polls.js";
import { say, written } from "./words.js";

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
        make("span", "name", label, note && make("span", "remark", ` (${note})`)),
        own && make("span", "mark", own),
        make("span", "value", value),
        track,
      ),
    );
  }
  return list;
};

const valueOf = (element, poll, { votes, percent }) => {
  const share = percent != null && number(percent, element) + "%";
  const short = share && poll.results.of == "voters" && spoken(" " + say(element, "ofVotersShort"));
  if (votes == null) return make("span", "", make("b", "percent", share), short);
  const counted = say(element, "votes", votes);
  return share
    ? make("span", "", make("b", "percent", share), short, make("span", "votes", ` (${counted})`))
    : make("b", "votes", counted);
};

const shareOf = ({ votes, percent }, all) => (percent ?? (votes * 100) / Math.max(all, 1)) / 100;

const others = (element, texts) => {
  const list = make(
    "ul",
    "others-list",
    ...texts.map(({ text, votes }) =>
      make("li", "", text, votes > 1 && ` (${say(element, "votes", votes)})`),
    ),
  );
  return make("details", "others", make("summary", "summary", say(element, "others", texts.length)), list);
};

/** Everything that the reader may see of a poll's results, `own` being the ids of their choices. */
export const results = (element, poll, own) => {
  const { choices, ballots, of } = poll.results;
  const all = Math.max(ballots ?? 0, ...choices.map(({ votes }) => votes));
  const order = ordered(poll).map(({ id }) => id);
  const place = ({ id }) => (order.includes(id) ? order.indexOf(id) : order.length);
  const rows = [...choices]
    .sort((one, two) => place(one) - place(two))
    .map((result) => {
      const choice = poll.choices.filter(({ id }) => id == result.id)[0];
      return {
        label: choice ? written(element, choice.text, poll.lang) : say(element, "other"),
        note: choice?.hidden && say(element, "hidden"),
        own: own.includes(result.id) && say(element, "own"),
        share: shareOf(result, all),
        value: valueOf(element, poll, result),
      };
    });
  return [
    bars(rows),
    !!poll.results.others?.length && others(element, poll.results.others),
    make(
      "p",
      "total",
      ballots != null && say(element, of == "voters" ? "voters" : "ballots", ballots) + " ",
      of == "voters" && choices[0]?.percent != null && say(element, "ofVoters"),
    ),
  ];
};

/** The results as one sentence for those who do not see the bars. */
export const summary = (element, poll) => {
  const { choices, ballots, of } = poll.results;
  const size = ({ votes, percent }) => votes ?? percent;
  let first = { votes: 0 };
  for (const choice of choices) if (size(choice) > size(first)) first = choice;
  const total = ballots == null ? "" : say(element, of == "voters" ? "voters" : "ballots", ballots);
  if (!first.id) return total;
  const choice = poll.choices.filter(({ id }) => id == first.id)[0];
  const label = choice ? written(element, choice.text, poll.lang).textContent : say(element, "other");
  const share = first.percent != null ? number(first.percent, element) + "%" : say(element, "votes", first.votes);
  return say(element, "leading", total, `${label}, ${share}`).trim();
};
