// The drawer that shows what went over the wire: requests sent to the app, and the app's calls of the Web API.

import { h, iconButton, reconcile } from "./dom.js";
import { current, seconds } from "./state.js";
import { toggle } from "./clock.js";
import { timeOf } from "./zone.js";

const LISTS = {
  requests: {
    title: "Requests to the app",
    heads: ["Time", "Kind", "What", "Answer", "ms"],
    row: (one) => [one.kind, one.what, one.error ?? one.status, Number.isFinite(one.milliseconds) ? Math.round(one.milliseconds) : ""],
    bad: (one) => Boolean(one.error) || one.status >= 400,
  },
  calls: {
    title: "Web API calls of the app",
    heads: ["Time", "Method", "Answer"],
    row: (one) => [one.method, one.ok ? "ok" : one.error ?? "failed"],
    bad: (one) => !one.ok,
  },
};

export function makeHood(button, panel) {
  const close = iconButton("✕", "Close drawer", () => { toggle(button, panel, false); button.focus(); });
  panel.append(h("header", {}, h("h2", {}, "Under the hood"), close), ...Object.entries(LISTS).map(listing));
  button.addEventListener("click", () => { toggle(button, panel); drawHood(panel); });
}

const listing = ([name, { title, heads }]) => h("section", {}, h("h3", {}, title),
  h("table", {}, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))), h("tbody", { data: { list: name } })));

export function drawHood(panel) {
  if (panel.hidden) return;
  for (const [name, kind] of Object.entries(LISTS)) {
    const newestFirst = [...(current()[name] ?? [])].reverse().map((one, index) => ({ ...one, index }));
    reconcile(panel.querySelector(`[data-list=${name}]`), newestFirst, {
      key: (one) => one.index,
      signature: JSON.stringify,
      draw: (one) => row([timeOf(seconds(one.at)), ...kind.row(one)], kind.bad(one)),
    });
  }
}

const row = (cells, isBad) => h("tr", { class: isBad ? "bad" : null }, cells.map((cell) => h("td", {}, String(cell ?? ""))));
