// Alerts with the clocks of the document's procedures: each deadline is met, missed, or still runs.
import { element } from "./runbook.js";

const ACTIONS = [["acknowledge", "Acknowledge"], ["investigate", "Investigate"], ["escalate", "Escalate"], ["resolve", "Resolve"]];
const NAMES = { acknowledged: "acknowledge", investigating: "investigate", updated: "post an update", escalated: "escalate", mitigated: "mitigate", resolved: "resolve" };

export const clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const parts = hours ? [hours, String(minutes).padStart(2, "0")] : [minutes];
  return [...parts, String(whole % 60).padStart(2, "0")].join(":");
};

// Whether a deadline of an alert was met, and the words and the time for it.
function judged(alert, deadline, now, ended) {
  const done = alert.handled.find((each) => each.action === deadline.action);
  const after = (done ? done.t : now) - alert.raised;
  const late = after > deadline.limit_s;
  if (done) return { state: late ? "failed" : "ok", words: late ? "missed, done after" : "met after", time: clock(after) };
  if (ended) return { state: late ? "failed" : "", words: "not done until the end, after", time: clock(after) };
  return late ? { state: "failed", words: "missed for", time: clock(after - deadline.limit_s) } : { state: "", words: "left", time: clock(deadline.limit_s - after) };
}

export class Alerts {
  // `act(action, values)` does something on the server, about all alerts.
  constructor(card, place, act) {
    Object.assign(this, { card, place, act, alerts: new Map(), deadlines: [], rows: new Map() });
    this.list = element("div");
    this.buttons = this.actions();
    this.buttons.hidden = true;
    place.append(this.list, this.buttons);
  }

  clear(deadlines) {
    this.alerts.clear();
    this.rows.clear();
    this.list.replaceChildren();
    this.deadlines = deadlines;
    this.card.hidden = true;
  }

  put(alert) {
    this.card.hidden = false;
    this.alerts.set(`${alert.drill} ${alert.alert}`, alert);
  }

  allow(allowed) {
    this.buttons.hidden = !allowed;
  }

  // Draw every alert as at the time `now`, in seconds since the epoch; `ended`: nothing more will be done.
  draw(now, ended) {
    for (const [key, alert] of this.alerts) {
      if (!this.rows.has(key)) this.rows.set(key, this.row(alert));
      const { state, clocks } = this.rows.get(key);
      const last = alert.handled.at(-1);
      const level = Math.max(1, ...alert.handled.map((each) => each.level));
      state.textContent = `${last ? `${last.action} by ${last.by}` : "not acknowledged"}, level ${level}, raised ${clock(now - alert.raised)} ago`;
      clocks.replaceChildren(...this.deadlines.filter((each) => [null, alert.priority].includes(each.priority)).map((each) => this.clock(alert, each, now, ended)));
    }
  }

  clock(alert, deadline, now, ended) {
    const { state, words, time } = judged(alert, deadline, now, ended);
    return element("li", { class: `clock ${state}`, title: deadline.text }, `${NAMES[deadline.action]}: ${words} `, element("span", { class: "time" }, time));
  }

  row(alert) {
    const state = element("p", { class: "faint" });
    const clocks = element("ul", { class: "clocks" });
    const title = element("p", {}, element("strong", { class: "priority" }, alert.priority), ` ${alert.text}`);
    this.list.append(element("div", { class: "alert", "data-alert": alert.alert }, title, state, clocks));
    return { state, clocks };
  }

  actions() {
    const text = element("input", { type: "text", placeholder: "Update, or reason", "aria-label": "Text of the update, or reason", maxlength: "500" });
    const button = ([action, label]) => {
      const made = element("button", { type: "button", class: action === "resolve" ? "main" : "", "data-act": action }, label);
      made.addEventListener("click", async () => {
        if (await this.act(action, { text: text.value })) text.value = "";
      });
      return made;
    };
    return element("div", { class: "row" }, ...ACTIONS.map(button), text, button(["update", "Post the update"]));
  }
}
