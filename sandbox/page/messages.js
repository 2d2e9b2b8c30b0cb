// The messages of a place and the thread beside them: who, when, what, and what one can do with each.

import { drawBlocks, signatureOf } from "./blocks.js";
import { button, h, iconButton, outLink, reconcile } from "./dom.js";
import { menuButton, openMenu } from "./menu.js";
import { mrkdwn } from "./mrkdwn.js";
import { avatar, companyBadge } from "./people.js";
import { act, current, go, personOf, seconds } from "./state.js";
import { Surface } from "./surface.js";
import { dayName, fullTime, timeOf } from "./zone.js";

const dismissed = new Set(JSON.parse(sessionStorage.getItem("dismissed") ?? "[]"));

const momentOfMessage = (message) => seconds(message.at ?? Number(message.ts));
const isDismissed = (message) => message.ephemeral && dismissed.has(`${current().me} ${message.ts}`);

/** Draws messages with a line between days. */
export function drawMessages(list, messages, inThread) {
  const shown = messages.filter((message) => !isDismissed(message));
  const items = [];
  for (const message of shown) {
    const day = dayName(momentOfMessage(message));
    if (!inThread && items.findLast((item) => item.day)?.day !== day) items.push({ day });
    items.push({ message });
  }
  reconcile(list, items, {
    key: (item) => item.day ?? `${item.message.ts}${item.message.ephemeral ? " ephemeral" : ""}`,
    signature: (item) => signatureOf([item, current().me, current().in, isPinned(item.message), current().shortcuts, isGone(item.message)]),
    draw: (item, old) => (item.day ? h("li", { class: "day" }, h("span", {}, item.day)) : drawMessage(item.message, inThread, old)),
  });
}

const isGone = (message) => Boolean(message && personOf(message.user)?.deactivated);
const isPinned = (message) => Boolean(message && (message.pinned || current().pins?.includes(message.ts)));

function drawMessage(message, inThread, old) {
  const surface = old?.surface ?? new Surface({ in: current().in, ts: message.ts });
  const blocks = old?.querySelector(".blocks") ?? h("div", { class: "blocks" });
  const kind = ["message", message.ephemeral && "ephemeral", isPinned(message) && "pinned"].filter(Boolean).join(" ");
  const node = h("li", { class: kind, tabindex: "-1", data: { ts: message.ts } },
    avatar(message),
    h("div", { class: "message-body" },
      message.ephemeral && note("Only visible to you", button("Dismiss", () => dismiss(message), { class: "quiet" })),
      isPinned(message) && note("Pinned"),
      heading(message),
      content(message, surface, blocks),
      message.edited && h("p", { class: "edited" }, "(edited)"),
      !inThread && !message.ephemeral && replies(message)),
    !message.ephemeral && tools(message, inThread));
  return Object.assign(node, { surface });
}

const note = (...words) => h("p", { class: "message-note" }, words);

function heading(message) {
  const at = momentOfMessage(message);
  return h("p", { class: "message-head" },
    h("strong", {}, message.name ?? personOf(message.user)?.name ?? message.user),
    message.is_bot && h("span", { class: "app-badge" }, "APP"),
    !message.slackbot && companyBadge(message.team ?? personOf(message.user)?.team, message.user),
    h("time", { datetime: new Date(at * 1000).toISOString(), title: fullTime(at) }, timeOf(at)));
}

/** Blocks stay as they are when only what surrounds them changed; text stands for them when there are none. */
function content(message, surface, blocks) {
  drawBlocks(blocks, message.blocks ?? [], surface);
  const text = !message.blocks?.length && message.text && h("div", { class: "text block" }, mrkdwn(message.text));
  return [blocks, text, (message.attachments ?? []).map((one) => attachment(one, message)), (message.files ?? []).map(file)];
}

function attachment(one, message) {
  const node = h("div", { class: "attachment" }, one.pretext && h("p", {}, mrkdwn(one.pretext)), one.title && h("strong", {}, one.title),
    (one.text || (!one.blocks && one.fallback)) && h("div", { class: "text" }, mrkdwn(one.text ?? one.fallback)));
  if (one.blocks) drawBlocks(node.appendChild(h("div")), one.blocks, new Surface({ in: current().in, ts: message.ts }));
  return node;
}

const PICTURE = /^image\/(png|jpeg|gif|webp)$/;

function file(one) {
  if (one.mode === "tombstone") return h("p", { class: "file hint" }, "This file was deleted.");
  if (PICTURE.test(one.mimetype)) return picture(one);
  const details = [one.filetype ?? one.mimetype, one.size && `${Math.ceil(one.size / 1024)} kB`];
  return h("p", { class: "file" }, outLink(one.url_private ?? one.permalink, one.title || one.name),
    h("span", { class: "hint" }, details.filter(Boolean).join(", ")));
}

/** The page's own address may name this machine in another way than the file's does. */
function picture(one) {
  const name = one.title || one.name;
  const image = h("img", { src: new URL(one.url_private).pathname, alt: one.alt_txt ?? name, loading: "lazy" });
  return h("figure", { class: "picture" }, h("figcaption", {}, outLink(one.url_private, name)), image);
}

function replies(message) {
  if (!message.reply_count) return null;
  const words = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  return button(words, () => go({ thread: message.ts }), { class: "quiet replies" });
}

function tools(message, inThread) {
  const more = menuButton("⋮", "More actions", () => actionsFor(message), { class: null, data: { spot: "more" } });
  const reply = !inThread && iconButton("↩", "Reply in thread", () => startThread(message), { class: "wide-only", data: { spot: "reply" } });
  return h("div", { class: "message-tools" }, reply, more);
}

function startThread(message) {
  go({ thread: message.thread_ts ?? message.ts });
  document.querySelector(".thread textarea")?.focus();
}

function actionsFor(message) {
  const words = () => document.querySelector(`[data-ts="${message.ts}"] .message-body`).innerText;
  const shortcuts = current().shortcuts.filter((shortcut) => shortcut.type === "message").map((shortcut) => ({
    label: shortcut.name,
    pick: () => act({ do: "shortcut", callback_id: shortcut.callback_id, ts: message.ts, in: current().in }),
  }));
  return [
    { label: "Open thread", pick: () => startThread(message) },
    { label: "Copy text", pick: () => navigator.clipboard?.writeText(words()) },
    ...(message.user === current().me && !message.ephemeral ? ownActions(message) : []),
    ...(shortcuts.length ? [{ heading: "Message shortcuts" }, ...shortcuts] : []),
  ];
}

function ownActions(message) {
  const what = { ts: message.ts, in: current().in };
  const plain = (message.text ?? "").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
  const edit = () => { const text = prompt("Edit message", plain); if (text) act({ do: "edit", text, ...what }); };
  return [{ label: "Edit message", pick: edit }, { label: "Delete message", pick: () => act({ do: "delete", ...what }) }];
}

function dismiss(message) {
  dismissed.add(`${current().me} ${message.ts}`);
  sessionStorage.setItem("dismissed", JSON.stringify([...dismissed]));
  document.dispatchEvent(new CustomEvent("redraw"));
}

export function find(ts) {
  const node = document.querySelector(`.main [data-ts="${CSS.escape(ts)}"]`);
  if (!node) return;
  node.scrollIntoView({ block: "center" });
  node.focus({ preventScroll: true });
  node.classList.add("found");
  setTimeout(() => node.classList.remove("found"), 2000);
}

/** The bar under a channel's name that leads to its pinned messages. */
export function drawPins(bar) {
  const pinned = (current().messages ?? []).filter(isPinned);
  const signature = pinned.map((one) => one.ts).join();
  bar.hidden = !pinned.length;
  if (bar.signature === signature) return;
  bar.signature = signature;
  const item = ({ ts, text, name }) => ({ label: (text || "A message").replace(/[*_`]/g, "").slice(0, 60), detail: name, pick: () => find(ts) });
  const show = (event) => (pinned.length === 1 ? find(pinned[0].ts) : openMenu(event.currentTarget, "Pinned messages", pinned.map(item)));
  bar.replaceChildren(button(`📌 ${pinned.length} pinned`, show, { class: "quiet" }));
}
