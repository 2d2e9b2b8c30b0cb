// The rail on the left (channels, the app's direct messages and Home) and the head of the place shown.

import { h, reconcile } from "./dom.js";
import { openMenu } from "./menu.js";
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
  return h("button", { type: "button", class: place.unread && !isHere ? "unread" : null, "aria-current": isHere ? "page" : null, data: { spot: place.id }, onclick: () => visit(place) },
    h("span", { class: "place-icon", "aria-hidden": "true" }, ICONS[place.kind]), h("span", { class: "place-name" }, words),
    place.shared && h("span", { class: "place-shared", title: "Shared with another company" }, "shared"),
    place.unread && !isHere ? h("span", { class: "badge", "aria-label": `${place.unread} unread` }, String(place.unread)) : null);
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
  const back = h("button", { type: "button", class: "quiet back", "aria-label": "Back to channels", onclick: () => { document.body.dataset.pane = "places"; } }, "‹");
  const title = h("h1", {}, place.kind === "channel" ? `# ${nameOf(place)}` : appName());
  head.replaceChildren(back, h("div", { class: "place-title" }, title, h("p", { class: "hint" }, subtitle(place))), isApp(place) ? tabs(place) : options(place));
}

const appName = () => nameOf(current().places.find((place) => place.kind === "dm") ?? placeOf(current().in));

function subtitle(place) {
  if (isApp(place)) return "App";
  if (!place.shared) return "Channel of one company";
  const teams = new Set(current().people.filter((person) => !person.bot).map((person) => person.team));
  return `Shared channel · ${current().teams.filter((team) => teams.has(team.id)).map((team) => team.name).join(", ")}`;
}

function tabs(place) {
  const words = { home: "Home", dm: "Messages" };
  return h("nav", { class: "tabs", "aria-label": "App" }, current().places.filter(isApp).sort((a, b) => (a.kind < b.kind ? 1 : -1))
    .map((one) => h("button", { type: "button", "aria-current": one.id === place.id ? "page" : null, onclick: () => visit(one) }, words[one.kind])));
}

function options(place) {
  const items = [{ label: place.member === false ? "Join channel" : "Leave channel", pick: () => act({ do: place.member === false ? "join" : "leave", in: place.id }) }];
  const button = h("button", { type: "button", class: "quiet", "aria-label": "Channel options", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => openMenu(button, "Channel options", items) }, "⋮");
  return button;
}
