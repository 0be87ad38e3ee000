#!/usr/bin/env bash
# One would guess: a `draw` hook of uPlot gets a canvas context in its default state, or the one in which it left it itself.
# What happens: the context still has the line dash of the series that was drawn last, so that what a hook strokes is dashed as well
# if that series is (and has no points); without a dashed series it is solid. A hook has to call `setLineDash([])` itself.
# Version: uplot 1.6.32 (with jsdom 26.1.0, whose canvas is replaced by a context that only records). Source: uPlot.js, `strokePath`,
# which remembers the last dash in order to set it less often.
set -euo pipefail
for each in node npm; do command -v "$each" >/dev/null || { echo "skipped: $each is not installed"; exit 0; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-fund --no-audit uplot@1.6.32 jsdom@26.1.0 >/dev/null
cat > dash.cjs <<'JAVASCRIPT'
const { JSDOM } = require("jsdom");
const dom = new JSDOM("<body></body>", { pretendToBeVisual: true });
const { window } = dom;
Object.assign(globalThis, { window, document: window.document, HTMLElement: window.HTMLElement, CustomEvent: window.CustomEvent, devicePixelRatio: 1 });
Object.defineProperty(globalThis, "navigator", { value: window.navigator, configurable: true });
globalThis.requestAnimationFrame = window.requestAnimationFrame.bind(window);
window.matchMedia = globalThis.matchMedia = () => ({ addEventListener() {}, removeEventListener() {} });
globalThis.Path2D = window.Path2D = class { moveTo() {} lineTo() {} rect() {} arc() {} closePath() {} addPath() {} };

let dash = [];
const context = new Proxy({}, {
  get: (own, name) => name in own ? own[name] : (...values) => {
    if (name === "setLineDash") dash = values[0];
    return name === "measureText" ? { width: 10 } : undefined;
  },
  set: (own, name, value) => { own[name] = value; return true; },
});
window.HTMLCanvasElement.prototype.getContext = () => context;

const uPlot = require("uplot");
const seen = [];

function draw(lastSeries) {
  return new Promise((done) => {
    dash = [];
    new uPlot({
      width: 300, height: 200,
      series: [{}, ...[{}, lastSeries].map((each) => ({ stroke: "black", points: { show: false }, ...each }))],
      hooks: { draw: [() => { seen.push(dash); done(); }] },
    }, [[1, 2, 3], [1, 2, 3], [3, 2, 1]], window.document.body);
  });
}

(async () => {
  await draw({});
  await draw({ dash: [4, 4] });
  console.log(`uplot ${require("uplot/package.json").version}: dash in a draw hook, solid series: ${JSON.stringify(seen[0])}, last series dashed: ${JSON.stringify(seen[1])}`);
  process.exit(seen[0].length === 0 && JSON.stringify(seen[1]) === "[4,4]" ? 0 : 1);
})();
JAVASCRIPT
node dash.cjs
