// Builds and updates DOM nodes. Text always enters as text, never as markup.

const PROPERTIES = new Set(["value", "checked", "selected", "disabled", "hidden", "multiple", "indeterminate"]);
let lastId = 0;

export const uniqueId = (prefix) => `${prefix}-${++lastId}`;

export const h = (tag, attributes = {}, ...children) => built(document.createElement(tag), attributes, children);

/** The same for the parts of a drawing. */
export const s = (tag, attributes = {}, ...children) => built(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

function built(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) put(node, name, value);
  node.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function put(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "data") Object.assign(node.dataset, value);
  else if (PROPERTIES.has(name)) node[name] = value;
  else node.setAttribute(name, value === true ? "" : value);
}

/** A real button, so that keyboards, screen readers and tests find it by its words. */
export const button = (words, onclick, more = {}) => h("button", { type: "button", onclick, ...more }, words);

/** A button of one sign, named for those who do not see it. */
export const iconButton = (sign, name, onclick, more = {}) => button(sign, onclick, { class: "quiet", "aria-label": name, title: name, ...more });

export const isWebAddress = (url) => /^https?:/i.test(url ?? "");

/** A link out of the page; an address that is not of the web is not followed. */
export const outLink = (url, words, more = {}) =>
  h("a", { href: isWebAddress(url) || /^mailto:/i.test(url) ? url : null, target: "_blank", rel: "noopener noreferrer", ...more }, words);

/** Makes parent's children be `items`, keeping every node whose signature is the same: focus and typed text stay. */
export function reconcile(parent, items, { key, signature, draw }) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let next = parent.firstElementChild;
  for (const item of items) {
    const itemKey = String(key(item));
    const itemSignature = signature(item);
    let node = old.get(itemKey);
    old.delete(itemKey);
    if (!node || node.signature !== itemSignature) {
      const focused = node?.contains(document.activeElement) ? document.activeElement : null;
      const fresh = draw(item, node);
      fresh.dataset.key = itemKey;
      fresh.signature = itemSignature;
      if (node === next) next = next?.nextElementSibling ?? null;
      if (node) replaceKeepingFocus(node, fresh, focused);
      else parent.insertBefore(fresh, next);
      node = fresh;
    }
    if (node === next) next = next.nextElementSibling;
    else if (node.nextElementSibling !== next) parent.insertBefore(node, next);
  }
  for (const node of old.values()) node.remove();
}

function replaceKeepingFocus(node, fresh, focused) {
  node.replaceWith(fresh);
  if (!focused) return;
  const spot = focused.dataset.spot && fresh.querySelector(`[data-spot="${CSS.escape(focused.dataset.spot)}"]`);
  const target = spot || (fresh.tabIndex >= -1 && fresh.hasAttribute("tabindex") ? fresh : null);
  target?.focus({ preventScroll: true });
}

/** Closes a dialog for good. Chromium gives the focus back without the caret, so the focus is set anew. */
export function closeDialog(dialog) {
  if (dialog.open) dialog.close();
  dialog.remove();
  const focused = document.activeElement;
  if (focused === document.body) return;
  focused.blur();
  focused.focus({ preventScroll: true });
}

export function say(words) {
  document.getElementById("spoken").textContent = words;
}

let noticeTimer;

/** A short message over the page, for what went wrong outside a modal. */
export function notice(words) {
  const bar = document.getElementById("notice");
  bar.textContent = words;
  bar.hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => { bar.hidden = true; }, 8000);
}
