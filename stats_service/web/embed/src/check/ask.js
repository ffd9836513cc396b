/** Requests, and what stopped those that did not get through. */

import { resolve } from "./core.js";
import { json } from "../json.js";

/** How long the browser may take to say which rule of the page's policy stopped a request. */
const RULE_MS = 150;

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Directives of the page's policy that stopped something of the service's. */
export const violations = [];

/** The service, as the words name it. */
export const origin = /** @type {string[]} */ (/^https?:\/\/[^/]*/.exec(resolve("")) || [])[0];

document.addEventListener("securitypolicyviolation", ({ blockedURI, effectiveDirective }) => {
  if (blockedURI.indexOf(origin) || violations.includes(effectiveDirective)) return;
  violations.push(effectiveDirective);
});

/**
 * Send JSON; never throws.
 *
 * Resolves to `{outcome, status, body}`. The outcome is `answered`; `refused`, with the status;
 * `policy`: the page's policy forbids it; `unreadable`: the service answers, and the browser keeps
 * the answer from this page; `blocked`: nothing gets through.
 */
export const ask = async (path, content) => {
  const request = { method: "POST", body: json(content) };
  try {
    const response = await fetch(resolve(path), request);
    return response.ok
      ? { outcome: "answered", body: await response.json() }
      : { outcome: "refused", status: response.status };
  } catch (_) {}
  await pause(RULE_MS);
  if (violations.includes("connect-src")) return { outcome: "policy" };
  try {
    await fetch(resolve(path), { ...request, mode: "no-cors" });
    return { outcome: "unreadable" };
  } catch (_) {
    return { outcome: "blocked" };
  }
};
