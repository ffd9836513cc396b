/**
 * The third file of the embed: looks at the snippet of this very page, for its webmaster.
 *
 * The core fetches it where the address ends in `#stats-check`. What follows `=` is a token of the
 * admin pages, which then show the result as well. Nothing is counted for a check.
 */

import { ask } from "./ask.js";
import { options, resolve, script } from "./core.js";
import { look, settled } from "./look.js";
import { open } from "./panel.js";

/** The token names its site; without one it is the site that the snippet names. */
const [, token, site] = /^#stats-check=(([a-z0-9-]+)\.[\w.-]+)$/.exec(location.hash) || [];

const panel = open(() => check());

const check = async () => {
  panel.wait();
  const outcome = await settled();
  const found = { ...(await look()), ...outcome, token: token || "" };
  const path = encodeURIComponent(site || options.site || "") + "/check";
  const reply = await ask(path, found);
  if (reply.outcome == "answered") panel.show(reply.body.findings, reply.body.stored, token);
  else panel.fail(reply);
};

check();
