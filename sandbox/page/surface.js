// One place where blocks stand (a message, a view): what people chose and typed in it, kept as Slack's state has it.

import { act } from "./state.js";

const ONE = (name) => ({ field: `selected_${name}`, initial: `initial_${name}`, empty: null });
const MANY = (name) => ({ field: `selected_${name}s`, initial: `initial_${name}s`, empty: [] });
const TEXT = { field: "value", initial: "initial_value", empty: null };

const KINDS = {
  plain_text_input: TEXT, number_input: TEXT, email_text_input: TEXT, url_text_input: TEXT,
  rich_text_input: { field: "rich_text_value", initial: "initial_value", empty: null },
  file_input: { field: "files", initial: "", empty: [] },
  static_select: ONE("option"), external_select: ONE("option"), radio_buttons: ONE("option"), overflow: ONE("option"),
  users_select: ONE("user"), conversations_select: ONE("conversation"), channels_select: ONE("channel"),
  multi_static_select: MANY("option"), multi_external_select: MANY("option"), checkboxes: MANY("option"),
  multi_users_select: MANY("user"), multi_conversations_select: MANY("conversation"), multi_channels_select: MANY("channel"),
  datepicker: ONE("date"), timepicker: ONE("time"), datetimepicker: ONE("date_time"),
};

export const optionsOf = (element) => [...(element.options ?? []), ...(element.option_groups ?? []).flatMap((group) => group.options)];
export const elementsOf = (block) => [block.element, block.accessory, ...(block.elements ?? [])].filter((one) => one?.action_id);
export const isEmpty = (value) => value === null || value === undefined || value === "" || value.length === 0;

const keyOf = (block, element) => `${block.block_id} ${element.action_id}`;

/** Whether a kept choice can still be made, after the options changed under it. */
function stillOffered(element, value) {
  const offered = new Set(optionsOf(element).map((option) => option.value));
  if (!offered.size) return true;
  return [value].flat().every((option) => !option?.value || offered.has(option.value));
}

export class Surface {
  /** `where` names it to the server: { in, ts } or { view }. A modal keeps what was typed when its blocks change. */
  constructor(where, keepsTyped = false) {
    Object.assign(this, { where, keepsTyped, blocks: [], values: new Map() });
  }

  /** Takes over the blocks shown now; what was typed in fields that are gone is forgotten, as in Slack. */
  follow(blocks) {
    this.blocks = blocks;
    const there = new Set(blocks.flatMap((block) => elementsOf(block).map((element) => keyOf(block, element))));
    for (const key of this.values.keys()) if (!there.has(key)) this.values.delete(key);
  }

  /** Called as a block is drawn: its elements take their initial values, or keep what was typed. */
  prepare(block) {
    for (const element of elementsOf(block)) {
      const kind = KINDS[element.type];
      if (!kind || element.type === "overflow") continue;
      const key = keyOf(block, element);
      const kept = this.values.get(key);
      if (this.keepsTyped && kept?.type === element.type && stillOffered(element, kept.value)) continue;
      this.values.set(key, { type: element.type, value: element[kind.initial] ?? kind.empty });
    }
  }

  get(block, element) {
    return this.values.get(keyOf(block, element))?.value ?? KINDS[element.type].empty;
  }

  set(block, element, value) {
    this.values.set(keyOf(block, element), { type: element.type, value });
    this.onChange?.(block);
  }

  /** Slack's state.values of the blocks as they stand. */
  state() {
    const state = {};
    for (const block of this.blocks) {
      for (const element of elementsOf(block)) {
        const kept = this.values.get(keyOf(block, element));
        if (kept) (state[block.block_id] ??= {})[element.action_id] = { type: kept.type, [KINDS[kept.type].field]: kept.value };
      }
    }
    return state;
  }

  /** Tells the app what was pressed or chosen; `fields` are those of Slack's action. */
  dispatch(block, element, fields) {
    const at = { block_id: block.block_id, action_id: element.action_id };
    return act({ do: "click", ...this.where, ...at, ...fields, state: this.state() });
  }

  dispatchValue(block, element) {
    return this.dispatch(block, element, { [KINDS[element.type].field]: this.get(block, element) });
  }

  async suggest(block, element, value) {
    const answer = await act({ do: "suggest", ...this.where, block_id: block.block_id, action_id: element.action_id, value }, { quiet: true });
    return { options: answer.options ?? [], option_groups: answer.option_groups, error: answer.ok ? null : answer.error };
  }

  /** What Slack's own client finds wrong before it sends a form: { block_id: words }. */
  check() {
    const errors = {};
    for (const block of this.blocks.filter((one) => one.type === "input")) {
      const wrong = wrongWith(block, this.get(block, block.element));
      if (wrong) errors[block.block_id] = wrong;
    }
    return errors;
  }
}

function wrongWith(block, value) {
  if (isEmpty(value)) return block.optional ? null : "Please complete this required field.";
  return CHECKS[block.element.type]?.(value, block.element) ?? null;
}

const CHECKS = {
  plain_text_input(text, { min_length: least = 0, max_length: most = 3000 }) {
    if (text.length < least) return `Please enter at least ${least} characters.`;
    return text.length > most ? `Please enter at most ${most} characters.` : null;
  },
  number_input(text, { is_decimal_allowed: decimal, min_value: least, max_value: most }) {
    if (!(decimal ? /^-?\d*\.?\d+$/ : /^-?\d+$/).test(text)) return decimal ? "Please enter a number." : "Please enter a whole number.";
    if (least !== undefined && Number(text) < Number(least)) return `Please enter ${least} or more.`;
    return most !== undefined && Number(text) > Number(most) ? `Please enter ${most} or less.` : null;
  },
  email_text_input: (text) => (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) ? null : "Please enter a valid email address."),
  url_text_input: (text) => (URL.canParse(text) && /^https?:/i.test(text) ? null : "Please enter a valid URL."),
};
