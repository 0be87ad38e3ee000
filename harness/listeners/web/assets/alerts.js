// Alerts with the clocks of the document's procedures: each deadline is met, missed, or still runs.
import { element } from "./runbook.js";

const ACTIONS = [["acknowledge", "Acknowledge"], ["investigate", "Start investigating"], ["escalate", "Escalate"], ["resolve", "Resolve"]];
const NAMES = { acknowledged: "acknowledge", investigating: "start investigating", resolved: "resolve" };

export const clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const parts = hours ? [hours, String(minutes).padStart(2, "0")] : [minutes];
  return [...parts, String(whole % 60).padStart(2, "0")].join(":");
};

// Whether a deadline of an alert was met, and the words and the time that tell it.
function judged(alert, deadline, now) {
  const done = alert.handled.find((each) => each.action === deadline.action);
  const after = (done ? done.t : now) - alert.raised;
  const late = after > deadline.limit_s;
  if (done) return { state: late ? "failed" : "ok", words: late ? "missed, done after" : "met after", time: clock(after) };
  return late ? { state: "failed", words: "missed for", time: clock(after - deadline.limit_s) } : { state: "", words: "left", time: clock(deadline.limit_s - after) };
}

export class Alerts {
  constructor(card, place, act) {
    Object.assign(this, { card, place, act, alerts: new Map(), deadlines: [], byHand: false, rows: new Map() });
  }

  clear(deadlines) {
    this.alerts.clear();
    this.rows.clear();
    this.place.replaceChildren();
    this.deadlines = deadlines;
    this.card.hidden = true;
  }

  put(alert) {
    this.card.hidden = false;
    this.alerts.set(`${alert.drill} ${alert.alert}`, alert);
  }

  allow(byHand) {
    this.byHand = byHand;
  }

  // Draw every alert as at the time `now`, in seconds since the epoch.
  draw(now) {
    for (const [key, alert] of this.alerts) {
      if (!this.rows.has(key)) this.rows.set(key, this.row(alert));
      const row = this.rows.get(key);
      const level = alert.handled.at(-1)?.level ?? 1;
      const state = alert.handled.at(-1)?.action ?? "raised";
      row.state.textContent = `${state}, ${level > 1 ? `escalated to level ${level}, ` : ""}${clock(now - alert.raised)} since it was raised`;
      row.clocks.replaceChildren(...this.deadlines.filter((each) => each.priority === alert.priority).map((each) => this.clock(alert, each, now)));
      row.buttons.hidden = !this.byHand || state === "resolved";
    }
  }

  clock(alert, deadline, now) {
    const { state, words, time } = judged(alert, deadline, now);
    return element("li", { class: `clock ${state}`, title: deadline.text }, `${NAMES[deadline.action]}: ${words} `, element("span", { class: "time" }, time));
  }

  row(alert) {
    const state = element("p", { class: "faint" });
    const clocks = element("ul", { class: "clocks" });
    const text = element("input", { type: "text", placeholder: "Update, or reason", "aria-label": "Text of the update or reason", maxlength: "500" });
    const act = (action) => this.act(action, { alert: alert.alert, text: text.value }).then((done) => { if (done) text.value = ""; });
    const button = ([action, label]) => {
      const made = element("button", { type: "button" }, label);
      made.addEventListener("click", () => act(action));
      return made;
    };
    const buttons = element("div", { class: "row" }, ...ACTIONS.map(button), text, button(["update", "Post the update"]));
    const title = element("p", {}, element("strong", {}, alert.priority), ` ${alert.text}`);
    this.place.append(element("div", { class: "alert", "data-alert": alert.alert }, title, state, clocks, buttons));
    return { state, clocks, buttons };
  }
}
