/** The panel in the corner of the page: what was found, in words. */

import { origin } from "./ask.js";
import { say } from "./words.js";

/** The build puts check.css in. */
const STYLE = "__CHECK_CSS__";

const PANEL = "stats-check-panel";

const MARKS = { bad: "✕", warn: "!", info: "i", good: "✓" };

const VERDICTS = { bad: "wrong", warn: "look", good: "fine" };
const WORST = ["bad", "warn"];

const make = (tag, name, ...content) => {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...content);
  return element;
};

const button = (text, onClick) => {
  const element = make("button", "", text);
  element.type = "button";
  element.onclick = onClick;
  return element;
};

const item = ({ level, title, text }) => {
  const mark = make("span", "mark", MARKS[level] || "");
  mark.setAttribute("aria-hidden", true);
  const words = make("div", "", make("span", "spoken", say(level) + ": "), make("strong", "", title));
  if (text) words.append(make("p", "", text));
  return make("li", level, mark, words);
};

/** Put the panel on the page; `again` starts another check. */
export const open = (again) => {
  // One panel at a time, though the check is asked for twice.
  const old = document.getElementById(PANEL);
  if (old) old.remove();
  const host = make("div");
  host.id = PANEL;
  const root = host.attachShadow({ mode: "open" });
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
  } catch (_) {} // a browser from before 2023 shows it at the page's end
  const title = make("h2", "", say("title"));
  const status = make("p", "status");
  status.setAttribute("role", "status");
  const verdict = make("strong");
  const told = make("span");
  status.append(verdict, " ", told);
  const list = make("ul");
  const repeat = button(say("again"), again);
  const panel = make(
    "section",
    "",
    title,
    status,
    list,
    make("div", "buttons", repeat, button(say("close"), () => host.remove())),
  );
  title.id = "title";
  panel.setAttribute("aria-labelledby", "title");
  list.tabIndex = 0;
  root.append(panel);
  document.documentElement.append(host);
  const tell = (text, findings) => {
    repeat.disabled = !findings;
    const levels = (findings || []).map(({ level }) => level);
    const worst = findings && (WORST.filter((one) => levels.includes(one))[0] || "good");
    verdict.textContent = worst ? say(VERDICTS[worst]) : "";
    panel.className = worst || "";
    told.textContent = text;
    list.textContent = "";
    list.append(...(findings || []).map(item));
    list.hidden = !findings;
  };
  return {
    wait: () => tell(say("waiting")),
    show: (findings, isStored, token) =>
      tell(say(isStored ? "stored" : token ? "expired" : "alone"), findings),
    /** @param {{outcome: string, status?: number}} reply */
    fail: ({ outcome, status: code }) => {
      const text = say(outcome + "Text", origin, code);
      tell(say("alone"), [{ level: "bad", title: say(outcome), text }]);
    },
  };
};
