// Slack's rich_text blocks, its markdown blocks (a simple subset), and tables as DOM nodes.

import { h } from "./dom.js";
import { emojiOf, withEmoji } from "./emoji.js";
import { channelLink, link, mention } from "./mrkdwn.js";
import { slackDate } from "./zone.js";

const STYLE_TAGS = { bold: "strong", italic: "em", strike: "s", underline: "u", code: "code" };

const LEAVES = {
  text: (leaf) => leaf.text,
  link: (leaf) => link(leaf.url, leaf.text),
  emoji: (leaf) => emojiOf(leaf.name),
  user: (leaf) => mention(leaf.user_id),
  channel: (leaf) => channelLink(leaf.channel_id),
  broadcast: (leaf) => h("span", { class: "mention" }, `@${leaf.range}`),
  usergroup: (leaf) => h("span", { class: "mention" }, `@${leaf.usergroup_id}`),
  date: (leaf) => h("time", {}, slackDate(leaf.timestamp, leaf.format ?? "{date_short}") || leaf.fallback),
  color: (leaf) => leaf.value,
};

function leafNode(leaf) {
  const made = LEAVES[leaf.type]?.(leaf) ?? leaf.text ?? "";
  const styles = Object.keys(leaf.style ?? {}).filter((name) => leaf.style[name] && STYLE_TAGS[name]);
  return styles.reduce((inner, name) => h(STYLE_TAGS[name], {}, inner), made);
}

const leaves = (part) => part.elements.map(leafNode);

const PARTS = {
  rich_text_section: (part) => h("p", { class: "rich" }, leaves(part)),
  rich_text_quote: (part) => h("blockquote", { class: "rich" }, leaves(part)),
  rich_text_preformatted: (part) => h("pre", {}, leaves(part)),
  rich_text_list: (part) =>
    h(part.style === "ordered" ? "ol" : "ul", { class: `indent-${part.indent ?? 0}`, start: part.offset ? part.offset + 1 : null },
      part.elements.map((item) => h("li", {}, leaves(item)))),
};

export const richText = (block) => h("div", { class: "text" }, block.elements.map((part) => PARTS[part.type]?.(part) ?? ""));

/** A table block; its first row is the head. */
export function table(block) {
  const align = (column) => `align-${block.column_settings?.[column]?.align ?? "left"}`;
  const inside = (content) => (content.type === "rich_text" ? richText(content) : String(content.text ?? content.value ?? ""));
  const cell = (tag) => (content, column) => h(tag, { class: align(column), scope: tag === "th" ? "col" : null }, inside(content));
  const [head = [], ...rows] = block.rows;
  return h("div", { class: "table", tabindex: "0", role: "group", "aria-label": "Table" },
    h("table", {},
      h("thead", {}, h("tr", {}, head.map(cell("th")))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map(cell("td")))))));
}

const MARKS = /\*\*(.+?)\*\*|__(.+?)__|\*(.+?)\*|(?<!\w)_(.+?)_(?!\w)|~~(.+?)~~|`([^`]+)`|\[([^\]]*)\]\(([^)\s]+)\)/;

function markdownInline(text) {
  const found = MARKS.exec(text);
  if (!found) return [withEmoji(text)];
  const [whole, strong1, strong2, em1, em2, struck, code, label, url] = found;
  const node = url ? link(url, label)
    : code ? h("code", {}, code)
    : struck ? h("s", {}, markdownInline(struck))
    : strong1 || strong2 ? h("strong", {}, markdownInline(strong1 ?? strong2))
    : h("em", {}, markdownInline(em1 ?? em2));
  return [withEmoji(text.slice(0, found.index)), node, ...markdownInline(text.slice(found.index + whole.length))];
}

const LINES = [
  [/^#{1,6} (.*)/, (m) => h("p", { class: "heading" }, markdownInline(m[1]))],
  [/^\s*[-*+] (.*)/, (m) => h("ul", {}, h("li", {}, markdownInline(m[1])))],
  [/^\s*(\d+)[.)] (.*)/, (m) => h("ol", { start: m[1] }, h("li", {}, markdownInline(m[2])))],
  [/^> ?(.*)/, (m) => h("blockquote", {}, markdownInline(m[1]))],
  [/^(?:---+|\*\*\*+)$/, () => h("hr")],
  [/^(.+)$/, (m) => h("p", { class: "rich" }, markdownInline(m[1]))],
];

function markdownLine(line) {
  for (const [pattern, draw] of LINES) {
    const found = pattern.exec(line);
    if (found) return draw(found);
  }
  return "";
}

export function markdown(text) {
  const pieces = text.split(/```\w*\n?([\s\S]*?)```/);
  return h("div", { class: "text" }, pieces.map((piece, index) => (index % 2 ? h("pre", {}, piece) : piece.split("\n").map(markdownLine))));
}
