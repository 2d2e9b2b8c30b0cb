// The rail on the left (channels, the app's direct messages and Home) and the head of the place shown.

import { button, h, iconButton, reconcile } from "./dom.js";
import { menuButton } from "./menu.js";
import { act, current, go, me, placeOf, teamOf } from "./state.js";

const nameOf = (place) => place.name.replace(/^#/, "");
const ICONS = { channel: "#", dm: "✉", home: "⌂" };
const isApp = (place) => place.kind !== "channel";

export function drawRail(rail) {
  rail.querySelector(".workspace").textContent = teamOf(me().team)?.name ?? "";
  fill(rail.querySelector("[data-places=channels]"), current().places.filter((place) => !isApp(place)));
  fill(rail.querySelector("[data-places=apps]"), current().places.filter(isApp));
}

function fill(list, places) {
  reconcile(list, places, {
    key: (place) => place.id,
    signature: (place) => JSON.stringify([place, current().in === place.id]),
    draw: (place) => h("li", {}, entry(place)),
  });
}

function entry(place) {
  const isHere = current().in === place.id;
  const words = place.kind === "home" ? `${nameOf(place)} Home`.replace(/Home Home$/, "Home") : nameOf(place);
  const unread = isHere ? 0 : place.unread;
  return button([
    h("span", { class: "place-icon", "aria-hidden": "true" }, ICONS[place.kind]), h("span", { class: "place-name" }, words),
    place.shared && h("span", { class: "place-shared", role: "img", "aria-label": "shared", title: "Shared with another company" }, "⇄"),
    unread ? h("span", { class: "badge", "aria-label": `${unread} unread` }, String(unread)) : null,
  ], () => visit(place), { class: unread ? "unread" : place.archived ? "archived" : null, "aria-current": isHere ? "page" : null, data: { spot: place.id } });
}

function visit(place) {
  document.body.dataset.pane = "place";
  go({ in: place.id });
}

/** Name, what kind of place it is, and for the app the two tabs Slack shows. */
export function drawPlaceHead(head) {
  const place = placeOf(current().in);
  const signature = JSON.stringify([place, current().me, current().places.filter(isApp)]);
  if (head.signature === signature) return;
  head.signature = signature;
  const back = iconButton("‹", "Back to channels", () => { document.body.dataset.pane = "places"; }, { class: "quiet back" });
  const title = h("h1", {}, place.kind === "channel" ? `# ${nameOf(place)}` : appName());
  const words = h("div", { class: "place-title" }, title, h("p", { class: "hint" }, subtitle(place)));
  head.replaceChildren(back, words, isApp(place) ? tabs(place) : options(place));
}

const appName = () => nameOf(current().places.find((place) => place.kind === "dm") ?? placeOf(current().in));

function subtitle(place) {
  if (isApp(place)) return "App";
  if (place.away) return `No longer shared with ${teamOf(me().team).name}`;
  const kind = place.shared ? "Shared channel" : "Channel of one company";
  const teams = place.shared && current().teams.filter((team) => place.teams.includes(team.id)).map((team) => team.name).join(", ");
  return [place.archived && "Archived", kind, teams].filter(Boolean).join(" · ");
}

/** Why the person cannot write here, or "". */
export function closedBecause(place) {
  if (me().deactivated) return `${me().name}’s account is deactivated. The menu at the name gives it back.`;
  if (place.archived) return "This channel is archived. Its menu opens it again.";
  if (place.away) return `${teamOf(me().team).name} is no longer in this channel. Its menu shares it again.`;
  return place.member === false ? `${me().name} is not in this channel. Its menu lets one join.` : "";
}

function tabs(place) {
  const words = { home: "Home", dm: "Messages" };
  const tab = (one) => button(words[one.kind], () => visit(one), { "aria-current": one.id === place.id ? "page" : null });
  return h("nav", { class: "tabs", "aria-label": "App" }, current().places.filter(isApp).sort((a, b) => (a.kind < b.kind ? 1 : -1)).map(tab));
}

function options(place) {
  const item = (what, label, detail) => ({ label, detail, pick: () => act({ do: what, in: place.id }) });
  const isOwner = place.host === me().team;
  return menuButton("⋮", "Channel options", () => [
    place.member ? item("leave", "Leave channel") : !place.away && item("join", "Join channel"),
    place.member && place.bot_outside && item("invite", `Add ${current().app.bot_name}`, `The bot of ${teamOf(me().team).name}`),
    place.archived ? item("unarchive", "Unarchive channel") : item("archive", "Archive channel"),
    place.disconnected && item("connect", "Share again", "With everybody who was in it"),
    place.shared && !place.away && item("disconnect", "Stop sharing", isOwner ? "The other companies go" : "Your company goes"),
  ].filter(Boolean));
}
