// The sandbox's clock in the header: the present moment in the acting person's zone, and the ways to move it forward.

import { button, h, notice } from "./dom.js";
import { act, current, me, now, zone } from "./state.js";
import { dayAt, momentOf, shortDay, timeOf, wallClock, yearOf } from "./zone.js";

const HOUR = 3600;
const JUMPS = [
  ["+1 hour", () => ({ by: HOUR })],
  ["Tomorrow 08:00", () => ({ to: iso(dayAt(1, "08:00")) })],
  ["In 7 days", () => ({ by: 7 * 24 * HOUR })],
];

const iso = (moment) => new Date(moment * 1000).toISOString();

async function move(panel, change) {
  panel.setAttribute("aria-busy", "true");
  await act({ do: "clock", to: null, by: null, ...change });
  panel.removeAttribute("aria-busy");
}

/** Fills the panel once, and keeps the button's time going. */
export function makeClock(opener, panel) {
  const field = h("input", { type: "datetime-local", class: "field-box", id: "clock-to" });
  const place = h("p", { class: "hint" });
  panel.append(
    h("div", { class: "clock-jumps" }, JUMPS.map(([words, change]) => button(words, () => move(panel, change()), { class: "button" }))),
    h("form", { class: "clock-form", onsubmit: (event) => { event.preventDefault(); moveTo(panel, field.value); } },
      h("label", { for: field.id }, "Move the clock to"), field, h("button", { type: "submit", class: "button" }, "Move")),
    place);
  opener.addEventListener("click", () => {
    toggle(opener, panel);
    field.value = wallClock(now());
    place.textContent = `Times as ${me().name} sees them (${zone().replace("_", " ")}). The clock only moves forward.`;
  });
  panel.addEventListener("keydown", (event) => { if (event.key === "Escape") { toggle(opener, panel, false); opener.focus(); } });
  addEventListener("pointerdown", ({ target }) => { if (!panel.contains(target) && !opener.contains(target)) toggle(opener, panel, false); });
  setInterval(() => current() && tick(opener), 1000);
}

function moveTo(panel, wall) {
  if (!wall) return notice("Give the day and the time to move to.");
  return move(panel, { to: iso(momentOf(wall)) });
}

export function tick(button) {
  const words = { ".clock-day": shortDay(now()), ".clock-year": yearOf(now()), ".clock-time": timeOf(now()) };
  for (const [where, text] of Object.entries(words)) {
    const node = button.querySelector(where);
    if (node.textContent !== text) node.textContent = text;
  }
}

export function toggle(button, panel, open = panel.hidden) {
  panel.hidden = !open;
  button.setAttribute("aria-expanded", String(open));
}
