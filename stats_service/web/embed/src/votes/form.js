/** The form of an open poll: choices, how many, a free text. It keeps what was chosen. */

import { json } from "../json.js";
import { button, directed, fill, make, put, reveal, tell } from "./dom.js";
import { ordered } from "./polls.js";
import { prepare } from "./server.js";
import { titled } from "./titled.js";
import { say, written } from "./words.js";

/** The choice that carries the free text. */
const OTHER = "other";

let names = 0;
const hint = (element, { multiple, min, max, choices, other }) => {
  if (!multiple) return "";
  const offered = choices.filter(({ hidden }) => !hidden).length + !!other;
  if (min == max) return say(element, "hintExact", max);
  if (min > 1) return say(element, "hintRange", min, max);
  return max < offered ? say(element, "hintMax", max) : say(element, "hintAny");
};

/** One widget's form; it is drawn anew only if what it asks has changed. */
export class PollForm {
  /** `on`: what to do at `submit`, `results`, `keep`. `message` is where problems are told. */
  constructor(element, message, on) {
    this.element = element;
    this.message = message;
    this.on = on;
    this.node = make("form", "form");
    this.node.noValidate = true;
    this.node.onsubmit = (event) => {
      event.preventDefault();
      if (!this.isBusy && this.check(true)) on.submit(this.ballot());
    };
  }

  /**
   * Draw the form, with `own` chosen at first. `isChange`: a vote is in already; `isRepeat`: the
   * same ballot is to go out once more; `isBusy`: it is on its way.
   */
  draw(poll, { own, isChange, isRepeat, isBusy }) {
    const { question, choices, lang, multiple, min, max, other, shuffle } = poll;
    const about = { question, choices, lang, multiple, min, max, other, shuffle };
    const drawn = json([about, say(this.element, "vote"), document.documentElement.lang]);
    this.poll = poll;
    if (this.drawn != drawn) {
      const before = this.drawn ? this.ballot() : own;
      const focused = (this.element.shadowRoot.activeElement || 0).value;
      this.drawn = drawn;
      this.build();
      this.choose(before);
      for (const input of this.inputs) if (focused && input.value == focused) input.focus();
    }
    this.isBusy = isBusy;
    this.node.setAttribute("aria-busy", !!isBusy);
    this.fields.disabled = !!(isBusy || isRepeat);
    this.submit.setAttribute("aria-disabled", !!isBusy);

    put(this.submit, say(this.element, isBusy ? "sending" : isRepeat ? "again" : "vote"));
    this.results.hidden = isChange || !poll.results;
    this.keep.hidden = !isChange || isRepeat;
  }

  build() {
    const { element, poll } = this;
    const offered = ordered(poll).filter(({ hidden }) => !hidden);
    const name = "choice" + names++;
    const row = (id, text) => {
      const input = make("input", "input");
      input.type = poll.multiple ? "checkbox" : "radio";
      input.name = name;
      input.value = id;
      return make("label", "choice", input, directed(make("span", "text", text)));
    };
    const rows = offered.map((choice) => row(choice.id, titled(element, choice, poll.lang)));
    this.text = directed(make("input", "other-text"));
    this.text.maxLength = poll.other;
    this.text.setAttribute("aria-label", say(element, "otherText"));
    const note = make("span", "hint", say(element, "otherNote"));
    note.id = "other-note";
    this.text.setAttribute("aria-describedby", note.id);
    this.free = make("div", "other", this.text, note);
    if (poll.other) rows.push(row(OTHER, say(element, "other")), this.free);
    const legend = directed(make("legend", "question", written(element, poll.question, poll.lang)));
    this.hint = make("p", "hint", hint(element, poll));
    this.hint.id = "hint";
    this.fields = make("fieldset", "choices", legend, this.hint, ...rows);
    this.fields.setAttribute("aria-describedby", "hint message");
    this.fields.onchange = () => {
      prepare();
      this.changed();
    };
    /** @type {PageElement[]} */
    this.inputs = [...this.fields.querySelectorAll("label input")];
    this.submit = button("vote", say(element, "vote"));
    this.results = button("results", say(element, "results"), this.on.results);
    this.keep = button("keep", say(element, "keep"), this.on.keep);
    this.actions = make("div", "actions", this.submit, this.results, this.keep);
    fill(this.node, this.fields, this.actions);
    this.changed();
  }

  /** What is chosen now: `{choices, other}`. */
  ballot() {
    const choices = this.inputs.filter(({ checked }) => checked).map(({ value }) => value);
    return { choices, other: choices.includes(OTHER) ? this.text.value.trim() : undefined };
  }

  /** @param {{choices: string[], other?: string}} ballot */
  choose({ choices, other } = { choices: [] }) {
    for (const input of this.inputs) input.checked = choices.includes(input.value);
    this.text.value = other || "";
    this.changed();
  }

  changed() {
    const { choices } = this.ballot();
    const { multiple, max } = this.poll;
    this.free.hidden = !choices.includes(OTHER);
    if (multiple && max > 1) {
      const told = choices.length && !this.free.contains(document.activeElement);
      put(this.hint, hint(this.element, this.poll) + (told ? " " + say(this.element, "chosen", choices.length, max) : ""));
    }
    if (this.drawn && (this.message.dataset.kind == "error" || choices.length > max)) this.check();
  }

  /** Say what is wrong with the choice, if anything; `moving` the focus to it. */
  check(moving) {
    const { choices, other } = this.ballot();
    const { min, max, multiple } = this.poll;
    let problem = "";
    let place = this.first;
    if (multiple && choices.length > max) {
      problem = say(this.element, "pickLess", max, choices.length - max);
    } else if (choices.length < min) {
      problem = multiple && min > 1 ? say(this.element, "pickMore", min) : say(this.element, "pickOne");
    } else if (other === "") {
      problem = say(this.element, "writeOther");
      place = this.text;
    }
    // A choice in the making is not scolded for what is still missing.
    if (moving || !problem || choices.length > max) tell(this.message, problem, "error");
    if (problem && moving) {
      // The focus may go far from here: what is said goes with it.
      this.message.className = "afloat";
      place.focus();
      reveal(this.message);
    }
    return !problem;
  }

  /** The first that is chosen, or else the first. */
  get first() {
    return this.inputs.filter(({ checked }) => checked)[0] || this.inputs[0];
  }

  focus() {
    this.first.focus();
  }
}
