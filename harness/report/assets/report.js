// Draws each plot of a page from the JSON of its group. uPlot is in this file as well: nothing is loaded.
"use strict";
(() => {
  const HEIGHT = 170;
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const stroke = (curve) => colour(`--${curve.style}`);
  const shaded = new Map([["fault", "--band-fault"], ["symptoms", "--band-fault"], ["response", "--band-response"]]);

  // A hook that draws with `paint(plot, ctx)` inside the plot's own area.
  function inside(paint) {
    return (plot) => {
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash([]);
      paint(plot, ctx);
      ctx.restore();
    };
  }

  function line(ctx, fromX, fromY, toX, toY) {
    ctx.beginPath();
    ctx.moveTo(fromX, fromY);
    ctx.lineTo(toX, toY);
    ctx.stroke();
  }

  const bands = (phases) => inside((plot, ctx) => {
    for (const phase of phases.filter((each) => shaded.has(each.name))) {
      const left = plot.valToPos(phase.begin_s, "x", true);
      ctx.fillStyle = colour(shaded.get(phase.name));
      ctx.fillRect(left, plot.bbox.top, plot.valToPos(phase.end_s, "x", true) - left, plot.bbox.height);
    }
  });

  const limits = (source) => inside((plot, ctx) => {
    ctx.strokeStyle = colour("--limit");
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    for (const limit of source.limits) {
      const y = plot.valToPos(limit.value, "y", true);
      line(ctx, plot.bbox.left, y, plot.bbox.left + plot.bbox.width, y);
    }
  });

  const marks = (all) => inside((plot, ctx) => {
    ctx.strokeStyle = colour("--faint");
    for (const mark of all) {
      const x = plot.valToPos(mark.at_s, "x", true);
      line(ctx, x, plot.bbox.top, x, plot.bbox.top + plot.bbox.height);
    }
  });

  // Intervals: a bar at each dot, which goes to the edge where it is open, or a band along a line.
  const intervals = (source) => inside((plot, ctx) => {
    for (const curve of source.curves) {
      const known = curve.intervals.map(([low, high], index) => ({ x: plot.valToPos(source.at[index], "x", true), low, high })).filter((each) => each.low != null);
      const y = (value) => (value == null ? plot.bbox.top : plot.valToPos(value, "y", true));
      ctx.strokeStyle = ctx.fillStyle = stroke(curve);
      if (curve.dots) {
        known.forEach((each) => line(ctx, each.x, y(each.low), each.x, y(each.high)));
      } else if (known.length) {
        ctx.globalAlpha = 0.25;
        ctx.beginPath();
        known.forEach((each) => ctx.lineTo(each.x, y(each.low)));
        known.reverse().forEach((each) => ctx.lineTo(each.x, y(each.high)));
        ctx.closePath();
        ctx.fill();
        ctx.stroke();
        ctx.globalAlpha = 1;
      }
    }
  });

  // Writes the values under the cursor behind the names in the legend.
  function readout(figure, group, source) {
    const values = figure.querySelectorAll(".value");
    const at = figure.querySelector(".at");
    return (plot) => {
      const index = plot.cursor.idx;
      at.textContent = index == null ? "" : `at ${group.names.length ? group.names[source.at[index]] : `${source.at[index]} s`}`;
      source.curves.forEach((curve, number) => {
        const value = index == null ? null : curve.values[index];
        values[number].textContent = value == null ? "" : `${value} ${source.unit}`;
      });
    };
  }

  function series(curve, source) {
    const dots = curve.dots ? { show: true, size: curve.style === "second" ? 5 : 7, fill: stroke(curve) } : { show: false };
    return {
      label: curve.name, stroke: stroke(curve), width: curve.style === "second" ? 1 : 2, dash: curve.style === "control" ? [6, 4] : [],
      spanGaps: source.unit !== "ms" && source.unit !== "/s", points: dots, ...(curve.dots ? { paths: () => null } : {}),
    };
  }

  // The vertical range: all values and limits, and what the plot asks for; intervals beyond it are cut.
  function range(source) {
    const more = [...source.within, ...source.limits.map((each) => each.value)];
    return (_, low, high) => {
      const ends = [Math.min(low ?? Infinity, ...more), Math.max(high ?? -Infinity, ...more)].map((each) => (Number.isFinite(each) ? each : 0));
      const room = 0.08 * Math.max(ends[1] - ends[0], 1e-9);
      return [ends[0] === 0 ? 0 : ends[0] - room, ends[1] + room];
    };
  }

  function ticks(group) {
    if (!group.ticks.length) return { values: (_, splits) => splits.map((each) => `${each} s`) };
    return { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000], space: 40, values: (_, splits) => splits.map((each) => group.ticks[each] ?? "") };
  }

  function draw(place, group, source) {
    const axis = { stroke: colour("--faint"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") }, font: "12px system-ui, sans-serif" };
    const options = {
      width: place.clientWidth, height: HEIGHT, cursor: { sync: { key: group.id } }, legend: { show: false },
      scales: { x: { time: false, range: [group.begin, group.end] }, y: { range: range(source) } },
      axes: [{ ...axis, ...ticks(group) }, { ...axis, size: 56, values: (_, splits) => splits.map((each) => each.toLocaleString("en")) }],
      series: [{}, ...source.curves.map((curve) => series(curve, source))],
      hooks: { drawClear: [bands(group.phases)], draw: [intervals(source), limits(source), marks(group.marks)], setCursor: [readout(place.closest("figure"), group, source)] },
    };
    return new uPlot(options, [source.at, ...source.curves.map((curve) => curve.values)], place);
  }

  function drawAll() {
    const plots = [];
    for (const source of document.querySelectorAll("script[data-group]")) {
      const group = JSON.parse(source.textContent);
      const places = document.querySelectorAll(`.plot[data-of="${CSS.escape(source.dataset.group)}"]`);
      places.forEach((place, number) => { place.replaceChildren(); plots.push([place, draw(place, group, group.plots[number])]); });
    }
    return plots;
  }

  let plots = drawAll();
  addEventListener("resize", () => plots.forEach(([place, plot]) => plot.setSize({ width: place.clientWidth, height: HEIGHT })));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { plots = drawAll(); });
  addEventListener("beforeprint", () => plots.forEach(([place, plot]) => plot.setSize({ width: Math.min(place.clientWidth, 680), height: 150 })));
})();
