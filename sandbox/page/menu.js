// Small menus that open at a button, and the question asked before a dangerous press. All usable by keyboard.

import { button, closeDialog, h, iconButton, uniqueId } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";

let open = null;

/** A button that opens a menu; `items()` is asked when it does. */
export function menuButton(sign, name, items, more = {}) {
  const show = (event) => openMenu(event.currentTarget, name, items());
  return iconButton(sign, name, show, { "aria-haspopup": "menu", "aria-expanded": "false", ...more });
}

/** Items: { label, detail, icon, pick, checked } or { heading }. `checked` makes it a list to choose one from. */
export function openMenu(anchor, label, items) {
  const again = open?.anchor === anchor;
  closeMenu();
  if (again) return;
  const menu = h("div", { class: "menu", role: "menu", "aria-label": label, onkeydown: onKey, onfocusout: onLeave }, items.map(menuItem));
  (anchor.closest("dialog") ?? document.body).append(menu);
  place(menu, anchor);
  anchor.setAttribute("aria-expanded", "true");
  open = { anchor, menu };
  (menu.querySelector("[aria-checked=true]") ?? menu.querySelector("button"))?.focus();
}

function menuItem(item) {
  if (item.heading) return h("p", { class: "menu-heading", role: "presentation" }, item.heading);
  const role = item.checked === undefined ? "menuitem" : "menuitemradio";
  const name = h("span", { class: "menu-label", id: uniqueId("item") }, item.label);
  const onclick = () => { closeMenu(); item.pick(); };
  return h("button", { type: "button", role, tabindex: "-1", "aria-labelledby": name.id,
    "aria-checked": item.checked === undefined ? null : String(item.checked), onclick },
    item.icon, h("span", { class: "menu-words" }, name, item.detail && h("span", { class: "menu-detail" }, item.detail)));
}

function place(menu, anchor) {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = at.bottom + 4 + height <= innerHeight || at.top < height;
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(below ? at.bottom + 4 : at.top - height - 4, innerHeight - height - 8))}px`;
}

export function closeMenu() {
  if (!open) return;
  const { anchor, menu } = open;
  const hadFocus = menu.contains(document.activeElement);
  open = null;
  menu.remove();
  anchor.setAttribute("aria-expanded", "false");
  if (hadFocus) anchor.focus();
}

function onKey(event) {
  const buttons = [...open.menu.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement);
  const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
  if (event.key in moves) buttons.at(moves[event.key] % buttons.length).focus();
  else if (event.key === "Escape" || event.key === "Tab") closeMenu();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function onLeave(event) {
  if (event.relatedTarget === open?.anchor) return;
  setTimeout(() => { if (open && !open.menu.contains(document.activeElement)) closeMenu(); });
}

addEventListener("pointerdown", (event) => {
  if (open && !open.menu.contains(event.target) && !open.anchor.contains(event.target)) closeMenu();
});

/** Asks Slack's confirm object; true when the person agrees. */
export function confirmed(question) {
  if (!question) return Promise.resolve(true);
  return new Promise((resolve) => {
    const title = uniqueId("confirm");
    const answer = (yes) => () => { closeDialog(dialog); resolve(yes); };
    const agree = `button ${question.style === "danger" ? "danger" : "primary"}`;
    const dialog = h("dialog", { class: "confirm", role: "alertdialog", "aria-labelledby": title },
      h("h2", { id: title }, question.title.text),
      h("p", {}, question.text.type === "mrkdwn" ? mrkdwn(question.text.text) : question.text.text),
      h("footer", {},
        button(question.deny?.text ?? "Cancel", answer(false), { class: "button" }),
        button(question.confirm?.text ?? "Yes", answer(true), { class: agree })));
    dialog.addEventListener("cancel", answer(false));
    document.body.append(dialog);
    dialog.showModal();
  });
}
