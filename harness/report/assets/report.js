// Draws each chart of the report from the JSON in its element. uPlot is in this file as well: nothing is loaded.
"use strict";
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const thin = (line) => /^P\d/.test(line.name) && line.name !== "P95";
  const stroke = (line) => colour(line.side === "control" ? "--control" : thin(line) ? "--second" : "--treatment");
  const dash = (line) => (line.side === "control" ? [6, 4] : []);

  function bands(phases, names) {
    return (plot) => {
      const { ctx, bbox } = plot;
      ctx.save();
      for (const phase of phases.filter((each) => names.has(each.name))) {
        const left = Math.max(bbox.left, plot.valToPos(phase.begin_s, "x", true));
        const right = Math.min(bbox.left + bbox.width, plot.valToPos(phase.end_s, "x", true));
        ctx.fillStyle = colour(names.get(phase.name));
        if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
      }
      ctx.restore();
    };
  }

  function limits(chart) {
    return (plot) => {
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.strokeStyle = colour("--limit");
      ctx.lineWidth = 1.5 * devicePixelRatio;
      ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
      for (const limit of chart.limits) {
        const y = plot.valToPos(limit.value, "y", true);
        if (y < bbox.top || y > bbox.top + bbox.height) continue;
        ctx.beginPath();
        ctx.moveTo(bbox.left, y);
        ctx.lineTo(bbox.left + bbox.width, y);
        ctx.stroke();
      }
      ctx.restore();
    };
  }

  function marks(all) {
    return (plot) => {
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.strokeStyle = colour("--faint");
      ctx.lineWidth = devicePixelRatio;
      for (const mark of all) {
        const x = plot.valToPos(mark.at_s, "x", true);
        if (x < bbox.left || x > bbox.left + bbox.width) continue;
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
      }
      ctx.restore();
    };
  }

  // Writes the values under the cursor behind the names in the legend.
  function readout(figure, chart) {
    const values = figure.querySelectorAll(".value");
    const at = figure.querySelector(".at");
    return (plot) => {
      const index = plot.cursor.idx;
      at.textContent = index == null ? "" : `at ${chart.times_s[index]} s`;
      chart.lines.forEach((line, number) => {
        const value = index == null ? null : line.values[index];
        values[number].textContent = value == null ? "" : `${value} ${chart.unit}`;
      });
    };
  }

  function draw(place, drill, chart) {
    const axis = { stroke: colour("--faint"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") }, font: "12px system-ui, sans-serif" };
    const shaded = new Map([["fault", "--band-fault"], ["symptoms", "--band-fault"], ["response", "--band-response"]]);
    const highest = Math.max(0, ...chart.limits.map((each) => each.value));
    const options = {
      width: place.clientWidth, height: 170, cursor: { sync: { key: drill.id } }, legend: { show: false },
      scales: { x: { time: false, range: [drill.begin_s, drill.end_s] }, y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(high ?? 0, highest, 1e-9) * 1.08] } },
      axes: [{ ...axis, values: (_, ticks) => ticks.map((each) => `${each} s`) }, { ...axis, size: 56, values: (_, ticks) => ticks.map((each) => each.toLocaleString("en")) }],
      series: [{}, ...chart.lines.map((line) => ({ label: `${line.name} ${line.side}`, stroke: stroke(line), width: thin(line) ? 1 : 2, dash: dash(line), spanGaps: chart.unit !== "ms" && chart.unit !== "/s", points: { show: false } }))],
      hooks: { drawClear: [bands(drill.phases, shaded)], draw: [limits(chart), marks(drill.marks)], setCursor: [readout(place.closest("figure"), chart)] },
    };
    return new uPlot(options, [chart.times_s, ...chart.lines.map((line) => line.values)], place);
  }

  function drawAll() {
    const plots = [];
    for (const source of document.querySelectorAll("script[data-drill]")) {
      const drill = JSON.parse(source.textContent);
      const places = document.querySelectorAll(`.plot[data-of="${CSS.escape(source.dataset.drill)}"]`);
      places.forEach((place, number) => { place.replaceChildren(); plots.push([place, draw(place, drill, drill.charts[number])]); });
    }
    return plots;
  }

  let plots = drawAll();
  addEventListener("resize", () => plots.forEach(([place, plot]) => plot.setSize({ width: place.clientWidth, height: 170 })));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { plots = drawAll(); });
  addEventListener("beforeprint", () => plots.forEach(([place, plot]) => plot.setSize({ width: Math.min(place.clientWidth, 680), height: 150 })));
})();
