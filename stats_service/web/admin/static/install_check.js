// The check of a page: the link to open, and what the page reports, as it comes.
"use strict";

(() => {
  const form = document.querySelector("[data-check]");
  if (!form) return;
  /** From one question to the next, until when we ask, and when to say that it takes long, in ms. */
  const STEP = 2000;
  const PATIENCE = 600000;
  const LONG = 20000;

  const input = form.querySelector("input");
  const link = form.querySelector("[data-open]");
  // Not `data-told`: what was done (a site was added) stands on the page as well, before it.
  const told = document.querySelector("[data-verdicts]");
  const list = document.querySelector("[data-findings]");
  const hints = document.querySelector("[data-hints]");
  const levels = JSON.parse(list.dataset.levels);
  let known = null;
  let began = 0;
  let timer;

  const verdicts = JSON.parse(told.dataset.verdicts);
  const looks = { bad: "error", warn: "warn", good: "good" };

  const say = (text, level) => {
    told.hidden = false;
    told.className = `note ${looks[level] || ""}`;
    if (told.textContent !== text) told.textContent = text;
  };

  const make = (tag, name, ...content) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    element.append(...content);
    return element;
  };

  const item = ({ code, level, title, text }) => {
    const mark = make("span", "mark");
    mark.setAttribute("aria-hidden", "true");
    const words = make("div", "", make("span", "visually-hidden", `${levels[level]}: `), make("strong", "", title));
    if (text) words.append(make("p", "", text));
    if (code === "host-unknown" && form.dataset.settings) {
      const settings = make("a", "small", form.dataset.settingsText);
      settings.href = form.dataset.settings;
      words.append(settings);
    }
    return make("li", level, mark, words);
  };

  const ask = async () => {
    clearTimeout(timer);
    const waited = Date.now() - began;
    if (waited > PATIENCE) return;
    timer = setTimeout(ask, STEP);
    if (document.hidden) return;
    try {
      const answer = await fetch(form.dataset.state, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw answer.status;
      const { at, findings } = await answer.json();
      if (at !== null && at !== known) {
        known = at;
        const worst = verdicts[findings[0].level] ? findings[0].level : "good";
        say(verdicts[worst], worst);
        hints.open = false;
        list.replaceChildren(...findings.map(item));
        list.hidden = false;
        list.focus();
      } else if (known === null) {
        say(waited > LONG ? form.dataset.slow : form.dataset.waiting);
        hints.open = waited > LONG;
      }
    } catch {
      say(form.dataset.away);
    }
  };

  /** The page's address with the token behind it; "" if it is none. */
  const target = () => {
    try {
      const url = new URL(input.value.trim());
      if (url.protocol !== "https:" && url.protocol !== "http:") return "";
      url.hash = `stats-check=${form.dataset.token}`;
      return url.href;
    } catch {
      return "";
    }
  };

  const aim = () => {
    const href = target();
    if (href) link.href = href;
    input.setCustomValidity(href ? "" : form.dataset.wrong);
    return href;
  };

  input.addEventListener("input", aim);
  link.addEventListener("click", (event) => {
    if (!aim()) {
      event.preventDefault();
      input.reportValidity();
      return;
    }
    began = Date.now();
    known = null;
    list.hidden = true;
    say(form.dataset.waiting);
    ask();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (aim()) link.click();
  });
  document.addEventListener("visibilitychange", () => began && ask());

  list.tabIndex = -1;
  form.hidden = false;
  document.querySelector("[data-plain]").hidden = true;
  aim();
})();
