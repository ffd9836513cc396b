/** `<stats-poll poll="…">`: a question, its choices or its results. */

import { believe, castBallot, problem } from "./ballot.js";
import { button, directed, fill, make, open, reveal, tell } from "./dom.js";
import { PollForm } from "./form.js";
import { LateWidget } from "./late.js";
import { ballotsOf } from "./memory.js";
import { isAnswered, keepPoll, load, pollFor, wishOf } from "./polls.js";
import { results, summary } from "./results.js";
import { isUnsure } from "./server.js";
import { isSeveral, showSeveral } from "./several.js";
import { moment, past } from "./times.js";
import { say, wordOf, written } from "./words.js";

/** How long the page's own request may take before a poll is asked for by itself, in ms. */
const GRACE_MS = 4000;

/** How long a voter sees the thanks before the next page comes, in ms. */
const NEXT_MS = 4000;

const KINDS = { already: "warning", held: "warning", tooLate: "warning" };

export class StatsPoll extends LateWidget {
  static get observedAttributes() {
    return ["poll", "results"];
  }

  show() {
    if (isSeveral(this)) return showSeveral(this);
    const poll = pollFor(this);
    if (poll === undefined) return this.wait();
    clearTimeout(this.grace);
    this.isFailed = false;
    if ((this.poll || 0).id != (poll || 0).id) this.reset();
    if (this.poll !== poll) this.settle(poll);
    this.poll = poll;
    this.render();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.grace);
  }

  /** The page's request brings the poll; if it went without, or is blocked, ask for it. */
  wait() {
    clearTimeout(this.grace);
    if (!this.isFailed) this.grace = setTimeout(() => this.load(), isAnswered() ? 0 : GRACE_MS);
  }

  async load(isAsked) {
    const wish = wishOf(this);
    this.isFailed = !(await load(wish));
    if (wish != wishOf(this) || !this.isConnected) return;
    if (!this.isFailed) this.show();
    // What the page itself has in the element is better than an apology.
    else if (this.shadowRoot || !this.textContent.trim()) this.render();
    if (isAsked) this.focusInside();
  }

  open() {
    open(this);
    this.message = make("p", "message");
    this.message.id = "message";
    this.message.setAttribute("role", "status");
    /** @type {PageElement} */
    this.result = make("div", "outcome");
    this.result.setAttribute("role", "group");
    this.result.tabIndex = -1;
    this.notes = make("div", "notes");
    /** @type {PollForm} */
    this.form = new PollForm(this, this.message, {
      submit: (ballot) => this.vote(ballot),
      results: () => this.turn("results"),
      keep: () => this.turn(""),
    });
    /** @type {ShadowRoot} */ (this.shadowRoot).append(this.form.node, this.message, this.result, this.notes);
  }

  reset() {
    this.mode = "";
    this.isLocked = false;
    if (this.message) tell(this.message, "");
  }

  get isOpen() {
    return !!this.poll && this.poll.state == "open";
  }

  get isReadOnly() {
    return this.hasAttribute("results");
  }

  get isVoted() {
    return !!this.poll && (this.poll.voted || (!this.poll.daily && !!ballotsOf(this.poll.id).cast));
  }

  /** Whether the form is to be seen; `mode` is what the reader asked for, "" for what fits. */
  get isForm() {
    return this.isOpen && !this.isReadOnly && this.mode != "results" && (!this.isVoted || this.mode == "form");
  }

  /** A newer answer says whether a ballot is in that was sent in vain. */
  settle(poll) {
    if (!poll || this.isBusy) return;
    believe(poll);
    const { cast } = ballotsOf(poll.id);
    if (this.isLocked && cast && this.mode != "form") {
      this.isLocked = false;
      tell(this.message, say(this, "counted"), "good");
    } else if (this.isLocked && !cast) {
      this.isLocked = false;
    }
  }

  /** Go to the form or the results because the reader wants to. */
  turn(mode) {
    this.mode = mode;
    const isSummed = !this.isForm && this.poll.results;
    tell(this.message, "", "", isSummed ? summary(this, this.poll) : "");
    this.render(true);
    this.focusInside();
  }

  focusInside() {
    if (this.isForm) this.form.focus();
    else this.result.focus();
  }

  render(isFresh) {
    if (!this.shadowRoot) this.open();
    const { poll, isForm } = this;
    const hadFocus = this.form.node.contains(/** @type {ShadowRoot} */ (this.shadowRoot).activeElement);
    this.setAttribute("state", !poll ? "none" : this.isOpen && this.isVoted ? "voted" : poll.state);
    this.form.node.hidden = !isForm;
    this.result.hidden = isForm;
    if (isForm) this.drawForm();
    else this.drawResult(isFresh);
    fill(this.notes, ...(poll ? this.drawNotes() : []));
    // The form has gone away under its reader: the poll has closed.
    if (hadFocus && !isForm) this.result.focus();
  }

  drawForm() {
    const { cast, sent } = ballotsOf(this.poll.id);
    this.form.draw(this.poll, {
      own: sent || cast,
      isChange: this.isVoted,
      isRepeat: this.isLocked,
      isBusy: this.isBusy,
    });
  }

  drawResult(isFresh) {
    const content = this.poll ? this.drawPoll() : this.drawNone();
    const drawn = content.map((node) => node.textContent).join("\n") + this.isVoted;
    if (drawn == this.drawn && !isFresh) return;
    this.drawn = drawn;
    const part =
      this.result.contains(/** @type {any} */ (this.shadowRoot).activeElement) &&
      /** @type {any} */ (this.shadowRoot).activeElement.part.value;
    const isUnfolded = !!this.result.querySelector("details[open]");
    this.result.classList.toggle("fresh", !!isFresh);
    fill(this.result, ...content);
    const details = this.result.querySelector("details");
    if (details && isUnfolded) details.open = true;
    // Fresh numbers do not take the focus away.
    for (const node of part ? this.result.querySelectorAll("[part]") : []) {
      if (node.getAttribute("part") == part) return node.focus();
    }
  }

  drawNone() {
    this.result.removeAttribute("aria-labelledby");
    return [
      make("p", "empty", say(this, this.isFailed ? "unloaded" : "none")),
      this.isFailed && button("reload", say(this, "reload"), () => this.load(true)),
    ].filter(Boolean);
  }

  drawPoll() {
    const { poll, isOpen, isVoted } = this;
    const question = directed(make("p", "question", written(this, poll.question, poll.lang)));
    question.id = "question";
    this.result.setAttribute("aria-labelledby", question.id);
    const state = !isOpen
      ? say(this, poll.state == "scheduled" ? "scheduled" : "over")
      : isVoted && !this.message.dataset.kind && say(this, "voted");
    const own = (ballotsOf(poll.id).cast || 0).choices || [];
    const action =
      isOpen &&
      !this.isReadOnly &&
      (!isVoted
        ? button("back", say(this, "back"), () => this.turn("form"))
        : poll.change && button("change", say(this, "change"), () => this.turn("form")));
    return [
      question,
      state && make("p", "state", state),
      ...(poll.results && poll.state != "scheduled" ? results(this, poll, own) : [this.drawLater()]),
      action && make("div", "actions", action),
    ].filter(Boolean);
  }

  /** When there will be results, if this reader sees none: what `when` says has words of its own. */
  drawLater() {
    const { results: shown, state, when } = this.poll;
    const isTold = !shown && wordOf(when) && (state == "open" || when == "admins");
    return isTold && make("p", "note", say(this, when));
  }

  drawNotes() {
    const { state, opens, closes, change, left, at } = this.poll;
    const ahead = left - (performance.now() - at) / 1000;
    const { isOpen } = this;
    const isAhead = isOpen || state == "scheduled";
    return [
      state == "scheduled" && opens && make("p", "note", moment(this, "opens", opens, ahead)),
      closes && make("p", "note", isAhead ? moment(this, "closes", closes, ahead) : past(this, "closed", closes)),
      isOpen && !this.isReadOnly && make("p", "note", say(this, change ? "changeable" : this.poll.daily ? "daily" : "once")),
      this.isForm && this.drawLater(),
    ].filter(Boolean);
  }

  async vote(ballot) {
    this.isBusy = true;
    tell(this.message, "");
    this.form.submit.focus();
    this.render();
    const { poll } = this;
    const settled = await castBallot(poll, ballot, () =>
      tell(this.message, say(this, "checking"), "info"),
    );
    this.isBusy = false;
    if (settled.word) return this.arrived(settled, poll);
    this.isLocked = isUnsure(settled.reply);
    tell(this.message, problem(this, settled.reply, "unsure"), "error");
    this.render();
    this.form.submit.focus();
    reveal(this.message);
  }

  /**
   * The ballot's fate is known: say it, show it, take the reader to it.
   *
   * @param {{word?: string, poll?: any}} settled
   */
  arrived({ word, poll }, asked) {
    this.isLocked = false;
    if (!this.poll || this.poll.id != asked.id) return;
    this.mode = "";
    this.poll = poll || asked;
    keepPoll(this.poll, wishOf(this));
    const seen = this.poll.results ? summary(this, this.poll) : "";
    const { thanks, lang, next_page: next } = this.poll;
    const own = word == "counted" && thanks && thanks[lang];
    tell(this.message, own ? written(this, thanks, lang) : say(this, word), KINDS[word] || "good", seen);
    this.render(true);
    this.result.focus({ preventScroll: true });
    reveal(this.message);
    if (next && !KINDS[word]) setTimeout(() => this.isConnected && location.assign(next), NEXT_MS);
    for (const other of document.querySelectorAll("stats-poll")) if (other != /** @type {Element} */ (this)) other.show();
  }
}
