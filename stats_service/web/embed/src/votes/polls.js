/** Where a poll comes from: the page's one request, or one of its own if that brought none. */

import { answer, voter } from "./core.js";
import { call } from "./server.js";

/** Polls by what a widget wants ("current" or an id); null: there is none. */
const known = { __proto__: null };
/** Requests under way, by the same. */
const loading = { __proto__: null };
/** The answer's poll that is in `known` already. */
let taken;

const seed = Math.random();

/** The choices as they are shown: while a shuffled poll is open, in an order of the reader's own. */
export const ordered = ({ choices, shuffle, state }) => {
  const rank = ({ id }) => {
    let value = seed;
    for (const letter of id) value = (value * 9301 + letter.charCodeAt() * 49297) % 233280;
    return value;
  };
  return shuffle && state == "open" ? [...choices].sort((one, two) => rank(one) - rank(two)) : choices;
};

export const wishOf = (element) => element.getAttribute("poll") || "current";

/** Keep an older answer from hiding that the ballot is in, or what its voter has seen. */
const merged = (old, fresh) =>
  old && old.voted && fresh && !fresh.voted && old.id == fresh.id
    ? { ...fresh, voted: true, results: fresh.results || old.results }
    : fresh;

/** Take over a fresh poll for every widget that shows it. */
export const keepPoll = (fresh, wish) => {
  if (fresh) fresh.at = fresh.at || performance.now();
  for (const other of Object.getOwnPropertyNames(known)) {
    if (known[other] && fresh && known[other].id == fresh.id) known[other] = fresh;
  }
  known[wish] = fresh;
};

/** The poll that a widget wants: an object, null if there is none, undefined while unknown. */
export const pollFor = (element) => {
  const first = document.querySelector("stats-poll");
  if (first && answer.poll !== undefined && answer.poll !== taken) {
    taken = answer.poll;
    keepPoll(merged(known[wishOf(first)], taken), wishOf(first));
  }
  return known[wishOf(element)];
};

/** Whether the page's request has been answered. */
export const isAnswered = () => !!answer.site;

const fetchPoll = async (wish) => {
  const beat = { beat: true, poll: wish, voter: voter() || null };
  let reply = await call("/page", beat);
  if (reply.status == 200) return reply.body.poll || null;
  reply = await call("/polls/" + encodeURIComponent(wish));
  // Nobody has looked whether this voter's ballot is in.
  if (reply.status == 200) return { ...reply.body, voted: undefined };
  return reply.status == 404 ? null : undefined;
};

/** Ask for one poll; resolves to whether it is known now. */
export const load = (wish) => {
  if (!loading[wish]) {
    const request = fetchPoll(wish).then((poll) => {
      loading[wish] = undefined;
      if (poll !== undefined) keepPoll(merged(known[wish], poll), wish);
      return poll !== undefined;
    });
    loading[wish] = request;
  }
  return loading[wish];
};
