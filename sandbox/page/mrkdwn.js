// Slack's mrkdwn as DOM nodes: styles, quotes, code, links, mentions, dates, emoji.

import { button, h, outLink } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { go, personOf, placeOf } from "./state.js";
import { fullTime, slackDate } from "./zone.js";

const STYLED = (mark) => `(?<![\\w${mark}])\\${mark}(?=\\S)((?:<[^<>\\n]*>|\`[^\`\\n]*\`|[^${mark}\\n])+?)(?<=\\S)\\${mark}(?![\\w${mark}])`;
const TOKEN = new RegExp(`<([^<>\\n]+)>|\`([^\`\\n]+)\`|${STYLED("*")}|${STYLED("_")}|${STYLED("~")}`);
const TAGS = [, , , "strong", "em", "s"];

export const unescaped = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

export function mrkdwn(text) {
  return text.split(/```([\s\S]*?)```/).flatMap((piece, index) =>
    index % 2 ? h("pre", {}, unescaped(piece.replace(/^\n|\n$/g, ""))) : paragraphs(piece));
}

/** Lines, with runs of quoted ones ("> …") gathered. */
function paragraphs(text) {
  const nodes = [];
  for (const line of text.replace(/^\n|\n$/g, "").split("\n")) {
    const quoted = /^(?:>|&gt;) ?(.*)$/.exec(line);
    const last = nodes.at(-1);
    if (quoted && last?.tagName === "BLOCKQUOTE") last.append(h("br"), ...inline(quoted[1]));
    else if (quoted) nodes.push(h("blockquote", {}, inline(quoted[1])));
    else nodes.push(...(last && last.tagName !== "BLOCKQUOTE" ? [h("br")] : []), ...inline(line), document.createTextNode(""));
  }
  return nodes;
}

function inline(text) {
  const found = TOKEN.exec(text);
  if (!found) return text ? [withEmoji(unescaped(text))] : [];
  const before = text.slice(0, found.index);
  const after = text.slice(found.index + found[0].length);
  return [...(before ? [withEmoji(unescaped(before))] : []), styled(found), ...inline(after)];
}

function styled(found) {
  if (found[1] !== undefined) return reference(found[1]);
  if (found[2] !== undefined) return h("code", {}, unescaped(found[2]));
  const which = [3, 4, 5].find((group) => found[group] !== undefined);
  return h(TAGS[which], {}, inline(found[which]));
}

/** What stands between < and >. */
function reference(inside) {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : unescaped(inside.slice(bar + 1));
  if (target[0] === "@") return mention(target.slice(1), label);
  if (target[0] === "#") return channelLink(target.slice(1), label);
  if (target.startsWith("!date^")) return dateOf(target, label);
  if (target[0] === "!") return h("span", { class: "mention" }, label || `@${target.slice(1).split("^")[0]}`);
  return isAddress(target) ? link(unescaped(target), label ? withEmoji(label) : "") : `<${unescaped(inside)}>`;
}

export function mention(id, label = "") {
  const person = personOf(id);
  return h("span", { class: "mention", title: person?.title }, `@${person?.name ?? (label || id)}`);
}

export function channelLink(id, label = "") {
  const place = placeOf(id);
  const name = `#${place?.name ?? (label || "private channel")}`;
  return place ? button(name, () => go({ in: id }), { class: "mention" }) : h("span", { class: "mention" }, name);
}

function dateOf(target, label) {
  const [, at, pattern, url] = target.split("^");
  const node = h("time", { title: fullTime(Number(at)) }, slackDate(Number(at), unescaped(pattern ?? "")) || label);
  return url ? link(url, node) : node;
}

const isAddress = (url) => /^(https?:|mailto:)/i.test(url);

/** Only web and mail addresses become links; one to a message of this Slack opens it here. */
export function link(url, label) {
  if (!isAddress(url)) return h("span", {}, label || url);
  const message = /\/archives\/(\w+)\/p(\d+)(\d{6})(?:\?thread_ts=([\d.]+))?/.exec(url);
  const known = message && placeOf(message[1]);
  const open = (event) => {
    event.preventDefault();
    go({ in: message[1], thread: message[4] ?? "" });
    document.dispatchEvent(new CustomEvent("find-message", { detail: `${message[2]}.${message[3]}` }));
  };
  return outLink(url, label || url, { onclick: known ? open : null });
}
