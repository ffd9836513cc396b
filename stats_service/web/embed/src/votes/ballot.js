/** One ballot on its way: sent, repeated, confirmed or not. */

import { ballotsOf, isBlocked, keepBallots } from "./memory.js";
import { isUnsure, newBallotId, submit } from "./server.js";
import { wordOf, say } from "./words.js";

/** What to say of a reply that is no success; `unsure`: the words for a reply that never came. */
export const problem = (element, reply, unsure) => {
  if (reply.status == 429 || reply.code == "voter-too-new") return say(element, "busy", reply.after || 60);
  if (isUnsure(reply)) return say(element, unsure);
  if (/^voter/.test(reply.code)) return say(element, isBlocked() ? "refusedStorage" : "refused");
  const { reason } = reply.body;
  // What is wrong with a text, as the service names it; the rest of that the form sees for itself.
  return say(element, wordOf(reason == "empty" ? "sign" : reason) || wordOf(reply.code) || "elsewhere");
};

/**
 * Send what the reader chose, and remember what became of it.
 *
 * Resolves to `{word, poll}` if the service has settled it, to `{reply}` if not: then the same
 * ballot goes out again, under the same id, as long as nobody knows whether it arrived.
 */
export const castBallot = async (poll, { choices, other }, onProof) => {
  const { cast, sent } = ballotsOf(poll.id);
  const ballot = { ballot: (sent || 0).ballot || newBallotId(), choices, other, birth: poll.birth };
  keepBallots(poll.id, { cast, sent: ballot });
  const path = `/polls/${encodeURIComponent(poll.id)}/ballots`;
  const reply = await submit(path, ballot, poll, onProof);
  const { status, code, body } = reply;
  if (status == 200) {
    keepBallots(poll.id, { cast: { choices: body.choices, other, at: Date.now() } });
    return { word: body.outcome, poll: body.poll };
  }
  if (code == "already-voted") {
    keepBallots(poll.id, { cast: cast || { choices: [], at: Date.now() } });
    return { word: "already", poll: body.poll };
  }
  if (!isUnsure(reply) && status != 429) keepBallots(poll.id, { cast });
  return code == "poll-not-open" ? { word: "tooLate", poll: body.poll } : { reply };
};

/** How long an answer may have been under way while a ballot was cast, in milliseconds. */
const UNDER_WAY_MS = 15000;

/**
 * Believe what an answer says of the reader's ballot.
 *
 * One that is in, though nobody had confirmed it, is cast. One that is not in, though it was (the
 * site was restored from before), is not: unless the answer may be older than the ballot.
 */
export const believe = (poll) => {
  const { cast, sent } = ballotsOf(poll.id);
  if (!cast && sent && poll.voted) keepBallots(poll.id, { cast: sent });
  if (!cast || poll.voted !== false) return;
  if (!(cast.at > Math.max(performance.timeOrigin || 0, Date.now() - UNDER_WAY_MS))) keepBallots(poll.id, { sent });
};
