/** Addresses as the service wants them: without host and fragment. */

import { options } from "./core.js";

/**
 * The address of the page (`location`), or of where a link leads.
 *
 * With `data-views="hash"` a fragment that begins with a slash is a route: `/app/#/tin/1` is
 * `/app/tin/1`.
 */
export const addressOf = ({ hash, pathname, search }) => {
  const route = options.views == "hash" && /^#!?(\/.*)/.exec(hash);
  return pathname + (route ? route[1] : search);
};
