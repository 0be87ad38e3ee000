// The runbook beside the figures: its symptoms, its steps with their outcomes, and what it asks people to watch.
const MARKS = { ok: "✓", failed: "✗", refused: "✗", manual: "·", skipped: "·" };

// A line of the document can have several steps.
const key = (step) => `${step.line} ${step.text}`;

export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "class") made.className = value;
    else if (value !== null) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

export class Runbook {
  // `act(action, values)` does something on the server.
  constructor(place, act) {
    this.place = place;
    this.act = act;
    this.outcomes = new Map();
    this.buttons = [];
  }

  show(drill, byHand) {
    this.outcomes.clear();
    this.buttons = [];
    this.symptoms = element("ul", { class: "symptoms" });
    const parts = [element("h3", {}, "Symptoms"), this.symptoms, element("h3", {}, "Steps"), ...drill.steps.map((step) => this.step(step, byHand))];
    if (drill.dashboards.length) {
      parts.push(element("h3", {}, "Dashboards"), element("ul", {}, ...drill.dashboards.map((each) => element("li", {}, each.text))));
    }
    this.place.replaceChildren(...parts);
    this.seen(drill.symptoms);
  }

  step(step, byHand) {
    const place = `line ${step.line} · ${step.kind} · ${step.runs ? step.purpose : "for a person"}`;
    const what = element("div", { class: "what" }, element("span", { class: "place" }, place), element("pre", {}, step.text));
    const outcome = element("div", { class: "outcome", "aria-live": "polite" });
    const row = element("div", { class: "step", "data-line": step.line }, what);
    if (byHand && step.runs) {
      const button = element("button", { type: "button", "aria-label": `Run line ${step.line}`, disabled: "" }, "Run");
      button.addEventListener("click", () => this.act("step", { line: String(step.line) }));
      this.buttons.push({ line: step.line, button });
      row.append(button);
    }
    row.append(outcome);
    this.outcomes.set(key(step), outcome);
    return row;
  }

  enable(allowed, running) {
    this.buttons.forEach(({ line, button }) => {
      button.disabled = !allowed || running !== null;
      button.setAttribute("aria-busy", String(line === running));
      button.textContent = line === running ? "Running" : "Run";
    });
  }

  // `fault_s`: when the fault was active on the treatment.
  seen(symptoms, fault_s) {
    const when = (each) => (each.seen ? element("span", { class: "faint" }, ` seen ${Math.max(0, each.seen - fault_s).toFixed(1)} s after the fault`) : "");
    this.symptoms?.replaceChildren(...symptoms.map((each) => element("li", {}, each.text, when(each))));
  }

  executed(facts, at) {
    const outcome = this.outcomes.get(key(facts));
    if (!outcome) return;
    this.place.querySelectorAll(".outcome details").forEach((each) => { each.open = false; });
    const mark = element("span", { class: `mark ${facts.verdict}` }, `${MARKS[facts.verdict] ?? "·"} `);
    const lines = [element("p", {}, mark, `${facts.why} `, element("span", { class: "faint" }, `${at}, ${facts.seconds} s, exit status ${facts.status ?? "none"}`))];
    facts.changed.filter((change) => !facts.why.includes(change)).forEach((change) => lines.push(element("p", {}, `changed: ${change}`)));
    facts.notes.forEach((note) => lines.push(element("p", { class: "faint" }, note)));
    for (const [name, text] of [["output", facts.stdout], ["errors", facts.stderr]]) {
      if (text) lines.push(element("details", name === "output" ? { open: "" } : {}, element("summary", {}, name), element("pre", { tabindex: "0" }, text)));
    }
    outcome.replaceChildren(...lines);
  }
}
