// Small menus that open at a button, and the question asked before a dangerous press. All usable by keyboard.

import { h, uniqueId } from "./dom.js";

let open = null;

/** Items: { label, detail, pick, checked, danger, heading }. `checked` makes it a list to choose one from. */
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
  return h("button", { type: "button", role, tabindex: "-1", class: item.danger ? "danger-text" : null, "aria-labelledby": name.id,
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
  if (open && !open.menu.contains(event.relatedTarget) && event.relatedTarget !== open.anchor) setTimeout(() => { if (open && !open.menu.contains(document.activeElement)) closeMenu(); });
}

addEventListener("pointerdown", (event) => {
  if (open && !open.menu.contains(event.target) && !open.anchor.contains(event.target)) closeMenu();
});

/** Asks Slack's confirm object; true when the person agrees. */
export function confirmed(question) {
  if (!question) return Promise.resolve(true);
  return new Promise((resolve) => {
    const title = uniqueId("confirm");
    const answer = (yes) => () => { dialog.remove(); resolve(yes); };
    const dialog = h("dialog", { class: "confirm", role: "alertdialog", "aria-labelledby": title, onkeydown: (event) => event.stopPropagation() },
      h("h2", { id: title }, question.title.text),
      h("p", {}, question.text.text),
      h("footer", {},
        h("button", { type: "button", class: "button", onclick: answer(false) }, question.deny.text),
        h("button", { type: "button", class: `button ${question.style === "danger" ? "danger" : "primary"}`, onclick: answer(true) }, question.confirm.text)));
    dialog.addEventListener("cancel", answer(false));
    document.body.append(dialog);
    dialog.showModal();
  });
}
