/** `<stats-rating article="…">`: what readers think of an article, and what this one does. */

import { problem } from "./ballot.js";
import { english, number } from "../language.js";
import { button, fill, make, open, put, reveal, spoken, tell } from "./dom.js";
import { LateWidget } from "./late.js";
import { keepRating, ratingOf } from "./memory.js";
import { articleOf, isLeftOut, keepFresh, loadRating, ratingFor } from "./ratings.js";
import { bars } from "./results.js";
import { prepare, submit } from "./server.js";
import { fillStars, star, thumb } from "./stars.js";
import { past } from "./times.js";
import { wordOf, percentage, percentOf, say } from "./words.js";

/** How long the page's own request may take before a rating is asked for by itself, in ms. */
const RATING_GRACE_MS = 4000;
/** How long one's own rating may be changed or taken back, in milliseconds; the service says so. */
const CHANGE_MS = 86400000;
/** The scale that is shown as thumbs. */
const THUMBS = 2;

let groups = 0;

const upTo = (last) => {
  const scores = [];
  while (scores.length < last) scores.push(scores.length + 1);
  return scores;
};

export class StatsRating extends LateWidget {
  static get observedAttributes() {
    return ["article", "readonly", "label", "classic"];
  }

  show() {
    const entry = ratingFor(this);
    clearTimeout(this.grace);
    if (entry === undefined) {
      this.grace = setTimeout(() => loadRating(this), isLeftOut(this) ? 0 : RATING_GRACE_MS);
    } else if (entry) {
      if ((this.entry || 0).key != entry.key) {
        this.choice = this.isRepeat = this.drawn = 0;
        if (this.message) tell(this.message, "");
      }
      this.entry = entry;
      this.render();
    }
    // A page that is no article has nothing to rate; another page of the application may be one.
    if (this.shadowRoot) this.hidden = !entry;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.grace);
  }

  get own() {
    return ratingOf(this.entry.key);
  }

  /**
   * Whether the reader may rate: the first time, and a day long again.
   *
   * The day is measured by one clock, since the reader's may differ from the service's.
   */
  get isFixed() {
    const { own } = this;
    return this.hasAttribute("readonly") || (own && !((own.at + CHANGE_MS || +new Date(own.until)) > Date.now()));
  }

  render() {
    if (!this.shadowRoot) open(this);
    const { scale } = this.entry.rating;
    const isFixed = !!this.isFixed;
    const drawn = [scale, isFixed, english(this), this.getAttribute("label"), this.entry.key].join();
    if (this.drawn != drawn) {
      const hadFocus = /** @type {ShadowRoot} */ (this.shadowRoot).activeElement;
      this.drawn = drawn;
      this.build(scale, isFixed);
      if (hadFocus) this.group.focus();
    }
    this.update();
  }

  build(scale, isFixed) {
    const isThumbs = scale == THUMBS;
    const scores = isThumbs ? [2, 1] : upTo(scale);
    const pictures = scores.map((score) => (isThumbs ? thumb(score == 2) : star()));
    /** @type {any[]} */
    this.stars = isThumbs ? [] : pictures;
    /** @type {PageElement[]} */
    this.counts = scores.map(() => make("span", "count"));
    const name = "score" + groups++;
    /** @type {PageElement[]} */
    this.items = scores.map((score, index) => {
      const item = make(isFixed ? "span" : "label", isThumbs ? "thumb" : "star", pictures[index]);
      if (isThumbs) item.append(make("span", "text", say(this, score == 2 ? "useful" : "useless")), " ", this.counts[index]);
      if (isFixed) return item;
      const input = make("input", "input");
      input.type = "radio";
      input.name = name;
      input.value = score;
      input.className = "spoken";
      item.prepend(input);
      if (!isThumbs) item.append(spoken(say(this, "points", score)));
      return item;
    });
    /** @type {any[]} */
    this.inputs = this.items.map((item) => item.querySelector("input")).filter(Boolean);
    this.value = make("span", "value");
    this.value.id = "value";
    this.buildFrame(isThumbs, isFixed);
  }

  buildFrame(isThumbs, isFixed) {
    const given = this.getAttribute("label");
    const isSilent = given == "" || (given == null && this.hasAttribute("readonly"));
    const label = make("span", "label", given || say(this, isFixed ? "rated" : "rate"));
    label.id = "label";
    if (isSilent) label.className = "spoken";
    this.row = make("span", "row", ...this.items);
    this.group = make("div", "rating", label, this.row, this.value);
    this.group.setAttribute("role", isFixed ? "group" : "radiogroup");
    this.group.setAttribute("aria-labelledby", "label");
    this.group.setAttribute("aria-describedby", "value");
    this.group.tabIndex = -1;
    if (isFixed && !isThumbs) this.row.setAttribute("aria-hidden", true);
    this.submit = button("vote", "");
    this.form = make("form", "form", this.group, this.submit);
    this.form.onsubmit = (event) => {
      event.preventDefault();
      if (this.choice) this.rate();
    };
    if (!isFixed) this.listen();
    this.message = this.message || make("p", "message");
    this.message.setAttribute("role", "status");
    this.note = make("p", "note");
    this.undo = button("undo", "", () => this.rate(0));
    this.spread = make("details", "spread", make("summary", "summary", say(this, "spread")), make("ul"));
    const more = isThumbs || this.hasAttribute("readonly") ? [] : [this.spread];
    fill(this.shadowRoot, this.form, this.message, this.note, this.undo, ...more);
  }

  /** A finger or mouse rates at once; arrow keys only choose, and a button sends. */
  listen() {
    this.row.onpointerdown = this.row.onkeydown = ({ type }) => {
      this.isPointed = type == "pointerdown";
    };
    this.row.onpointerover = (event) => {
      const index = this.items.indexOf(event.target.closest("label"));
      if (event.pointerType == "mouse" && index >= 0) {
        prepare();
        this.paint(index + 1);
      }
    };
    this.row.onpointerleave = () => this.paint(this.choice);
    this.row.onchange = (event) => {
      if (this.isBusy) return this.check(this.choice);
      prepare();
      this.choice = +event.target.value;
      this.isRepeat = false;
      tell(this.message, "");
      if (this.isPointed) this.rate();
      else this.update();
    };
  }

  /** Show `score` stars as picked; 0: the average again. */
  paint(score) {
    if (this.stars[0]) this.row.classList.toggle("picking", score > 0);
    this.items.forEach((item, index) => item.classList.toggle("on", index < score && !!this.stars[0]));
  }

  check(score) {
    for (const input of this.inputs) input.checked = input.value == score;
  }

  /** Put the latest numbers in. */
  update() {
    const { count, average, scale, counts } = this.entry.rating;
    const { own } = this;
    const isThumbs = scale == THUMBS;
    const ratings = say(this, "ratings", count);
    const share = count && percentage(percentOf(counts[1], count), this);
    const mean = Math.round(average * 10) / 10;
    const shown = isThumbs ? say(this, "share", share) : say(this, "score", mean, scale);
    put(
      this.value,
      count
        ? `${shown} (${ratings})`
        : this.hasAttribute("classic") && !isThumbs
          ? `${say(this, "points", 0)} (${ratings})`
          : say(this, "unrated"),
    );
    fillStars(this.stars, average);
    if (isThumbs) this.counts.forEach((node, index) => put(node, number(counts[1 - index], this)));
    this.paint(this.choice);
    if (!this.choice) this.check((own || 0).score);
    this.submit.hidden = !this.choice || !this.inputs[0];
    this.submit.setAttribute("aria-disabled", !!this.isBusy);
    put(this.submit, say(this, this.isBusy ? "sending" : this.isRepeat ? "again" : "send"));
    this.updateNote(own, isThumbs);
    this.updateSpread(own);
  }

  updateNote(own, isThumbs) {
    const isOwn = own && own.score && !this.choice && !this.hasAttribute("readonly");
    this.undo.hidden = !isOwn || this.isFixed;
    put(this.undo, say(this, this.isBusy ? "sending" : "undo"));
    fill(this.note);
    if (!isOwn) return;
    const said = isThumbs
      ? say(this, "ownThumb", say(this, own.score == 2 ? "useful" : "useless"))
      : say(this, "ownScore", own.score, this.entry.rating.scale);
    this.note.append(said, " ", this.isFixed ? "" : past(this, "until", own.until));
  }

  updateSpread(own) {
    const { counts, count } = this.entry.rating;
    this.spread.hidden = !count;
    const rows = counts.map((votes, index) => ({
      label: say(this, "points", index + 1),
      value: make("b", "votes", number(votes, this)),
      share: votes / Math.max(count, 1),
      own: own && own.score == index + 1 && say(this, "own"),
    }));
    this.spread.lastChild.replaceWith(bars(rows.reverse()));
  }

  /** Send a score; 0 takes the reader's own back. */
  async rate(score = this.choice) {
    if (this.isBusy) return;
    this.isBusy = true;
    tell(this.message, "");
    this.update();
    const { entry } = this;
    const reply = await submit("/ratings", { article: articleOf(this), score });
    this.isBusy = false;
    if (this.entry.key != entry.key) return;
    if (reply.status == 200) this.accepted(reply.body);
    else if (reply.code == "already-rated") this.refused(reply.body);
    else {
      this.isRepeat = !!score;
      const word = reply.code == "unknown-article" && say(this, "unknown");
      tell(this.message, word || problem(this, reply, "unsureScore"), "error");
      this.update();
      reveal(this.message);
    }
  }

  accepted({ outcome, score, until, article }) {
    // The day goes on from the first rating, as the reader's own clock had it.
    const at = (outcome != "counted" && this.own && this.own.at) || Date.now();
    keepRating(article.key, score ? { score, until, at } : undefined);
    this.finish(article, wordOf(outcome + "Score") || "countedScore", outcome == "held" ? "warning" : "good");
  }

  refused({ article }) {
    keepRating(article.key, { score: (this.own || 0).score, until: "" });
    this.finish(article, "fixed", "warning");
  }

  /** The rating's fate is known: show it and say it; the focus stays where it was, if it can. */
  finish(article, word, kind) {
    const focused = /** @type {ShadowRoot} */ (this.shadowRoot).activeElement;
    const wasOnButton = focused == this.submit || focused == this.undo;
    this.choice = this.isRepeat = 0;
    keepFresh(article);
    this.entry = { ...this.entry, rating: article.rating };
    tell(this.message, say(this, word), kind);
    this.render();
    if (wasOnButton) (this.inputs.filter(({ checked }) => checked)[0] || this.group).focus();
    reveal(this.message);
    for (const other of document.querySelectorAll("stats-rating")) if (other != /** @type {Element} */ (this)) other.show();
  }
}
