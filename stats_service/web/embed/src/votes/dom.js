/** Elements, without markup in strings. */

/** The build puts votes.css in. */
const STYLE = "__VOTES_CSS__";

const SVG = "http://www.w3.org/2000/svg";

/** Make an element: its `part`, then its content; what is false or missing is left out. */
export const make = (tag, part, ...content) => {
  const element = document.createElement(tag);
  if (part) element.setAttribute("part", part);
  element.append(...content.filter(Boolean));
  return element;
};

/** Put content in the place of what a node has. */
export const fill = (node, ...content) => {
  node.textContent = "";
  node.append(...content);
};

/** Make text that only a screen reader reads. */
export const spoken = (text) => {
  const element = make("span", "", text);
  element.className = "spoken";
  return element;
};

/** Make an SVG element of attributes and children. */
export const draw = (tag, attributes, ...children) => {
  const element = document.createElementNS(SVG, tag);
  for (const name of Object.getOwnPropertyNames(attributes)) element.setAttribute(name, attributes[name]);
  element.append(...children);
  return element;
};

export const button = (part, text, onClick) => {
  const element = make("button", "button " + part, text);
  element.type = onClick ? "button" : "submit";
  if (onClick) element.onclick = onClick;
  return element;
};

/** Put text into an element, only if it is other text. */
export const put = (element, text) => {
  if (element.textContent != text) element.textContent = text;
};

/**
 * Say something in a live region: `text` to everybody, `more` to screen readers alone.
 *
 * `kind` (good, warning, error, info) is for the eye.
 */
export const tell = (region, text, kind = "", more = "") => {
  if (text && kind) region.dataset.kind = kind;
  else delete region.dataset.kind;
  region.className = "";
  const whole = [text, more].filter(Boolean).join(" ");
  if (region.textContent == whole) return;
  fill(region, text, more && text && " ", more && spoken(more));
};

/** Bring what is said into the window: whoever pressed a button is to see what came of it. */
export const reveal = (region) => {
  if (region.dataset.kind) region.scrollIntoView({ block: "nearest" });
};

/** Let a text that somebody wrote run from the side from which its script does. */
export const directed = (element) => {
  element.dir = "auto";
  return element;
};

/** Keys that a page around may want all the same: to leave its dialog, and to keep the focus in it. */
const SHARED_KEYS = ["Escape", "Tab"];

const keepInside = (event) => {
  if (SHARED_KEYS.indexOf(event.key) < 0) event.stopPropagation();
};

let sheet;

/**
 * Give a widget its shadow, with the style that every one of ours shares.
 *
 * What is typed in it stays in it: around us are hotkeys, and forms that send themselves by Enter.
 */
export const open = (widget) => {
  const root = widget.attachShadow({ mode: "open" });
  for (const type of ["keydown", "keypress", "keyup"]) root.addEventListener(type, keepInside);
  try {
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
    }
    root.adoptedStyleSheets = [sheet];
  } catch (_) {} // a browser from before 2023 shows the controls in its own style
  return root;
};
