// The layout blocks of Block Kit, drawn on a surface; the controls inside them are elements.js's.

import { chart } from "./chart.js";
import { h, isWebAddress, outLink, reconcile, uniqueId } from "./dom.js";
import { drawElement } from "./elements.js";
import { withEmoji } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";
import { markdown, richText, table } from "./richtext.js";
import { current } from "./state.js";
import { wordsOfNow } from "./zone.js";

/** Draws a surface's blocks into `parent`; a block that did not change keeps its node. */
export function drawBlocks(parent, blocks, surface) {
  surface.follow(blocks.map((block, index) => (block.block_id ? block : { ...block, block_id: `block-${index}` })));
  reconcile(parent, surface.blocks, {
    key: (block) => block.block_id,
    signature: (block) => signatureOf([block, current().me]),
    draw: (block) => drawBlock(block, surface),
  });
}

/** What a drawing depends on: the data, and for words like "today" the clock. */
export function signatureOf(data) {
  const json = JSON.stringify(data);
  return json + wordsOfNow(json);
}

function drawBlock(block, surface) {
  surface.prepare(block);
  const unknown = () => h("p", { class: "unknown" }, `(A block of type ${block.type} is not shown here.)`);
  const node = (BLOCKS[block.type] ?? unknown)(block, surface);
  node.classList.add("block", `block-${block.type}`);
  node.dataset.block = block.block_id;
  return node;
}

/** A text object, plain or mrkdwn. */
export const textNodes = (text) => (text.type === "mrkdwn" ? mrkdwn(text.text) : lines(text.emoji === false ? text.text : withEmoji(text.text)));

const lines = (text) => text.split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line]));

function section(block, surface) {
  const { accessory } = block;
  return h("div", {},
    h("div", { class: "section-words" },
      block.text && h("div", { class: "text" }, textNodes(block.text)),
      block.fields && h("div", { class: "fields" }, block.fields.map((field) => h("div", { class: "text" }, textNodes(field))))),
    accessory && h("div", { class: "accessory" }, drawAccessory(block, surface)));
}

/** What stands beside a section is named by its placeholder, else by the section's words. */
function drawAccessory(block, surface) {
  const element = block.accessory;
  if (element.type === "image") return image(element);
  const words = block.text?.text.replace(/[*_~`<>]/g, "").slice(0, 80);
  return drawElement({ surface, block, element, spokenLabel: element.placeholder?.text ?? words });
}

function image({ image_url: url, alt_text: alt, title }) {
  const src = isWebAddress(url) || /^data:image\//.test(url) ? url : null;
  return h("img", { src, alt, title: title?.text, loading: "lazy" });
}

const imageBlock = (block) => h("figure", {}, block.title && h("figcaption", {}, block.title.text), image(block));

const context = (block) =>
  h("div", {}, block.elements.map((one) => (one.type === "image" ? image(one) : h("div", { class: "text" }, textNodes(one)))));

const actions = (block, surface) => h("div", {}, block.elements.map((element) => drawElement({ surface, block, element })));

/** Controls that are a group of several have no single control to tie a <label for> to. */
const GROUPED = /^(radio_buttons|checkboxes|multi_.*)$/;

function input(block, surface) {
  const { element } = block;
  const [id, labelId] = [uniqueId("control"), uniqueId("label")];
  const [hintId, errorId] = [`${id}-hint`, `${id}-error`];
  const grouped = GROUPED.test(element.type);
  const describedBy = [block.hint && hintId, errorId].filter(Boolean).join(" ");
  const label = h(grouped ? "span" : "label", { id: labelId, for: grouped ? null : id, class: "label" }, block.label.text);
  return h("div", { class: "field" },
    h("div", { class: "field-label" }, label, block.optional && h("span", { class: "optional", "aria-hidden": "true" }, "(optional)")),
    drawElement({ surface, block, element, inInput: true, id, labelId, describedBy, required: !block.optional }),
    block.hint && h("p", { class: "hint", id: hintId }, withEmoji(block.hint.text)),
    h("p", { class: "error", id: errorId, role: "alert" }));
}

/** Shows, or with no words takes away, the error at an input block. */
export function markError(parent, blockId, words = "") {
  const node = parent.querySelector(`[data-block="${CSS.escape(blockId)}"]`);
  const place = node?.querySelector(".error");
  if (!place) return false;
  if (place.textContent !== words) place.textContent = words;
  node.classList.toggle("wrong", Boolean(words));
  for (const control of node.querySelectorAll("[data-spot]")) {
    if (words) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  }
  return true;
}

const video = (block) =>
  h("figure", {}, h("figcaption", {}, outLink(block.title_url, block.title.text)), image({ image_url: block.thumbnail_url, alt_text: block.alt_text }));

const BLOCKS = {
  section, actions, input, context, video,
  image: imageBlock,
  header: (block) => h("p", { role: "heading", "aria-level": "3" }, withEmoji(block.text.text)),
  divider: () => h("hr"),
  rich_text: richText,
  markdown: (block) => markdown(block.text),
  table,
  data_visualization: chart,
};
