/** `<stats-poll poll="all">` and `poll="random"`: each of the site's current polls, or one of them. */

import { fill } from "./dom.js";
import { wishOf } from "./polls.js";
import { call } from "./server.js";

/** Whether an element wants several polls, or one of several. */
export const isSeveral = (element) => /^(all|random)$/.test(wishOf(element));

/** Put an element for each poll into this one, once; it asks for its own, as every element does. */
export const showSeveral = async (element) => {
  const wish = wishOf(element);
  if (element.several == wish) return;
  element.several = wish;
  const reply = await call("/polls?state=open&limit=100");
  if (element.several != wish || !element.isConnected) return;
  if (reply.status != 200) return (element.several = undefined); // the next look tries again
  let ids = reply.body.polls.map(({ id }) => id);
  if (wish == "random") ids = [ids[Math.floor(Math.random() * ids.length)]];
  const shown = ids.filter(Boolean).map((id) => {
    const poll = document.createElement("stats-poll");
    poll.setAttribute("poll", id);
    if (element.hasAttribute("results")) poll.setAttribute("results", "");
    return poll;
  });
  element.setAttribute("state", shown.length ? "several" : "none");
  if (shown.length) fill(element, ...shown);
};
