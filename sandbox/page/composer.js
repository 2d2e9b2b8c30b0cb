// The field to write a message or a command in, with the list of commands at "/" and of people at "@".

import { button, h, notice, uniqueId } from "./dom.js";
import { fileFields } from "./elements.js";
import { menuButton } from "./menu.js";
import { suggestion } from "./selects.js";
import { act, current, here } from "./state.js";

const drafts = new Map();

/** Makes a composer; `thread()` gives the thread it writes in, or "". */
export function makeComposer(label, thread) {
  const list = h("ul", { class: "suggestions", role: "listbox", id: uniqueId("suggestions"), "aria-label": "Suggestions", hidden: true });
  const box = h("textarea", { rows: 1, "aria-label": label, "aria-autocomplete": "list", "aria-controls": list.id,
    oninput: onInput, onkeydown: onKey, onblur: () => setTimeout(hide, 150) });
  const extras = menuButton("+", "Shortcuts", () => [{ label: "Attach files", detail: "sent with what is typed", pick: attach }, ...shortcuts(box, onInput)]);
  const send = button("Send", submit, { class: "button primary" });
  const row = h("div", { class: "composer-row" }, extras, box, send);
  const note = h("p", { class: "hint closed" });
  const form = h("div", { class: "composer" }, list, row, note);
  let offered = [];
  let at = 0;
  let key = "";

  function onInput() {
    drafts.set(key, box.value);
    grow();
    offered = suggestionsFor(box);
    at = 0;
    mark();
  }
  function mark() {
    list.hidden = !offered.length;
    list.replaceChildren(...offered.map((item, index) =>
      suggestion(list, index, index === at, () => complete(item), h("strong", {}, item.label), item.detail)));
    if (offered.length) box.setAttribute("aria-activedescendant", `${list.id}-${at}`);
    else box.removeAttribute("aria-activedescendant");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  }
  function hide() { offered = []; mark(); }
  function complete(item) {
    box.value = item.text;
    drafts.set(key, box.value);
    hide();
    box.focus();
  }
  function onKey(event) {
    const open = offered.length > 0;
    const exact = open && box.value.trim() === offered[at].label;
    if (open && event.key === "ArrowDown") at = (at + 1) % offered.length;
    else if (open && event.key === "ArrowUp") at = (at + offered.length - 1) % offered.length;
    else if (open && event.key === "Escape") offered = [];
    else if (open && (event.key === "Tab" || (event.key === "Enter" && !exact))) return complete(offered[at]), event.preventDefault();
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) return event.preventDefault(), submit();
    else return;
    event.preventDefault();
    mark();
  }
  function grow() {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight + 2, 160)}px`;
  }
  async function submit() {
    const text = box.value.trim();
    if (!text) return;
    if (text[0] === "/" && thread()) return notice(`${text.split(/\s/)[0]} is not supported in threads. Sorry!`);
    put("");
    const what = text[0] === "/" ? { do: "command", text } : { do: "say", text, thread: thread() || null };
    const answer = await act({ ...what, in: current().in });
    if (!answer.ok && !box.value) put(text);
  }
  /** Sends files with what is typed, as soon as they are chosen. */
  function attach() {
    const chooser = h("input", { type: "file", multiple: true, onchange: async () => {
      const files = await Promise.all([...chooser.files].slice(0, 10).map(fileFields));
      const text = box.value.trim();
      put("");
      const answer = await act({ do: "say", text, files, thread: thread() || null, in: current().in });
      if (!answer.ok && !box.value) put(text);
    } });
    chooser.click();
  }
  function put(text) {
    box.value = text;
    drafts.set(key, text);
    hide();
    grow();
  }
  /** Called with each state: another place or person has another draft; the same one keeps what is typed.
      `closed` says why nobody can write here now. */
  form.follow = (words, closed) => {
    row.hidden = Boolean(closed);
    note.textContent = closed;
    const now = [current().me, here().in, thread()].join("/");
    box.placeholder = words;
    box.setAttribute("aria-label", words);
    if (now !== key) { key = now; put(drafts.get(key) ?? ""); }
  };
  return form;
}

function shortcuts(box, onInput) {
  const global = current().shortcuts.filter((shortcut) => shortcut.type === "global").map((shortcut) => ({
    label: shortcut.name, pick: () => act({ do: "shortcut", callback_id: shortcut.callback_id, in: current().in }),
  }));
  const slash = { label: "Commands", detail: "the same as typing /", pick: () => { box.value = "/"; box.focus(); onInput(); } };
  return [slash, ...global];
}

function suggestionsFor(box) {
  const before = box.value.slice(0, box.selectionStart);
  if (/^\/\S*$/.test(before)) return commandsLike(before);
  const name = /(?:^|\s)@([\p{L}\d ]{0,30})$/u.exec(before);
  return name ? peopleLike(name[1], before, box.value.slice(box.selectionStart)) : [];
}

const commandsLike = (typed) => current().commands.filter(({ command }) => command.startsWith(typed))
  .map(({ command, description, usage_hint: hint }) =>
    ({ label: command, detail: [hint, description].filter(Boolean).join(" · "), text: `${command} ` }));

function peopleLike(typed, before, after) {
  const start = before.slice(0, before.length - typed.length);
  const fits = (name) => name.toLowerCase().startsWith(typed.toLowerCase()) && name !== typed;
  return current().people.filter((person) => fits(person.name)).slice(0, 8)
    .map(({ name, bot, title }) => ({ label: `@${name}`, detail: bot ? "app" : title ?? "", text: `${start}${name} ${after}` }));
}
