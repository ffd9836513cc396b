/** How ballots and ratings are sent, so that none is lost, doubled or falsely confirmed. */

import { json } from "../json.js";
import { options, resolve, voter } from "./core.js";
import { solve } from "./proof.js";

/** Longest wait for one answer, in milliseconds. */
const PATIENCE_MS = 10000;
/** Longest wait that the service may ask for without the reader being told, in seconds. */
const WAIT_MAX = 10;
/** From a failure to the one quiet repetition, in milliseconds. */
const PAUSE_MS = 1500;
/** What the service wants a token to be old, in seconds, where it does not say. */
const TOKEN_AGE = 2;

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/**
 * Ask the service: GET, or POST if there is a body. Never throws.
 *
 * Resolves to `{status, code, after, body}`; status 0: no answer, so nothing is certain.
 */
export const call = async (path, body) => {
  let limit;
  const patience = new Promise((_, fail) => {
    limit = setTimeout(fail, PATIENCE_MS);
  });
  try {
    const request = fetch(resolve(options.site + path), {
      method: body ? "POST" : "GET",
      body: body && json(body),
    });
    const response = await Promise.race([request, patience]);
    const answered = await Promise.race([response.json(), patience]);
    return {
      status: response.status,
      code: answered.code,
      after: +response.headers.get("Retry-After"),
      body: answered,
    };
  } catch (_) {
    return { status: 0 };
  } finally {
    clearTimeout(limit);
  }
};

/** Whether it is open if anything happened: no answer, or one that no part of the service gave. */
export const isUnsure = (reply) => reply.status == 0 || reply.status >= 500;

/** How old a token has to be, in seconds. */
const waitOf = (poll) => (poll && poll.wait != null ? poll.wait : TOKEN_AGE);

let fetching;
/** When this page got its token; one from before is old enough. */
let fetchedAt = -Infinity;

const fetchToken = async () => {
  const reply = await call("/voters", { voter: "" });
  if (reply.status == 200) {
    voter(reply.body.voter);
    fetchedAt = performance.now();
  }
  return reply;
};

/**
 * Get a token before it is needed: it has to be some seconds old to vote.
 *
 * Not before somebody is about to vote, since it is kept in the reader's browser.
 */
export const prepare = () => {
  if (!voter()) fetching = fetching || fetchToken();
};

/**
 * Send a ballot or a rating with the voter's token, and a proof of work if `poll` wants one.
 *
 * Whatever passes by itself is waited for: a token that is too new, a spent proof, one failure of
 * the network. Resolves to the reply that settles it, or to the failure that remains.
 */
export const submit = async (path, content, poll, onProof) => {
  const tried = {};
  let proof;
  const isFirst = (what) => !tried[what] && (tried[what] = true);
  for (;;) {
    let reply = { status: 200 };
    if (!voter()) {
      prepare();
      reply = await fetching;
    }
    fetching = 0;
    const young = fetchedAt + waitOf(poll) * 1000 - performance.now();
    if (reply.status == 200 && young > 0) await pause(young);
    if (reply.status == 200 && poll && poll.proof && !proof) {
      onProof();
      reply = await call(`/polls/${poll.id}/challenge`);
      if (reply.status == 200) proof = await solve(reply.body);
    }
    if (reply.status == 200) reply = await call(path, { ...content, voter: voter(), proof });
    if (isUnsure(reply) && isFirst("network")) {
      await pause(Math.max(PAUSE_MS, Math.min(reply.after || 0, WAIT_MAX) * 1000));
    } else if (reply.code == "voter-refused" && isFirst("token")) {
      const fresh = await fetchToken();
      if (fresh.status != 200) return fresh;
    } else if (reply.code == "voter-too-new" && reply.after <= WAIT_MAX && isFirst("age")) {
      await pause((reply.after || TOKEN_AGE) * 1000);
    } else if (reply.code == "proof-refused" && isFirst("proof")) {
      proof = undefined;
    } else {
      return reply;
    }
  }
};

/** A ballot's id: random, and the same for every repetition. */
export const newBallotId = () =>
  [...crypto.getRandomValues(new Uint8Array(12))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
