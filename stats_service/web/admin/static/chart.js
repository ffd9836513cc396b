// Charts that answer: a read-out for mouse, finger and keyboard, and a part chosen by dragging.
// Drawn by uPlot out of the table beside the chart; without this file, and on paper, the picture
// that the server drew stays.
"use strict";

(() => {
  //: Points between two names below the chart, the least that leaves room is taken.
  const STEPS = {
    hour: [1, 2, 3, 6, 12, 24, 48, 72, 168],
    day: [1, 2, 3, 7, 14, 28, 56, 91, 182, 364],
    week: [1, 2, 4, 8, 13, 26, 52],
    month: [1, 2, 3, 6, 12, 24, 60],
  };
  const NAME_WIDTH = 52;
  //: Points by day from which on months have names below the chart.
  const LONG_DAYS = 300;
  const DASHES = { before: [4, 4], tail: [2, 4] };
  const format = new Intl.NumberFormat(document.documentElement.lang);

  const element = (tag, className, text = "") =>
    Object.assign(document.createElement(tag), { className, textContent: text });

  // A count as the page writes it; null where there is none yet.
  const number = (text) => (/\d/.test(text) ? Number(text.replace(/\D/g, "")) : null);

  // What the table says: the names of the points, and of each line its numbers and its kind.
  const read = (table) => {
    const rows = [...table.tBodies[0].rows];
    const lines = [...table.tHead.rows[0].cells].slice(1).map((head, n) => ({
      name: head.textContent,
      kind: head.dataset.line ?? "",
      values: rows.map((row) => number(row.cells[n + 1].textContent)),
    }));
    return { names: rows.map((row) => row.cells[0].textContent), lines };
  };

  // The colours of the page's style sheet, as they are at the moment.
  const colour = (chart, name) => () => getComputedStyle(chart).getPropertyValue(`--${name}`).trim();

  // The first day of a point, as an ISO date.
  const dayOf = (table, allNames, point) => {
    const { first, unit } = table.dataset;
    if (!point) return first;
    const [year, month, day] = first.split("-").map(Number);
    const monday = day - ((new Date(first).getUTCDay() + 6) % 7);
    // Not every day has 24 hours: the names tell how many days have begun.
    const names = allNames.slice(0, point + 1).map((name) => name.split(",")[1]);
    const days = { hour: day + new Set(names).size - 1, day: day + point, week: monday + 7 * point, month: 1 };
    const date = Date.UTC(year, month - 1 + (unit === "month" ? point : 0), days[unit]);
    return new Date(date).toISOString().slice(0, 10);
  };

  // A day before the one that `point` begins with.
  const lastDayBefore = (table, names, point) =>
    new Date(Date.parse(dayOf(table, names, point)) - 86400000).toISOString().slice(0, 10);

  // Of a long span by day the months have names, as in the picture of the server.
  const shortName = (name, unit, single, long) => {
    if (unit === "month" || (unit === "hour" && single)) return name.split(",")[0];
    const pattern = long ? /\d\d\/\d{4}$|[A-Z][a-z]+ \d{4}$/ : /\d\d\/\d\d|\d+ [A-Z][a-z]+/;
    return (pattern.exec(name) ?? [name])[0];
  };

  // What happened, by the point of the chart that it belongs to: its number, and the words.
  const happened = (chart) => {
    const found = new Map();
    for (const row of chart.parentElement.querySelectorAll("[data-flags] [data-point]")) {
      const [badge, day, text] = row.children;
      const point = Number(row.dataset.point);
      const known = found.get(point) ?? { number: badge.textContent, texts: [] };
      known.texts.push(`${day.textContent}: ${text.textContent}`);
      found.set(point, known);
    }
    return found;
  };

  function draw(chart, table, { names, lines }) {
    const { unit } = table.dataset;
    const single = unit === "hour" && names.length <= 24;
    const last = names.length - 1;
    const drawn = lines.filter((line) => line.kind);
    // What is not over yet is drawn dotted: a line of its own for the last step.
    const begun = Number(table.dataset.begun ?? 0);
    const apart = begun > 1;
    const series = [];
    const add = (line, values, more) => {
      const ink = colour(chart, `chart-${line.kind}`);
      series.push({ values, line, options: { label: line.name, stroke: ink, width: 2, points: { show: last < 2 }, ...more } });
    };
    for (const line of drawn) {
      const former = line.kind === "before";
      const whole = apart && !former ? line.values.map((n, at) => (at < begun - 1 ? n : null)) : line.values;
      const fill = former ? undefined : colour(chart, `chart-${line.kind}-soft`);
      add(line, whole, { fill, dash: former ? DASHES.before : undefined, width: former ? 1.5 : 2 });
      if (whole !== line.values) {
        add(line, line.values.map((n, at) => (at >= begun - 2 ? n : null)), { dash: DASHES.tail });
      }
    }

    const flags = happened(chart);
    const tip = chart.querySelector(".tip");
    const line = (name, value) => {
      const row = element("span", "");
      row.append(element("span", "muted", name), element("b", "", value));
      return row;
    };
    const tell = (plot) => {
      const at = plot.cursor.idx;
      tip.hidden = at == null;
      if (at == null) return;
      tip.replaceChildren(
        element("strong", "", names[at]),
        ...lines.map((one) => line(one.name, one.values[at] === null ? "–" : format.format(one.values[at]))),
        ...(flags.get(at)?.texts ?? []).map((text) => element("span", "happening", text)),
      );
      const begin = plot.over.offsetLeft;
      const place = begin + plot.valToPos(at, "x");
      const left = place > chart.clientWidth / 2 ? place - tip.offsetWidth - 14 : place + 14;
      tip.style.left = `${Math.max(0, Math.min(left, chart.clientWidth - tip.offsetWidth))}px`;
    };
    // The part that was dragged over becomes the page's range.
    const choose = (plot) => {
      const from = Math.max(0, Math.round(plot.posToVal(plot.select.left, "x")));
      const to = Math.min(last, Math.round(plot.posToVal(plot.select.left + plot.select.width, "x")));
      plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
      if (!("choose" in chart.dataset) || to - from < 1) return;
      const end = unit === "hour" ? dayOf(table, names, to) : lastDayBefore(table, names, to + 1);
      const range = { from: dayOf(table, names, from), to: end };
      if (from === 0 && to === last) return;
      const compare = new URLSearchParams(location.search).get("compare");
      location.assign(`?${new URLSearchParams(compare ? { ...range, compare } : range)}`);
    };

    // A line and its number where something happened, above everything.
    const drawFlags = (plot) => {
      const { ctx, bbox } = plot;
      const ink = colour(chart, "muted")();
      const scale = devicePixelRatio;
      ctx.save();
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.font = `bold ${11 * scale}px ${getComputedStyle(chart).fontFamily}`;
      for (const [point, { number: told }] of flags) {
        const x = plot.valToPos(point, "x", true);
        ctx.strokeStyle = ctx.fillStyle = ink;
        ctx.lineWidth = scale;
        ctx.setLineDash([scale, 3 * scale]);
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
        ctx.beginPath();
        ctx.arc(x, bbox.top, 9 * scale, 0, 2 * Math.PI);
        ctx.fill();
        ctx.fillStyle = colour(chart, "surface")();
        ctx.fillText(told, x, bbox.top + scale / 2);
      }
      ctx.restore();
    };

    const ticks = (plot) => {
      const room = Math.max(1, Math.floor(plot.over.clientWidth / NAME_WIDTH));
      const wanted = Math.ceil(names.length / room);
      const step = (STEPS[unit] ?? STEPS.day).find((n) => n >= wanted) ?? wanted;
      return names.map((_, at) => at).filter((at) => at % step === 0);
    };
    const axis = { stroke: colour(chart, "muted"), font: `12px ${getComputedStyle(chart).fontFamily}` };
    const grid = (name) => ({ stroke: colour(chart, name), width: 1 });
    const size = () => ({
      width: chart.clientWidth,
      height: chart.querySelector(".plot, .uplot").clientHeight || 280,
    });
    const options = {
      ...size(),
      padding: [12, unit === "month" ? 28 : 18, 0, 0],
      legend: { show: false },
      scales: { x: { time: false, range: (_, min, max) => [min, Math.max(max, min + 1)] }, y: { range: (_, __, max) => [0, Math.max(4, max * 1.05)] } },
      cursor: { y: false, drag: { x: "choose" in chart.dataset, setScale: false }, points: { size: 8 } },
      axes: [
        { ...axis, size: 34, grid: { show: false }, ticks: grid("line-strong"), splits: ticks,
          values: (_, splits) => splits.map((at) => shortName(names[at], unit, single, unit === "day" && last > LONG_DAYS)) },
        { ...axis, grid: grid("line"), ticks: { show: false }, gap: 6, size: (_, values) => 18 + 7.2 * Math.max(3, ...(values ?? []).map((text) => text.length)),
          incrs: [1, 2, 5, 10, 20, 50].flatMap((n) => [1, 100, 1e4, 1e6, 1e8].map((m) => n * m)).sort((a, b) => a - b),
          values: (_, splits) => splits.map((n) => format.format(n)) },
      ],
      series: [{}, ...series.map((one) => one.options)],
      hooks: { setCursor: [tell], setSelect: [choose], draw: [drawFlags] },
    };

    const data = [names.map((_, at) => at), ...series.map((one) => one.values)];
    const plot = new uPlot(options, data, chart);
    chart.classList.add("drawn");

    const point = (at) => {
      const place = plot.valToPos(at, "x");
      plot.setCursor({ left: place, top: plot.over.clientHeight / 2 });
    };
    // A finger: uPlot itself listens to the mouse alone.
    for (const type of ["pointerdown", "pointermove"]) {
      plot.over.addEventListener(type, (event) => {
        if (event.pointerType === "mouse") return;
        plot.setCursor({ left: event.clientX - plot.over.getBoundingClientRect().left, top: 10 });
      });
    }
    chart.tabIndex = 0;
    chart.addEventListener("keydown", (event) => {
      const now = plot.cursor.idx ?? -1;
      const steps = { ArrowRight: now + 1, ArrowLeft: now < 0 ? last : now - 1, Home: 0, End: last, PageUp: now - 7, PageDown: now + 7 };
      if (event.key === "Escape") plot.setCursor({ left: -10, top: -10 });
      if (!(event.key in steps)) return;
      event.preventDefault();
      // Read out what keys ask for; a moving mouse would only make noise.
      tip.setAttribute("aria-live", "polite");
      point(Math.max(0, Math.min(last, steps[event.key])));
    });
    chart.addEventListener("blur", () => plot.setCursor({ left: -10, top: -10 }));

    new ResizeObserver(() => plot.setSize({ ...size(), height: plot.height })).observe(chart);
    const repaint = () => plot.redraw(false);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);

    // Each line can be taken away, so that the others use the height.
    for (const key of chart.parentElement.querySelectorAll("[data-key]")) {
      const button = element("button", "key-button");
      button.type = "button";
      button.append(...key.childNodes);
      button.setAttribute("aria-pressed", "true");
      key.append(button);
      button.addEventListener("click", () => {
        const shown = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(shown));
        series.forEach((one, n) => {
          if (one.line.kind === key.dataset.key) plot.setSeries(n + 1, { show: shown });
        });
      });
    }
  }

  // A table of many points has a row for many of them: they come when somebody comes to the chart.
  const drawLater = (chart, table) => {
    const place = chart.parentElement;
    chart.tabIndex = 0;
    const begin = async () => {
      for (const type of ["pointerover", "focusin"]) place.removeEventListener(type, begin);
      try {
        const answer = await fetch(table.dataset.points, { headers: { Accept: "application/json" } });
        if (answer.ok) draw(chart, table, await answer.json());
      } catch {
        // The picture stays.
      }
    };
    for (const type of ["pointerover", "focusin"]) place.addEventListener(type, begin);
  };

  for (const chart of document.querySelectorAll("[data-chart]")) {
    const table = chart.parentElement.querySelector("[data-series]");
    if (table.dataset.points) drawLater(chart, table);
    else draw(chart, table, read(table));
  }
})();
