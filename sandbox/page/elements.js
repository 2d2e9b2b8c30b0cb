// The interactive elements of Block Kit but the selects: buttons, text and number fields, dates, radio buttons, checkboxes.

import { button, h, isWebAddress, outLink, uniqueId } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { confirmed, menuButton } from "./menu.js";
import { mrkdwn } from "./mrkdwn.js";
import { drawSelect } from "./selects.js";
import { momentOf, wallClock } from "./zone.js";

/** What a control needs to be found: its id, its label's id, what describes it. See `labelling`. */
export function labelling({ id, element, block, labelId, describedBy, required, spokenLabel }) {
  const fallback = spokenLabel ?? element.placeholder?.text ?? element.action_id;
  return {
    id,
    data: { spot: `${block.block_id} ${element.action_id}` },
    "aria-labelledby": labelId,
    "aria-label": labelId ? null : fallback,
    "aria-describedby": describedBy,
    "aria-required": required ? "true" : null,
  };
}

/** Draws an element at a spot: { surface, block, element, inInput, id, labelId, describedBy, required, spokenLabel }. */
export function drawElement(spot) {
  const draw = DRAWN[spot.element.type] ?? (/select$/.test(spot.element.type) ? drawSelect : unknown);
  return draw(spot);
}

const unknown = ({ element }) => h("span", { class: "unknown" }, `(${element.type} is not shown here)`);

/** Keeps a value; tells the app at once where Slack does. */
export async function choose(spot, value, { settled = true } = {}) {
  const { surface, block, element, inInput } = spot;
  const dispatches = settled && (!inInput || block.dispatch_action);
  if (dispatches && !(await confirmed(element.confirm))) return false;
  surface.set(block, element, value);
  if (dispatches) await surface.dispatchValue(block, element);
  return true;
}

async function press(node, { surface, block, element }, fields) {
  if (!(await confirmed(element.confirm))) return;
  node.setAttribute("aria-busy", "true");
  await surface.dispatch(block, element, fields);
  node.removeAttribute("aria-busy");
}

function drawButton(spot) {
  const { element, block } = spot;
  const data = { spot: `${block.block_id} ${element.action_id}` };
  const more = { class: `button ${element.style ?? ""}`, data, "aria-label": element.accessibility_label };
  const onclick = (event) => press(event.currentTarget, spot, { value: element.value });
  const words = withEmoji(element.text.text);
  return element.url ? outLink(element.url, words, { ...more, onclick }) : button(words, onclick, more);
}

function overflow(spot) {
  const { element } = spot;
  const items = element.options.map((option) => ({
    label: withEmoji(option.text.text),
    detail: option.description?.text,
    pick: () => {
      if (isWebAddress(option.url)) window.open(option.url, "_blank", "noopener");
      press(node, spot, { selected_option: option });
    },
  }));
  const node = menuButton("⋯", "More options", () => items, { class: "button overflow", data: { spot: `${spot.block.block_id} ${element.action_id}` } });
  return node;
}

function textField(spot, type, more = {}) {
  const { element, surface, block } = spot;
  const when = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const tag = element.multiline ? "textarea" : "input";
  return h(tag, {
    ...labelling(spot), class: "field-box", type: element.multiline ? null : type, rows: element.multiline ? 4 : null,
    placeholder: element.placeholder?.text, maxlength: element.max_length, value: surface.get(block, element) ?? "",
    autocomplete: "off", autofocus: element.focus_on_load, ...more,
    oninput: (event) => choose(spot, event.target.value || null, { settled: when.includes("on_character_entered") }),
    onkeydown: (event) => {
      if (event.key !== "Enter" || element.multiline || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      if (block.dispatch_action && when.includes("on_enter_pressed")) surface.dispatchValue(block, element);
    },
  });
}

/** Rich text is typed as plain text here and sent as one section. */
function richTextInput(spot) {
  const { element, surface, block } = spot;
  const typed = (part) => (part.elements ?? []).map((leaf) => (leaf.elements ? typed(leaf) : leaf.text ?? leaf.url ?? "")).join("");
  const section = (text) => ({ type: "rich_text_section", elements: [{ type: "text", text }] });
  const value = (text) => (text ? { type: "rich_text", elements: [section(text)] } : null);
  return h("textarea", {
    ...labelling(spot), class: "field-box", rows: 4, placeholder: element.placeholder?.text, value: typed(surface.get(block, element) ?? {}),
    oninput: (event) => choose(spot, value(event.target.value), { settled: false }),
  });
}

function picker(type, shown, kept) {
  return (spot) => {
    const value = spot.surface.get(spot.block, spot.element);
    return h("input", { ...labelling(spot), class: "field-box picker", type, value: value ? shown(value) : "",
      onchange: (event) => choose(spot, event.target.value ? kept(event.target.value) : null) });
  };
}

const same = (value) => value;

/** Radio buttons and checkboxes: one labelled group. */
function optionList(type, role) {
  return (spot) => {
    const { element, surface, block } = spot;
    const name = uniqueId("choice");
    const chosen = new Set([surface.get(block, element)].flat().map((option) => option?.value));
    const line = (option) => choiceLine(option, { type, name, checked: chosen.has(option.value), onchange: () => choose(spot, picked()) });
    const group = h("div", { role, class: "choices", ...labelling(spot), "aria-required": null, tabindex: "-1" },
      element.options.map(line));
    const picked = () => {
      const marked = element.options.filter((_, index) => group.querySelectorAll("input")[index].checked);
      return type === "radio" ? marked[0] ?? null : marked;
    };
    return group;
  };
}

export function choiceLine(option, input) {
  const id = uniqueId("option");
  const text = (part) => (part.type === "mrkdwn" ? mrkdwn(part.text) : withEmoji(part.text));
  const more = option.description && h("p", { class: "hint", id: `${id}-more` }, text(option.description));
  return h("div", { class: "choice" },
    h("input", { id, "aria-describedby": more?.id, ...input }),
    h("div", {}, h("label", { for: id }, text(option.text)), more));
}

export async function fileFields(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const content = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return { name: file.name, mimetype: file.type, size: file.size, content };
}

function fileInput(spot) {
  const { filetypes = [], max_files: most = 10 } = spot.element;
  const accept = filetypes.map((ending) => `.${ending}`).join(",");
  const onchange = async (event) => choose(spot, await Promise.all([...event.target.files].slice(0, most).map(fileFields)));
  return h("input", { ...labelling(spot), type: "file", class: "field-box", accept, multiple: most > 1, onchange });
}

const DRAWN = {
  button: drawButton, workflow_button: drawButton, overflow,
  plain_text_input: (spot) => textField(spot, "text"),
  number_input: (spot) => textField(spot, "text", { inputmode: spot.element.is_decimal_allowed ? "decimal" : "numeric" }),
  email_text_input: (spot) => textField(spot, "email"),
  url_text_input: (spot) => textField(spot, "url"),
  rich_text_input: richTextInput,
  datepicker: picker("date", same, same),
  timepicker: picker("time", same, same),
  datetimepicker: picker("datetime-local", wallClock, momentOf),
  radio_buttons: optionList("radio", "radiogroup"),
  checkboxes: optionList("checkbox", "group"),
  file_input: fileInput,
};
