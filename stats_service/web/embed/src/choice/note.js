/** Says to a reader that a choice (`#stats-optout`, `#stats-optin`) has worked, and takes it back. */

import { english } from "../language.js";

const ID = "stats-choice";

/** By what the browser keeps: what is so, and the button; then "close". [Vietnamese, English]. */
const WORDS = {
  out: ["Lượt xem của trình duyệt này không còn được tính trên trang web này.|Tính trở lại", "Your views are no longer counted on this website.|Count them again"],
  in: ["Lượt xem của trình duyệt này được tính trở lại.|Không tính", "Your views are counted again.|Do not count them"],
  lost: ["Trình duyệt không cho trang web lưu lựa chọn này (cửa sổ riêng tư?).", "This browser does not let the website keep your choice (a private window?)."],
  close: ["Đóng", "Close"],
};

const stored = () => {
  try {
    return localStorage.getItem("stats-optout");
  } catch (_) {}
};

/** Show what the address asks for, and whether the browser has kept it. */
export const showChoice = (wanted) => {
  const index = english(document.documentElement);
  const old = document.getElementById(ID);
  if (old) old.remove();
  const note = document.createElement("div");
  note.id = ID;
  note.lang = index ? "en" : "vi";
  note.style.cssText =
    "all:initial;position:fixed;z-index:2147483647;inset:auto 0 0;left:0;right:0;bottom:0;padding:1em;background:#fff;color:#1f2328;border-top:3px solid #0b5394;font:16px/1.5 sans-serif";
  const add = (tag, text, onClick) => {
    const element = note.appendChild(document.createElement(tag));
    element.textContent = text;
    element.onclick = onClick;
    element.style.cssText = onClick ? "margin:0 0 0 1em;min-height:2.5em;padding:0 1em;font:inherit" : "display:inline";
    return element;
  };
  const [text, undo] = WORDS[stored() == wanted ? wanted : "lost"][index].split("|");
  const said = add("p", "");
  said.setAttribute("role", "status");
  if (undo) {
    add("button", undo, () => {
      location.hash = "stats-opt" + (wanted == "out" ? "in" : "out");
    }).type = "button";
  }
  add("button", WORDS.close[index], () => note.remove()).type = "button";
  document.documentElement.append(note);
  // What is put into a region that is there already is read aloud.
  setTimeout(() => {
    said.textContent = text;
  });
};
