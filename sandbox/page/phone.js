// The acting person's phone: an authenticator app that shows one-time codes by the sandbox's clock.
// Beside an open modal it stands within the modal's dialog, because everything outside of one is out of reach.

import { button, h, iconButton, reconcile, say, uniqueId } from "./dom.js";
import { act, current, me, now, refresh } from "./state.js";

const LASTS = 30;
let panel = null;
let home = null;
let asked = 0;

/** A button that opens the phone; there is one in the header and one in each modal. */
export const phoneButton = () => button("Phone", togglePhone, { class: "quiet", "aria-controls": "phone-panel", "aria-expanded": "false" });

/** Fills the panel once, and keeps its countdown going. */
export function makePhone(opener, node) {
  panel = node;
  home = node.parentElement;
  const field = h("input", { class: "field-box", id: "phone-key", autocomplete: "off", spellcheck: "false", "aria-describedby": "phone-error" });
  const error = h("p", { class: "error", id: "phone-error", role: "alert" });
  const add = async (event) => {
    event.preventDefault();
    const answer = await act({ do: "add_key", key: field.value }, { quiet: true });
    error.textContent = answer.ok ? "" : answer.error;
    if (answer.ok) field.value = "";
    field.focus();
  };
  panel.append(
    h("div", { class: "phone-head" }, h("h2", {}), iconButton("✕", "Put the phone away", close)),
    h("ul", { class: "codes" }),
    h("p", { class: "hint" }, "No key yet. Paste one below: the letters and digits, or an address that begins with otpauth://."),
    h("form", { class: "key-form", onsubmit: add }, h("label", { for: field.id }, "Key"), field, h("button", { type: "submit", class: "button" }, "Add"), error));
  panel.addEventListener("keydown", onKey);
  opener.addEventListener("click", togglePhone);
  addEventListener("pointerdown", leave);
  addEventListener("focusin", leave);
  setInterval(tick, 500);
}

function togglePhone({ currentTarget: opener }) {
  if (!panel.hidden) return close();
  (opener.closest("dialog") ?? home).append(panel);
  show(true);
  panel.querySelector("input").focus();
}

function close() {
  show(false);
  (panel.closest("dialog") ?? home).querySelector(BUTTONS).focus();
}

const BUTTONS = "[aria-controls=phone-panel]";

function show(open) {
  panel.hidden = !open;
  tellButtons();
  drawPhone();
}

function tellButtons() {
  for (const opener of document.querySelectorAll(BUTTONS)) opener.setAttribute("aria-expanded", String(!panel.hidden));
}

/** In a modal the phone stays open, for its code is typed there; over the page it closes as the clock does. */
function leave({ target }) {
  if (!panel.hidden && !panel.closest("dialog") && !panel.contains(target) && !target.closest?.(BUTTONS)) show(false);
}

/** The modal below does not hear the keys: Enter adds a key, and Escape puts away the phone alone. */
function onKey(event) {
  event.stopPropagation();
  if (event.key !== "Escape") return;
  event.preventDefault();
  close();
}

/** An open phone goes with the dialog on top, and back to the header when there is none. */
export function dockPhone(dialog) {
  const place = (!panel.hidden && dialog) || home;
  if (panel.parentElement !== place) place.append(panel);
  tellButtons();
}

export function drawPhone() {
  if (panel.hidden) return;
  const keys = current().phone;
  panel.querySelector("h2").textContent = `${me().name}’s phone`;
  panel.querySelector(".hint").hidden = keys.length > 0;
  reconcile(panel.querySelector(".codes"), keys, { key: (key) => key.id, signature: JSON.stringify, draw: entry });
  tick();
}

function entry({ id, label, code }) {
  const name = uniqueId("key");
  const copy = async ({ currentTarget: pressed }) => {
    await navigator.clipboard.writeText(code);
    pressed.textContent = "Copied";
    say("Copied");
    setTimeout(() => { pressed.textContent = "Copy"; }, 1500);
  };
  return h("li", {},
    h("p", { class: "code-label", id: name }, label),
    iconButton("✕", `Remove ${label}`, () => act({ do: "remove_key", id }), { data: { spot: `${id} remove` } }),
    h("p", { class: "code" }, code),
    button("Copy", copy, { class: "button", "aria-describedby": name, data: { spot: `${id} copy` } }),
    h("p", { class: "code-left" }, h("progress", { max: LASTS, "aria-hidden": "true" }), h("span", {})));
}

/** All codes change at the same moment; the next ones are asked for then. */
function tick() {
  const until = current()?.phone[0]?.until;
  if (!until || panel.hidden) return;
  const left = Math.max(0, Math.ceil(until - now()));
  for (const node of panel.querySelectorAll(".code-left")) {
    node.querySelector("progress").value = left;
    node.querySelector("span").textContent = `${left} s left`;
  }
  if (left > 0 || asked === until) return;
  asked = until;
  refresh();
}
