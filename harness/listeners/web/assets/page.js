// The live page: reads the messages of a run as server-sent events, and sends what a person does.
import { Alerts } from "./alerts.js";
import { Charts } from "./chart.js";
import { element, Runbook } from "./runbook.js";

const PHASES = ["prepare", "baseline", "fault", "symptoms", "response", "recovery", "control", "after-revert"];
const MARKS = { ok: "✓", failed: "✗", inconclusive: "?", phase: "", info: "·" };
const $ = (id) => document.getElementById(id);

const known = { run: null, plan: null, drill: null, states: new Map(), points: new Map(), steps: [], first: null, last: 0, ended: false, chosen: false, offset: 0 };
const charts = new Charts($("charts"));
const runbook = new Runbook($("runbook"), act);
const alerts = new Alerts($("alerts-card"), $("alerts"), act);

async function act(action, values = {}) {
  $("error").hidden = true;
  const answer = await fetch(`/act/${action}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(values) }).catch(() => null);
  if (answer?.ok) return true;
  const why = answer ? await answer.json().then((body) => body.error, () => answer.statusText) : "the server is gone";
  problem({ text: `${action}: ${why}` });
  return false;
}

function problem({ text }) {
  $("error").textContent = text;
  $("error").hidden = false;
}

const now = () => (known.ended ? known.last : Date.now() / 1000 + known.offset);
const since = (t) => `at ${(t - (known.first ?? t)).toFixed(1)} s`;

function begin({ run, now: there }) {
  known.offset = there - Date.now() / 1000;
  if (run === known.run) return;
  Object.assign(known, { run, plan: null, drill: null, states: new Map(), points: new Map(), steps: [], first: null, last: 0, ended: false, chosen: false });
  charts.clear();
  $("story").replaceChildren();
  $("error").hidden = true;
}

function plan(data) {
  known.plan = data;
  $("document").textContent = data.document;
  alerts.clear(data.deadlines);
  $("drills").hidden = data.drills.length < 2;
  $("drills").replaceChildren(...data.drills.map((drill) => {
    const button = element("button", { type: "button", "data-drill": drill.id }, drill.id);
    button.addEventListener("click", () => {
      known.chosen = true;
      choose(drill.id);
    });
    return button;
  }));
  choose(data.drills[0].id);
}

function choose(id) {
  known.drill = id;
  const drill = known.plan.drills.find((each) => each.id === id);
  $("title").textContent = `${drill.id}: ${drill.title}`;
  document.querySelectorAll("[data-drill]").forEach((each) => each.setAttribute("aria-pressed", String(each.dataset.drill === id)));
  runbook.show(drill, known.plan.by_hand);
  charts.clear();
  known.steps.filter((each) => each.drill === id).forEach((each) => runbook.executed(each, since(each.t)));
  draw();
}

function status(data) {
  if (!known.chosen && !known.states.has(data.drill) && known.drill !== data.drill) choose(data.drill);
  known.states.set(data.drill, data);
}

function step(data) {
  known.steps.push(data);
  if (data.drill === known.drill) runbook.executed(data, since(data.t));
}

function line(data) {
  known.first ??= data.t;
  known.last = Math.max(known.last, data.t);
  const list = $("story");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const name = known.plan?.drills.length > 1 ? `${data.drill}: ` : "";
  const mark = element("span", { class: data.mark, "aria-hidden": "true" }, MARKS[data.mark]);
  list.append(element("li", {}, element("span", { class: "t" }, `${(data.t - known.first).toFixed(1)} s`), mark, element("span", { class: data.mark === "phase" ? "phase" : "" }, name, data.text)));
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function point(data) {
  if (!known.points.has(data.drill)) known.points.set(data.drill, new Map());
  known.points.get(data.drill).set(data.at, data);
}

function controls(data) {
  $("hint").hidden = !data.hint && !data.link;
  $("hint").replaceChildren(data.hint ?? "", ...(data.link ? [" ", element("a", { href: `http://${location.hostname}:${data.link.port}/`, target: "_top" }, data.link.text)] : []));
  $("buttons").hidden = !data.buttons.length;
  const focused = document.activeElement?.dataset?.action;
  $("buttons").replaceChildren(...data.buttons.map((each) => {
    const button = element("button", { type: "button", class: each.kind ?? "", "data-action": each.action, ...(each.enabled ? {} : { disabled: "" }) }, each.label);
    button.addEventListener("click", () => act(each.action, each.action === "reset" ? { drill: known.drill } : {}));
    return button;
  }));
  if (focused) $("buttons").querySelector(`[data-action="${CSS.escape(focused)}"]:enabled`)?.focus();
  runbook.enable(data.steps, data.running);
  alerts.allow(data.alerts ?? false);
  $("note").hidden = !data.notes;
}

function drawPhases(state) {
  const began = new Set(state.phases);
  const names = [...new Set([...state.phases, ...PHASES])].sort((a, b) => order(a) - order(b));
  $("phases").replaceChildren(...names.map((name) => {
    const present = name === state.phase;
    return element("li", { class: present ? "now" : began.has(name) ? "done" : "", "aria-current": present ? "step" : null }, name);
  }));
}

const order = (phase) => (phase.startsWith("control-") ? -1 : phase === "general" ? PHASES.indexOf("control") + 0.5 : PHASES.indexOf(phase));

function drawSlis(state) {
  $("slis").tBodies[0].replaceChildren(...state.slis.map((sli) => element("tr", {},
    element("th", { scope: "row" }, sli.name, element("span", { class: "objective" }, sli.objective)),
    ...["treatment", "control"].map((side) => element("td", { class: sli[side].meets == null ? "" : sli[side].meets ? "ok" : "failed", "data-side": side },
      element("span", { class: "text" }, sli[side].text), element("span", { class: "evidence" }, sli[side].evidence))))));
}

function draw() {
  const state = known.states.get(known.drill);
  if (state) {
    $("verdict").hidden = !state.verdict;
    $("verdict").textContent = state.verdict;
    $("verdict").className = `verdict ${state.verdict}`;
    $("cause").hidden = !state.cause;
    $("cause").textContent = state.cause;
    $("waits").textContent = state.verdict || known.ended ? "" : waiting(state);
    drawPhases(state);
    drawSlis(state);
    if (state.symptoms.length) runbook.seen(state.symptoms, state.fault.treatment);
  } else {
    $("verdict").hidden = $("cause").hidden = true;
    $("phases").replaceChildren();
    $("waits").textContent = "";
    $("slis").tBodies[0].replaceChildren();
  }
  charts.draw(known.points.get(known.drill) ?? new Map(), state);
  alerts.draw(now(), known.ended);
}

// What the phase waits for; where it waits for a person, the hint says so.
function waiting(state) {
  if (known.plan.by_hand && ["fault", "response"].includes(state.phase)) return "";
  const left = state.evidence.filter((row) => !row.settled).map((row) => `${row.name} ${row.text}`);
  const more = state.more_s == null ? "" : `, about ${Math.max(1, state.more_s)} s more`;
  return state.waits ? `${state.waits}${more}${left.length ? `: ${left.join(" · ")}` : ""}` : "";
}

let due = false;
function drawSoon() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => { due = false; draw(); });
}

function connection(text, how) {
  if ($("connection").textContent !== text) $("connection").textContent = text;
  $("connection").className = `faint ${how}`;
}

const source = new EventSource("/events");
source.onopen = () => connection("live", "live");
source.onerror = () => connection("connection lost; trying again", "lost");
const handlers = { run: begin, plan, status, step, line, point, controls, problem, alert: (data) => alerts.put(data), end };
for (const [kind, handle] of Object.entries(handlers)) {
  source.addEventListener(kind, (message) => { handle(JSON.parse(message.data)); drawSoon(); });
}
setInterval(() => alerts.draw(now(), known.ended), 1000);

function end({ final }) {
  known.ended = true;
  if (!final) return;
  source.close();
  connection("the run has ended", "");
}

$("note").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (await act("note", { by: $("note-by").value, text: $("note-text").value })) $("note-text").value = "";
});

if (window.parent !== window) {
  document.documentElement.classList.add("framed");
  new ResizeObserver(() => parent.postMessage({ gamedayHeight: document.documentElement.offsetHeight }, "*")).observe(document.documentElement);
}
