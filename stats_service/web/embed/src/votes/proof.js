/**
 * The proof of work of ALTCHA, version 2: find the counter whose key begins as the challenge wants.
 *
 * SHA-256 is written out because browsers give `crypto.subtle` to https pages only, and in this
 * thread because the page's policy need not allow workers; it pauses often enough to stay usable.
 */

import { json } from "../json.js";

/** Longest stretch without a pause, in milliseconds. */
const STRETCH_MS = 12;
/** Counters tried between two looks at the clock. */
const BATCH = 50;
/** No challenge of ours needs as many. */
const COUNTER_MAX = 2000000;

const WORD = 2 ** 32;

/** The constants of SHA-256: fractions of the roots of the first primes. */
const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime)) primes.push(n);
const fractions = (root) => primes.map((prime) => ((prime ** (1 / root) % 1) * WORD) | 0);
const ROUNDS = fractions(3);
const START = fractions(2).slice(0, 8);

const schedule = new Int32Array(64);

const turn = (word, by) => (word >>> by) | (word << (32 - by));

/** Hash one padded block that lies in the first sixteen words of `schedule`. */
const hashBlock = () => {
  for (let i = 16; i < 64; i++) {
    const a = schedule[i - 15];
    const b = schedule[i - 2];
    schedule[i] =
      schedule[i - 16] +
      (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) +
      schedule[i - 7] +
      (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
  }
  let [a, b, c, d, e, f, g, h] = START;
  for (let i = 0; i < 64; i++) {
    const one =
      (h +
        (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
        ((e & f) ^ (~e & g)) +
        ROUNDS[i] +
        schedule[i]) |
      0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  return [a, b, c, d, e, f, g, h].map((word, i) => (word + START[i]) | 0);
};

/** SHA-256 of at most 55 bytes, given as big-endian words; `length` in bytes. */
const hash = (words, length) => {
  schedule.fill(0, 0, 16);
  words.forEach((word, i) => (schedule[i] = word));
  schedule[length >> 2] |= 0x80 << (24 - 8 * (length % 4));
  schedule[15] = length * 8;
  return hashBlock();
};

const fromHex = (hex) => hex.match(/.{8}/g).map((word) => parseInt(word, 16) | 0);
const toHex = (words) => words.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");

/** Solve a challenge; resolves to the `proof` of a ballot. */
export const solve = async (challenge) => {
  const { salt, nonce, cost, keyPrefix, keyLength } = challenge.parameters;
  const head = fromHex(salt + nonce);
  let rest = performance.now();
  for (let counter = 0; counter < COUNTER_MAX; counter++) {
    let key = hash([...head, counter], head.length * 4 + 4);
    for (let i = 1; i < cost; i++) key = hash(key, 32);
    const derivedKey = toHex(key).slice(0, keyLength * 2);
    if (derivedKey.startsWith(keyPrefix)) {
      return btoa(json({ challenge, solution: { counter, derivedKey } }));
    }
    if (counter % BATCH == 0 && performance.now() - rest > STRETCH_MS) {
      await new Promise((done) => setTimeout(done));
      rest = performance.now();
    }
  }
};
