/**
 * The check: looks at the snippet of this very page, for its webmaster.
 *
 * The core fetches it where the address ends in `#stats-check`, also when somebody types that on an
 * open page. What follows `=` is a token of the admin pages, which then show the result as well.
 * Nothing is counted for a check.
 */

import { options } from "./core.js";
import { ask } from "./ask.js";
import { look, settled } from "./look.js";
import { open } from "./panel.js";

const check = () => {
  /** The token names its site; without one it is the site that the snippet names. */
  const [, token, named] = /^#stats-check=(([a-z0-9-]+)\.[\w.-]+)$/.exec(location.hash) || [];
  const site = named || options.site;
  const run = async () => {
    panel.wait();
    const outcome = await settled();
    const found = { ...(await look()), ...outcome, token: token || "" };
    if (!site) return panel.fail({ outcome: "siteless" });
    const reply = await ask(encodeURIComponent(site) + "/check", found);
    if (reply.outcome == "answered") panel.show(reply.body.findings, reply.body.stored, token);
    else panel.fail(reply);
  };
  const panel = open(run);
  run();
};

check();
