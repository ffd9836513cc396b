// The preview of a poll: the widget of the portals' pages, given what the form has now.
//
// The widget's own file is loaded as the core of the embed loads it, with a core that has nothing
// but an answer: it neither counts a view nor sends a ballot. The service makes the answer out of
// the form and stores nothing. Without this file the form works as ever.
"use strict";

(() => {
  /** From the last keystroke to the question, in milliseconds. */
  const PAUSE = 200;

  const card = document.querySelector("[data-preview]");
  const form = card.closest("form");
  const part = (name) => card.querySelector(`[data-${name}]`);
  const stage = part("stage");
  const answer = {};
  let views, widget, timer, asking;
  let shown = "form";

  class Widget extends HTMLElement {
    /** What a widget has to do. */
    show() {}

    connectedCallback() {
      this.show();
    }

    disconnectedCallback() {}

    attributeChangedCallback() {
      if (this.isConnected) this.show();
    }
  }

  /** By the names of embed/src/parts.js; what a vote would need leads nowhere. */
  /** @type {any} */
  const core = {
    Widget,
    answer,
    current: {},
    options: { site: "preview" },
    resolve: (path) => {
      const [, picture] = /\/picture\/(.+)/.exec(path) ?? [];
      return picture ? card.dataset.pictures + picture : "about:blank";
    },
    voter: () => "preview",
  };

  const tell = (text) => {
    const place = part("problem");
    if (place.textContent !== text) place.textContent = text;
    place.hidden = !text;
  };

  const press = (name, value) => {
    for (const button of card.querySelectorAll(`button[data-${name}]`)) {
      button.setAttribute("aria-pressed", String(button.dataset[name] === value));
    }
  };

  const draw = () => {
    if (!views || !customElements.get("stats-poll")) return;
    answer.poll = views[shown];
    part("sample").hidden = !views.sample || shown === "form" || !views.results.results;
    if (widget) {
      widget.show();
      return;
    }
    widget = document.createElement("stats-poll");
    stage.replaceChildren(widget);
    // A vote in the preview shows what comes after it, and goes nowhere.
    widget.shadowRoot.addEventListener(
      "submit",
      (event) => {
        event.stopPropagation();
        event.preventDefault();
        if (widget.form.check(true)) see("results");
      },
      true,
    );
  };

  const see = (what) => {
    shown = what;
    press("show", what);
    // Back to what this state begins with, whatever was clicked in the widget meanwhile.
    if (views) views = { ...views, [what]: { ...views[what] } };
    if (widget) widget.reset();
    draw();
  };

  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    try {
      const reply = await fetch(card.dataset.preview, {
        method: "POST",
        body: new FormData(/** @type {any} */ (form)),
        signal: asking.signal,
      });
      if (!/json/.test(reply.headers.get("Content-Type") || "")) throw reply.status;
      const made = await reply.json();
      if (!made.problem) views = made;
      tell(made.problem ?? "");
      draw();
    } catch (/** @type {any} */ error) {
      if (error.name !== "AbortError") tell(card.dataset.away);
    }
  };

  form.addEventListener("input", (event) => {
    if (card.contains(/** @type {Node} */ (event.target))) return;
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  for (const button of card.querySelectorAll("button[data-show]")) {
    button.addEventListener("click", () => see(button.dataset.show));
  }
  for (const button of card.querySelectorAll("button[data-lang]")) {
    button.addEventListener("click", () => {
      stage.lang = button.dataset.lang;
      press("lang", stage.lang);
      draw();
    });
  }

  const script = document.createElement("script");
  script.core = core;
  script.src = card.dataset.widget;
  script.integrity = card.dataset.integrity;
  script.crossOrigin = "";
  script.addEventListener("load", draw);
  script.addEventListener("error", () => tell(card.dataset.away));
  document.head.append(script);
  card.hidden = false;
  ask();
})();
