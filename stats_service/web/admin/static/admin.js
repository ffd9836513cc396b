// What pages do beyond forms and links: copy, ask before a removal, live numbers, chart hints.
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
      else getSelection().selectAllChildren(source);
      return;
    }
    const before = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = before; }, 1600);
  });
}

for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.confirm)) event.preventDefault();
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// The live numbers: every 15 seconds while the page is looked at.
const live = document.querySelector("[data-live]");
if (live) {
  const format = new Intl.NumberFormat(document.documentElement.lang);
  const refresh = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(live.dataset.live, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      for (const [name, n] of Object.entries(await answer.json())) {
        const place = live.querySelector(`[data-number="${name}"]`);
        if (place) place.textContent = format.format(n);
      }
    } catch {
      // The numbers on the page stay; the next round may succeed.
    }
  };
  setInterval(refresh, 15000);
  document.addEventListener("visibilitychange", refresh);
}

// A chart's hint: the row of the table below that belongs to the place under the pointer.
for (const chart of document.querySelectorAll("[data-chart]")) {
  const table = chart.parentElement.querySelector("[data-series]");
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
  const rows = table.tBodies[0].rows;
  const tip = chart.querySelector(".tip");
  const hair = chart.querySelector(".hair");
  const line = (name, value) => {
    const row = document.createElement("span");
    for (const text of [name, value]) row.append(Object.assign(document.createElement("b"), { textContent: text }));
    row.firstChild.className = "muted";
    return row;
  };
  const show = (event) => {
    const box = chart.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const at = Math.round(share * (rows.length - 1));
    const cells = rows[at].cells;
    const title = Object.assign(document.createElement("strong"), { textContent: cells[0].textContent });
    tip.replaceChildren(title, ...heads.slice(1).map((head, n) => line(head, cells[n + 1].textContent)));
    tip.hidden = false;
    const x = rows.length > 1 ? at / (rows.length - 1) : 0.5;
    const left = x * box.width + (x > 0.5 ? -tip.offsetWidth - 12 : 12);
    tip.style.left = `${Math.max(0, Math.min(left, box.width - tip.offsetWidth))}px`;
    hair.setAttribute("x1", `${x * 100}%`);
    hair.setAttribute("x2", `${x * 100}%`);
    hair.style.visibility = "visible";
  };
  chart.addEventListener("pointermove", show);
  chart.addEventListener("pointerleave", () => {
    tip.hidden = true;
    hair.style.visibility = "hidden";
  });
}
