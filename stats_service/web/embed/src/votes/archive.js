/** `<stats-poll-archive limit="20">`: the polls that have closed, each with its results. */

import { english } from "../language.js";
import { button, directed, fill, make, open } from "./dom.js";
import { LateWidget } from "./late.js";
import { ballotsOf } from "./memory.js";
import { results } from "./results.js";
import { call } from "./server.js";
import { past } from "./times.js";
import { say, written } from "./words.js";

const LIMIT = 20;

export class StatsPollArchive extends LateWidget {
  static get observedAttributes() {
    return ["limit"];
  }

  show() {
    const wish = this.getAttribute("limit") || LIMIT;
    if (this.wish != wish) this.load(wish);
    else if (this.language != english(this)) this.render();
  }

  async load(wish) {
    this.wish = wish;
    const reply = await call(`/polls?state=closed&limit=${encodeURIComponent(wish)}`);
    if (this.wish != wish || !this.isConnected) return;
    this.polls = reply.status == 200 ? reply.body.polls : undefined;
    if (this.polls || this.shadowRoot || !this.textContent.trim()) this.render();
  }

  render() {
    if (!this.shadowRoot) {
      open(this);
      this.list = make("div", "archive");
      this.list.tabIndex = -1;
      /** @type {any} */ (this.shadowRoot).append(this.list);
    }
    this.language = english(this);
    fill(this.list, ...(this.polls ? this.drawPolls() : this.drawFailed()));
  }

  drawFailed() {
    const again = async () => {
      await this.load(this.wish);
      this.list.focus();
    };
    return [make("p", "empty", say(this, "unloaded")), button("reload", say(this, "reload"), again)];
  }

  drawPolls() {
    if (!this.polls.length) return [make("p", "empty", say(this, "noneOlder"))];
    return this.polls.map((poll, index) => {
      const own = (ballotsOf(poll.id).cast || 0).choices || [];
      const entry = make(
        "details",
        "entry",
        directed(make("summary", "summary", written(this, poll.question, poll.lang))),
        ...(poll.results
          ? results(this, poll, own)
          : [make("p", "note", say(this, "admins"))]),
        poll.closes && make("p", "note", past(this, "closed", poll.closes)),
      );
      // One can see at once what there is to unfold.
      entry.open = !index;
      return entry;
    });
  }
}
