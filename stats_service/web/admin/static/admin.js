// What pages do beyond forms and links: copy, ask before a removal, live numbers.
// Every page works without it.
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const text = source.value ?? source.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without HTTPS there is no clipboard: select the text, so that Ctrl-C copies it.
      if (source.select) source.select();
      else /** @type {Selection} */ (getSelection()).selectAllChildren(source);
      return;
    }
    const before = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = before; }, 1600);
  });
}

// What an action has done: screen readers tell what changes on a page, not what it came with.
addEventListener("load", () => setTimeout(() => {
  for (const note of document.querySelectorAll("[data-told]")) note.replaceChildren(note.textContent);
}, 500));

for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.confirm)) event.preventDefault();
  });
}

// A folded section that the address leads to.
const openTarget = () => {
  const place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (place) place.closest("details")?.setAttribute("open", "");
};
addEventListener("hashchange", openTarget);
openTarget();

// The menu of a phone; without JavaScript it is always open there.
const menuButton = document.getElementById("menu-button");
if (menuButton) {
  const isOpen = () => menuButton.getAttribute("aria-expanded") === "true";
  menuButton.addEventListener("click", () => menuButton.setAttribute("aria-expanded", String(!isOpen())));
  menuButton.closest(".side").addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    menuButton.setAttribute("aria-expanded", "false");
    menuButton.focus();
  });
}

// On paper nothing can be opened.
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll(".happened-fold")) fold.setAttribute("open", "");
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// A drawing as a picture, twice as large as it is shown, for programs that take no drawing.
for (const button of document.querySelectorAll("[data-png]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const drawing = new Image();
    drawing.src = button.dataset.png;
    await drawing.decode();
    const canvas = document.createElement("canvas");
    canvas.width = drawing.naturalWidth * 2;
    canvas.height = drawing.naturalHeight * 2;
    canvas.getContext("2d")?.drawImage(drawing, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((picture) => {
      if (!picture) return; // the browser draws nothing as large as this
      const link = document.createElement("a");
      link.href = URL.createObjectURL(picture);
      link.download = button.dataset.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    });
  });
}

// A page of work that goes on: look again, until it is over.
const working = document.querySelector("[data-reload]");
if (working) setTimeout(() => location.reload(), Number(working.dataset.reload));

// A file that the service would refuse for its size need not be sent first.
for (const input of document.querySelectorAll("[data-max-bytes]")) {
  input.addEventListener("change", () => {
    const tooLarge = [...input.files].some((file) => file.size > Number(input.dataset.maxBytes));
    input.setCustomValidity(tooLarge ? input.dataset.tooLarge : "");
    // One of several files on a page would be lost with the others' form.
    if (input.reportValidity() && input.files.length && "atOnce" in input.dataset) input.form.requestSubmit();
  });
}

// Fields that only some choices of a list need.
for (const list of document.querySelectorAll("select[data-shows]")) {
  const fields = list.form.querySelectorAll("[data-shown-for]");
  const show = () => {
    for (const field of fields) field.hidden = !field.dataset.shownFor.split(" ").includes(list.value);
  };
  list.addEventListener("change", show);
  show();
}

// The live numbers: every 15 seconds (where one waits for the first, every 3) while the page is looked at.
const live = document.querySelector("[data-live]");
if (live) {
  const format = new Intl.NumberFormat(document.documentElement.lang);
  // A new site waits for its first view, and tells once when it came.
  const first = live.querySelector("[data-first]");
  const tellFirst = (views) => {
    if (!first || !first.hidden || !views) return;
    const time = new Date().toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" });
    first.textContent = first.dataset.first.replace("{time}", time);
    first.hidden = false;
    live.classList.add("good");
    live.querySelector("[data-before-first]").hidden = true;
  };
  const refresh = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(live.dataset.live, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const numbers = await answer.json();
      tellFirst(numbers.views);
      for (const [name, n] of Object.entries(numbers)) {
        const place = live.querySelector(`[data-number="${name}"]`);
        if (place) place.textContent = format.format(n);
      }
    } catch {
      // The numbers on the page stay; the next round may succeed.
    }
  };
  setInterval(refresh, first ? 3000 : 15000);
  document.addEventListener("visibilitychange", refresh);
}

// A field that leaves of a list what contains its words, with or without their accents.
const plain = (text) =>
  text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replaceAll("đ", "d");
for (const field of document.querySelectorAll("[data-filter]")) {
  field.parentElement.hidden = false;
  field.addEventListener("input", () => {
    const words = plain(field.value).split(/\s+/);
    for (const row of document.querySelectorAll(`#${field.dataset.filter} > *`)) {
      const text = plain(row.textContent);
      row.hidden = !words.every((word) => text.includes(word));
    }
  });
}

// The short name that an empty field would get, as the name is typed; the service makes the same.
for (const slug of document.querySelectorAll("[data-slug-of]")) {
  const name = document.querySelector(`#${slug.dataset.slugOf}`);
  const usual = slug.placeholder;
  name.addEventListener("input", () => {
    slug.placeholder = plain(name.value).replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 30) || usual;
  });
}
