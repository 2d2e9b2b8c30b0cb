// The drawer that shows what went over the wire: requests sent to the app, and the app's calls of the Web API.

import { h, reconcile } from "./dom.js";
import { current, seconds } from "./state.js";
import { toggle } from "./clock.js";
import { timeOf } from "./zone.js";

const REQUESTS = { title: "Requests to the app", heads: ["Time", "Kind", "What", "Answer", "ms"], row: (one) => [one.kind, one.what, one.error ?? one.status, one.milliseconds == null ? "" : Math.round(one.milliseconds)], bad: (one) => Boolean(one.error) || one.status >= 400 };
const CALLS = { title: "Web API calls of the app", heads: ["Time", "Method", "Answer"], row: (one) => [one.method, one.ok ? "ok" : one.error ?? "failed"], bad: (one) => !one.ok };

export function makeHood(button, panel) {
  const close = h("button", { type: "button", class: "quiet", "aria-label": "Close drawer", onclick: () => { toggle(button, panel, false); button.focus(); } }, "✕");
  panel.append(h("header", {}, h("h2", {}, "Under the hood"), close), listing(REQUESTS, "requests"), listing(CALLS, "calls"));
  button.addEventListener("click", () => { toggle(button, panel); drawHood(panel); });
}

const listing = ({ title, heads }, name) => h("section", {}, h("h3", {}, title),
  h("table", {}, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))), h("tbody", { data: { list: name } })));

export function drawHood(panel) {
  if (panel.hidden) return;
  for (const [name, kind] of [["requests", REQUESTS], ["calls", CALLS]]) {
    reconcile(panel.querySelector(`[data-list=${name}]`), [...(current()[name] ?? [])].reverse().map((one, index) => ({ ...one, index })), {
      key: (one) => one.index,
      signature: JSON.stringify,
      draw: (one) => h("tr", { class: kind.bad(one) ? "bad" : null }, [timeOf(seconds(one.at)), ...kind.row(one)].map((cell) => h("td", {}, String(cell ?? "")))),
    });
  }
}
