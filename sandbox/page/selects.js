// Block Kit's select menus: a native select where it fits, suggestions for long and external lists, checkboxes for several.

import { h, uniqueId } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { choiceLine, choose, labelling } from "./elements.js";
import { current } from "./state.js";
import { optionsOf } from "./surface.js";

const LONG = 100;
const named = (value, text) => ({ value, text: { type: "plain_text", text } });
const people = () => current().people.filter((person) => !person.bot).map((person) => named(person.id, person.name));
const channels = () => current().places.filter((place) => place.kind === "channel").map((place) => named(place.id, place.name));

/** Menus of people and places list ids; all others list options. */
const SOURCES = { users: people, channels, conversations: channels };

export function drawSelect(spot) {
  const [, many, kind] = /^(multi_)?(\w+)_select$/.exec(spot.element.type);
  const source = SOURCES[kind];
  const element = source ? { ...spot.element, options: source() } : spot.element;
  const menu = { spot, element, kept: (option) => (source && option ? option.value : option), external: kind === "external" };
  if (many) return severalOf(menu);
  return menu.external || optionsOf(element).length > LONG ? suggesting(menu) : nativeSelect(menu);
}

/** One line of a list of suggestions, here and in the composer. */
export function suggestion(list, index, isMarked, pick, label, detail) {
  const onpointerdown = (event) => { event.preventDefault(); pick(); };
  return h("li", { role: "option", id: `${list.id}-${index}`, "aria-selected": String(isMarked), onpointerdown },
    label, detail && h("span", { class: "menu-detail" }, detail));
}

const valueOf = (kept) => kept?.value ?? kept;
const textOf = (option) => withEmoji(option.text.text);

function nativeSelect({ spot, element, kept }) {
  const options = optionsOf(element);
  const chosen = valueOf(spot.surface.get(spot.block, spot.element));
  let index = -1;
  const entry = (option) => h("option", { value: String((index += 1)), selected: option.value === chosen }, textOf(option));
  const select = h("select", { ...labelling(spot), class: "field-box", onchange: onPick },
    h("option", { value: "", selected: chosen === null }, element.placeholder?.text ?? "Choose an option"),
    element.option_groups?.map((group) => h("optgroup", { label: group.label.text }, group.options.map(entry))) ?? options.map(entry));
  async function onPick() {
    const before = valueOf(spot.surface.get(spot.block, spot.element));
    const option = select.value === "" ? null : options[Number(select.value)];
    if (!option && !spot.inInput) return;
    if (await choose(spot, kept(option))) return;
    const back = options.findIndex((one) => one.value === before);
    select.value = back < 0 ? "" : String(back);
  }
  return select;
}

/** A field that offers what fits its text: Slack's external selects, and lists too long for a native menu. */
function suggesting(menu) {
  const { spot, element, kept } = menu;
  const list = h("ul", { role: "listbox", class: "suggestions", id: uniqueId("suggestions"), "aria-label": "Suggestions", hidden: true });
  const chosen = spot.surface.get(spot.block, spot.element);
  const field = h("input", {
    ...labelling(spot), class: "field-box", role: "combobox", type: "text", autocomplete: "off",
    "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list",
    value: shownOf(chosen), placeholder: element.placeholder?.text ?? "Type to search",
    oninput: () => { if (!field.value) choose(spot, null, { settled: spot.inInput }); offer(); },
    onfocus: () => field.select(),
    onclick: () => offer(""),
    onblur: () => setTimeout(close, 150),
    onkeydown: onKey,
  });
  let offered = [];
  let at = -1;
  let turn = 0;

  async function offer(query = field.value) {
    const mine = ++turn;
    const found = await matching(menu, query);
    if (mine !== turn) return;
    offered = found.slice(0, LONG);
    mark(offered.length ? 0 : -1);
    list.hidden = false;
    list.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-expanded", "true");
  }
  function mark(index) {
    at = index;
    list.replaceChildren(...(offered.length ? offered.map(line) : [h("li", { class: "hint" }, "Nothing found")]));
    if (list.children[at]?.id) field.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at]?.scrollIntoView({ block: "nearest" });
  }
  const line = (option, index) => suggestion(list, index, index === at, () => pick(option), textOf(option), option.description?.text);
  function close() {
    turn += 1;
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.value = shownOf(spot.surface.get(spot.block, spot.element));
  }
  function pick(option) { choose(spot, kept(option)); close(); }
  function onKey(event) {
    const isOpen = !list.hidden;
    if (event.key === "ArrowDown" && !isOpen) offer("");
    else if (isOpen && event.key === "ArrowDown") mark((at + 1) % (offered.length || 1));
    else if (isOpen && event.key === "ArrowUp") mark((at + offered.length - 1) % (offered.length || 1));
    else if (isOpen && event.key === "Enter" && offered[at] && !event.ctrlKey && !event.metaKey) pick(offered[at]);
    else if (isOpen && event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  return h("div", { class: "combo" }, field, list);
}

/** What a field shows of its kept choice: an option's text, or the name behind an id. */
function shownOf(chosen) {
  if (!chosen) return "";
  return chosen.text ? textOf(chosen) : [...people(), ...channels()].find((option) => option.value === chosen)?.text.text ?? chosen;
}

async function matching({ spot, element, external }, query) {
  if (external) {
    if (query.length < (element.min_query_length ?? 3)) return [];
    return optionsOf(await spot.surface.suggest(spot.block, spot.element, query));
  }
  return optionsOf(element).filter((option) => fits(option, query));
}

const fits = (option, query) => option.text.text.toLowerCase().includes(query.trim().toLowerCase());

/** Several of many: a labelled group of checkboxes, with a field to narrow it when it is long. */
function severalOf(menu) {
  const { spot, element, kept, external } = menu;
  const most = element.max_selected_items ?? Infinity;
  const chosen = new Map([spot.surface.get(spot.block, spot.element)].flat().map((one) => [valueOf(one), one]));
  const list = h("div", { class: "choices several" });
  const count = h("p", { class: "hint", role: "status" });
  const filter = h("input", { type: "search", class: "field-box", autocomplete: "off", oninput: fill,
    "aria-label": "Filter the options", placeholder: element.placeholder?.text ?? "Type to filter" });

  let turn = 0;
  async function fill() {
    const mine = ++turn;
    const found = await matching(menu, filter.value);
    if (mine !== turn) return;
    const extra = external ? [...chosen.values()].filter((one) => !found.some((option) => option.value === valueOf(one))) : [];
    list.replaceChildren(...[...extra, ...found].slice(0, LONG).map(line));
    tell();
  }
  const line = (option) =>
    choiceLine(option, { type: "checkbox", checked: chosen.has(option.value), onchange: (event) => toggle(event.target, option) });
  function toggle(box, option) {
    if (!box.checked) chosen.delete(option.value);
    else if (chosen.size < most) chosen.set(option.value, kept(option));
    else { box.checked = false; return; }
    choose(spot, [...chosen.values()]);
    tell();
  }
  const tell = () => { count.textContent = `${chosen.size} chosen${most < Infinity ? ` of at most ${most}` : ""}`; };

  const long = external || optionsOf(element).length > 8;
  fill();
  return h("div", { ...labelling(spot), role: "group", "aria-required": null, class: "several-box", tabindex: "-1" },
    long && filter, list, count);
}
