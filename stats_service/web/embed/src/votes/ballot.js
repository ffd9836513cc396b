/** One ballot on its way: sent, repeated, confirmed or not. */

import { ballotsOf, isBlocked, keepBallots } from "./memory.js";
import { isUnsure, newBallotId, submit } from "./server.js";
import { say } from "./words.js";

const REFUSALS = {
  "proof-refused": "refusedProof",
  "poll-replaced": "replaced",
  program: "program",
  "invalid-input": "invalid",
};
const OUTCOMES = { counted: "thanks", changed: "changed", held: "held" };

/** What to say of a reply that is no success; `unsure`: the words for a reply that never came. */
export const problem = (element, reply, unsure) => {
  if (reply.status == 429 || reply.code == "voter-too-new") return say(element, "busy", reply.after || 60);
  if (isUnsure(reply)) return say(element, unsure);
  if (/^voter/.test(reply.code)) return say(element, isBlocked() ? "refusedStorage" : "refused");
  return say(element, REFUSALS[reply.code] || "elsewhere");
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
    keepBallots(poll.id, { cast: { choices: body.choices, other } });
    return { word: OUTCOMES[body.outcome] || "thanks", poll: body.poll };
  }
  if (code == "already-voted") {
    keepBallots(poll.id, { cast: cast || { choices: [] } });
    return { word: "already", poll: body.poll };
  }
  if (!isUnsure(reply) && status != 429) keepBallots(poll.id, { cast });
  return code == "poll-not-open" ? { word: "tooLate", poll: body.poll } : { reply };
};

/** Take a ballot as cast that an answer shows to be in though nobody had confirmed it. */
export const confirmBallot = (poll) => {
  const { cast, sent } = ballotsOf(poll.id);
  if (!cast && sent && poll.voted) keepBallots(poll.id, { cast: sent });
};
