/** The procedures: a small single-page application, as a portal may have one. */

"use strict";

const procedures = JSON.parse(document.getElementById("procedures").textContent);
const view = document.getElementById("view");
const root = "/demo/thu-tuc/";

const make = (tag, text, ...children) => {
  const element = document.createElement(tag);
  element.textContent = text;
  element.append(...children);
  return element;
};

const row = (label, value) => make("div", "", make("dt", label), make("dd", value));

const show = () => {
  const slug = location.pathname.slice(root.length);
  const found = procedures.find((procedure) => procedure.slug === slug);
  for (const link of document.querySelectorAll(".tabs a")) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (found) {
    const meta = make("p", "", document.createElement("stats-views"));
    meta.className = "meta";
    const steps = make("ol", "", ...found.steps.map((step) => make("li", step)));
    const facts = make("dl", "", row("Thời hạn", found.time), row("Lệ phí", found.fee));
    view.replaceChildren(make("h2", found.title), meta, facts, make("h3", "Các bước"), steps);
  } else {
    const items = procedures.map((procedure) => {
      const views = document.createElement("stats-views");
      views.setAttribute("article", root + procedure.slug);
      return make("li", procedure.title + " ", views);
    });
    const list = make("ul", "", ...items);
    list.className = "plain";
    view.replaceChildren(make("h2", "Tất cả thủ tục"), list);
  }
  document.title = `${found ? found.title : "Thủ tục hành chính"} | Kim Sơn`;
};

document.querySelector(".tabs").addEventListener("click", (event) => {
  const link = /** @type {Element} */ (event.target).closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  show();
});
addEventListener("popstate", show);
show();
