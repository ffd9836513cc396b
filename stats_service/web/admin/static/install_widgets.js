// Widgets put together by clicking: the markup to paste, and the real widget in the frame beside.
"use strict";

(() => {
  const builder = document.querySelector("[data-builder]");
  if (!builder) return;
  const form = builder.querySelector("form");
  const frame = builder.querySelector("iframe");
  const find = (id) => document.getElementById(id);
  const value = (id) => find(id).value.trim();
  /** Rows in the order in which they were clicked. */
  let rows = ["total", "online", "today"];
  /** Looks that somebody has chosen, by custom property. */
  const looks = new Map();
  let page = "light";

  const chosen = () => form.elements.widget.value;

  /** The attributes of the chosen widget, as [name, value]. */
  const attributes = (tag) => {
    const found = [];
    const add = (name, text) => text !== "" && found.push([name, text]);
    if (tag === "stats-visits") {
      if (rows.join(" ") !== "total online today") add("rows", rows.join(" "));
      const labels = rows.map((row) => value(`label-${row}`).replaceAll("|", "/"));
      if (labels.some(Boolean)) add("labels", labels.join("|"));
    }
    if (tag === "stats-count") add("metric", find("metric").value);
    if (tag === "stats-poll") add("poll", find("poll").value);
    if (tag === "stats-top") for (const name of ["by", "span", "only"]) add(name, value(name));
    if (tag === "stats-poll-archive" || tag === "stats-top") add("limit", find("limit").checkValidity() ? value("limit") : "");
    if (tag === "stats-rating" && find("readonly").checked) found.push(["readonly", ""]);
    if (takesArticle(tag)) add("article", value("article") || (isDocument(tag) ? "/van-ban/12.pdf" : ""));
    if (tag === "stats-views" || tag === "stats-rating") {
      if (find("wordless").checked) found.push(["label", ""]);
      else add("label", value("word"));
    }
    add("lang", find("language").value);
    return found;
  };

  const isDocument = (tag) => tag === "stats-count" && find("metric").value === "downloads";

  const takesArticle = (tag) =>
    tag === "stats-views" || tag === "stats-rating" || (tag === "stats-count" && find("metric").value === "views") || isDocument(tag);

  const escaped = (text) =>
    text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

  /** What each widget is in the form that editors keep, and the text in it until there is more. */
  const KEPT = {
    "stats-visits": ["visits", "Số liệu đang được cập nhật.", "The numbers are on their way."],
    "stats-count": ["", "…", "…"],
    "stats-views": ["views", "…", "…"],
    "stats-poll": ["poll", "Bình chọn", "Poll"],
    "stats-poll-archive": ["archive", "Các cuộc bình chọn trước", "Past polls"],
    "stats-rating": ["rating", "Đánh giá", "Rating"],
    "stats-top": ["top", "Tin đọc nhiều", "Most read"],
  };

  const isNumber = (tag) => tag === "stats-count" || tag === "stats-views";

  /** The attributes of the form that editors keep, as [name, value]. */
  const kept = (tag, found) => {
    const pairs = [["data-stats", KEPT[tag][0] || new Map(found).get("metric")]];
    for (const [name, said] of found) {
      if (name === "lang") pairs.push(["lang", said]);
      else if (name === "readonly") pairs.push(["data-readonly", "1"]);
      else if (!isNumber(tag) || name === "article") pairs.push([`data-${name}`, said]);
    }
    return pairs;
  };

  /** The markup: the form that editors keep, or the element. Neither is empty: editors remove that. */
  const markup = (tag, found) => {
    const written = (pairs) =>
      pairs.map(([name, text]) => (text || name !== "readonly" ? ` ${name}="${escaped(text)}"` : ` ${name}`)).join("");
    const isEnglish = find("language").value === "en";
    const text = KEPT[tag][isEnglish ? 2 : 1];
    if (find("element").checked) return `<${tag}${written(found)}>${text}</${tag}>`;
    const name = isNumber(tag) ? "span" : "div";
    const label = new Map(found).get("label") ?? (isEnglish ? "views" : "lượt xem");
    const word = tag === "stats-views" && label ? ` ${escaped(label)}` : "";
    return `<${name}${written(kept(tag, found))}>${text}</${name}>${word}`;
  };

  /** The address of a link that becomes the widget, for editors that keep no attributes. */
  const address = (tag, found) =>
    `#${kept(tag, found)
      .map(([name, text]) => `${name}=${encodeURIComponent(text).replaceAll("%20", "+").replaceAll("%2F", "/")}`)
      .join("&")}`;

  const styles = (tag) =>
    [...form.querySelectorAll("[data-property]")]
      .filter((input) => input.closest("[data-for]").dataset.for.split(" ").includes(tag))
      .map((input) => [input.dataset.property, looks.get(input.dataset.property)])
      .filter(([, text]) => text);

  /** Put the widget into the frame's page; an element that is there already is changed. */
  const preview = (tag, found) => {
    const document = frame.contentDocument;
    const stage = document?.getElementById("stage");
    if (!stage) return;
    document.documentElement.dataset.page = page;
    const language = find("language").value || "vi";
    let element = stage.querySelector(tag);
    if (!element || document.documentElement.lang !== language) {
      document.documentElement.lang = language;
      element = document.createElement(tag);
      for (const [name, text] of found) element.setAttribute(name, text);
      const text = isNumber(tag);
      const place = text ? document.createElement("p") : stage;
      place.replaceChildren(element);
      if (text) stage.replaceChildren(place);
    } else {
      for (const name of element.getAttributeNames()) {
        if (name !== "state" && !found.some(([other]) => other === name)) element.removeAttribute(name);
      }
      for (const [name, said] of found) {
        if (element.getAttribute(name) !== said) element.setAttribute(name, said);
      }
    }
    for (const input of form.querySelectorAll("[data-property]")) {
      element.style.removeProperty(input.dataset.property);
    }
    for (const [name, text] of styles(tag)) element.style.setProperty(name, text);
  };

  const show = () => {
    const tag = chosen();
    for (const part of form.querySelectorAll("[data-for]")) {
      part.hidden = !part.dataset.for.split(" ").includes(tag);
    }
    find("article").closest(".field").hidden = !takesArticle(tag);
    for (const part of form.querySelectorAll("[data-of]")) {
      part.hidden = (part.dataset.of === "document") !== isDocument(tag);
    }
    find("word").disabled = find("wordless").checked;
    for (const part of form.querySelectorAll("[data-label-of]")) {
      part.hidden = !rows.includes(part.dataset.labelOf);
    }
    for (const box of form.elements.row) {
      const at = rows.indexOf(box.value);
      box.parentElement.querySelector(".order").textContent = at < 0 ? "" : at + 1;
    }
    const found = attributes(tag);
    find("markup").textContent = markup(tag, found);
    find("link-address").textContent = address(tag, found);
    const own = styles(tag);
    builder.querySelector("[data-styles]").hidden = !own.length;
    const host = tag === "stats-visits" ? `${tag}, [data-stats="visits"]` : tag;
    find("styles").textContent = `${host} { ${own.map(([name, text]) => `${name}: ${text}`).join("; ")} }`;
    preview(tag, found);
  };

  const press = (name, pressed) => {
    for (const button of builder.querySelectorAll(`button[data-${name}]`)) {
      button.setAttribute("aria-pressed", String(button.dataset[name] === pressed));
    }
  };

  form.addEventListener("input", (event) => {
    const target = /** @type {PageElement} */ (event.target);
    if (target.name === "row") {
      rows = rows.filter((row) => row !== target.value);
      if (target.checked) rows.push(target.value);
      if (!rows.length) {
        // A block without rows would be the usual one.
        target.checked = true;
        rows = [target.value];
      }
    }
    if (target.dataset.property) {
      const isOn = target.type === "color" || target.checked;
      if (isOn) looks.set(target.dataset.property, target.value);
      else looks.delete(target.dataset.property);
    }
    show();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => {
    const tag = chosen();
    rows = ["total", "online", "today"];
    looks.clear();
    // The fields have their first values only after the event.
    setTimeout(() => {
      form.elements.widget.value = tag;
      show();
    });
  });
  builder.addEventListener("click", (event) => {
    const target = /** @type {PageElement} */ (event.target);
    if (target.dataset.page) {
      page = target.dataset.page;
      press("page", page);
      show();
    }
    if (target.dataset.numbers) {
      const numbers = target.dataset.numbers;
      press("numbers", numbers);
      builder.querySelector("[data-sample]").hidden = numbers !== "sample";
      frame.src = `${frame.dataset.preview}?numbers=${numbers}`;
    }
  });

  const fit = () => {
    const { contentDocument: shown, contentWindow: view } = frame;
    const stage = shown?.getElementById("stage");
    if (!stage) return;
    show();
    new view.ResizeObserver(() => {
      frame.style.height = `${Math.max(90, stage.scrollHeight)}px`;
    }).observe(stage);
  };
  frame.addEventListener("load", fit);
  document.querySelector("[data-list]").hidden = true;
  builder.hidden = false;
  if (frame.contentDocument?.readyState === "complete") fit();
  show();
})();
