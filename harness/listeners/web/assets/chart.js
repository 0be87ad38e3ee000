// Draws both sides of a drill over time: one plot per quantity of a load series. Values come from the feed.
const HEIGHT = 170;
const QUANTITIES = [
  { key: "p50", title: "P50 latency", unit: "ms", index: 0, onlyWithLimit: true },
  { key: "p95", title: "P95 latency", unit: "ms", index: 1 },
  { key: "p99", title: "P99 latency", unit: "ms", index: 2, onlyWithLimit: true },
  { key: "bad", title: "bad arrivals", unit: "%", index: 3 },
  { key: "rate", title: "arrivals", unit: "/s", index: 4 },
];
const SIDES = ["treatment", "control"];
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export const shown = (value, unit) => (value == null ? "no data" : `${value >= 100 ? Math.round(value) : Math.round(value * 10) / 10} ${unit}`);

function figure(place, title) {
  const element = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = title;
  const plot = document.createElement("div");
  plot.className = "plot";
  plot.setAttribute("role", "img");
  const legend = document.createElement("ul");
  legend.className = "legend";
  element.append(caption, plot, legend);
  place.append(element);
  return { element, plot, legend };
}

function entry(legend, className, name) {
  const item = document.createElement("li");
  item.className = className;
  const key = document.createElement("span");
  key.className = "key";
  const value = document.createElement("span");
  value.className = "value";
  item.append(key, name, value);
  legend.append(item);
  return value;
}

// One plot of one quantity: `limits` are the objectives on it, `bands` the times of the fault and of the response.
class Quantity {
  constructor(place, series, quantity) {
    Object.assign(this, quantity);
    this.limits = [];
    this.bands = [];
    const made = figure(place, `${series}: ${quantity.title}`);
    this.place = made.plot;
    this.legend = made.legend;
    this.values = SIDES.map((side) => entry(made.legend, `of-${side}`, side));
  }

  draw(data, zero) {
    if (this.plot) this.plot.setData(data);
    else this.plot = new uPlot(this.options(zero), data, this.place);
    const last = SIDES.map((side, index) => data[index + 1].findLast((value) => value != null));
    this.values.forEach((value, index) => { value.textContent = shown(last[index], this.unit); });
    const limits = this.limits.map((limit) => `objective ${limit.text}`);
    this.place.setAttribute("aria-label", [...SIDES.map((side, index) => `${side} ${shown(last[index], this.unit)}`), ...limits].join(", "));
  }

  limit(limits) {
    if (JSON.stringify(limits) === JSON.stringify(this.limits)) return;
    this.limits = limits;
    this.legend.querySelectorAll(".limit").forEach((each) => each.remove());
    limits.forEach((limit) => entry(this.legend, "limit", limit.text));
    this.forget();
  }

  forget() {
    this.plot?.destroy();
    this.plot = null;
  }

  resize() {
    this.plot?.setSize({ width: this.place.clientWidth, height: HEIGHT });
  }

  options(zero) {
    const axis = { stroke: colour("--faint"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") }, font: "12px system-ui, sans-serif" };
    const series = SIDES.map((side) => ({ label: side, stroke: colour(`--${side}`), width: 2, dash: side === "control" ? [6, 4] : [], points: { show: false } }));
    return {
      width: this.place.clientWidth, height: HEIGHT, legend: { show: false }, cursor: { sync: { key: "gameday" } },
      scales: { x: { time: false }, y: { range: (_, low, high) => this.range(high) } },
      axes: [{ ...axis, values: (_, all) => all.map((each) => `${each} s`) }, { ...axis, size: 56, values: (_, all) => all.map((each) => each.toLocaleString("en")) }],
      series: [{}, ...series],
      hooks: { drawClear: [(plot) => this.shade(plot)], draw: [(plot) => this.rule(plot)] },
    };
  }

  range(high) {
    const top = Math.max(high ?? 0, ...this.limits.map((limit) => limit.value), this.unit === "%" ? 1 : 0, 1e-9);
    return [0, top * 1.1];
  }

  shade({ ctx, bbox, valToPos }) {
    for (const band of this.bands) {
      const edges = [band.from, band.to].map((at) => Math.min(Math.max(valToPos(at, "x", true), bbox.left), bbox.left + bbox.width));
      ctx.fillStyle = colour(band.colour);
      ctx.fillRect(edges[0], bbox.top, edges[1] - edges[0], bbox.height);
    }
  }

  rule({ ctx, bbox, valToPos }) {
    ctx.save();
    ctx.strokeStyle = colour("--limit");
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    for (const limit of this.limits) {
      const y = valToPos(limit.value, "y", true);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  }
}

export class Charts {
  constructor(place) {
    this.place = place;
    this.quantities = new Map();
    addEventListener("resize", () => this.quantities.forEach((each) => each.resize()));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { this.quantities.forEach((each) => each.forget()); this.redraw?.(); });
  }

  clear() {
    this.quantities.forEach((each) => each.forget());
    this.quantities.clear();
    this.place.textContent = "No load yet.";
  }

  // `points`: by second, the values of each side and series. `state`: the drill's status, whose fault is at zero.
  draw(points, state) {
    const times = [...points.keys()].sort((a, b) => a - b);
    const names = [...new Set(times.flatMap((at) => SIDES.flatMap((side) => Object.keys(points.get(at)[side] ?? {}))))].sort();
    if (!names.length) return;
    this.redraw = () => this.draw(points, state);
    const zero = state?.fault?.treatment ?? times[0];
    for (const series of names) {
      for (const quantity of QUANTITIES) {
        const limits = (state?.slis ?? []).filter((sli) => sli.series === series && sli.chart === quantity.key).map((sli) => ({ text: sli.objective, value: sli.limit }));
        const lines = SIDES.map((side) => times.map((at) => points.get(at)[side]?.[series]?.[quantity.index] ?? null));
        if (!limits.length && (quantity.onlyWithLimit || lines.every((line) => line.every((value) => value == null)))) continue;
        const one = this.one(series, quantity);
        one.limit(limits);
        one.bands = bands(state, zero, times.at(-1) + 1);
        one.draw([times.map((at) => Math.round((at + 0.5 - zero) * 10) / 10), ...lines], zero);
      }
    }
  }

  one(series, quantity) {
    const key = `${series} ${quantity.key}`;
    if (!this.quantities.size) this.place.replaceChildren();
    if (!this.quantities.has(key)) this.quantities.set(key, new Quantity(this.place, series, quantity));
    return this.quantities.get(key);
  }
}

function bands(state, zero, end) {
  const fault = state?.fault?.treatment;
  if (fault == null) return [];
  return [{ from: fault - zero, to: (state.reverted_s ?? end) - zero, colour: "--band-fault" }];
}
