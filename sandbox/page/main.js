// Starts the page: reads where we are, draws every part of the state, and redraws what changed.

import { drawBlocks } from "./blocks.js";
import { makeClock, tick } from "./clock.js";
import { makeComposer } from "./composer.js";
import { h } from "./dom.js";
import { drawHood, makeHood } from "./hood.js";
import { drawMessages, drawPins, find } from "./messages.js";
import { showModals } from "./modals.js";
import { drawActor } from "./people.js";
import { drawPhone, makePhone } from "./phone.js";
import { closedBecause, drawPlaceHead, drawRail } from "./places.js";
import { act, current, go, here, listen, me, onState, placeOf, refresh, teamOf } from "./state.js";
import { Surface } from "./surface.js";

const part = (name) => document.querySelector(`[data-part="${name}"]`);
const composer = makeComposer("Message", () => "");
const threadComposer = makeComposer("Reply", () => here().thread);
let home = null;
let wanted = "";
let arrived = "";
let readUpTo = "";

/** A place the person cannot see (after a switch of persons, or an old link) becomes their first channel. */
function settle(state) {
  if (state.address !== location.hash) return false; // somebody has gone on: the answer to that is on its way
  const place = placeOf(here().in) ? here().in : (placeOf(state.in) ?? state.places[0])?.id;
  if (place && (place !== here().in || state.me !== here().as)) {
    go({ as: state.me, in: place, thread: here().in === place ? here().thread : "" });
  }
  return place === state.in;
}

function draw() {
  const state = current();
  if (!settle(state)) return;
  const place = placeOf(state.in);
  document.title = `${place.name} · ${me().name} · Sandbox`;
  drawActor(part("actor"));
  tick(part("clock"));
  drawRail(part("rail"));
  drawPlaceHead(part("place-head"));
  drawPlace(place, state);
  drawThread(state);
  drawHood(part("hood"));
  drawPhone();
  showModals(state.modals ?? []);
  arrive(place, state);
}

/** Tells the app that its Home was opened, and Slack what was read; each once. */
function arrive(place, state) {
  const arrival = `${state.me} ${place.id}`;
  if (place.kind === "home" && arrival !== arrived) act({ do: "home" }, { quiet: true });
  arrived = arrival;
  const newest = `${arrival} ${state.messages?.at(-1)?.ts}`;
  if (!place.unread || newest === readUpTo || document.visibilityState !== "visible") return;
  readUpTo = newest;
  act({ do: "read", in: state.in }, { quiet: true });
}

function drawPlace(place, state) {
  const isHome = place.kind === "home";
  part("list").hidden = part("composer").hidden = isHome;
  part("home").hidden = !isHome;
  if (isHome) {
    part("pins").hidden = true;
    return drawHome(state);
  }
  drawPins(part("pins"));
  drawList(part("list"), state.messages ?? [], `${state.me}/${state.in}`);
  composer.follow(place.kind === "channel" ? `Message #${place.name.replace(/^#/, "")}` : `Message ${place.name}`, closedBecause(place));
  if (wanted) find(wanted);
  wanted = "";
}

function drawHome(state) {
  const view = state.home;
  const key = `${state.me} ${view?.id}`;
  if (!home || home.key !== key) {
    home = { key, surface: new Surface({ view: view?.id }), node: h("div", { class: "blocks" }) };
    part("home").replaceChildren(home.node);
  }
  if (view) return drawBlocks(home.node, view.blocks, home.surface);
  const installed = teamOf(me().team)?.installed;
  const words = installed ? "The app has not put anything here yet." : "Your company has not installed this app, so it has no Home tab for you.";
  home.node.replaceChildren(h("p", { class: "empty" }, words));
}

function drawThread(state) {
  const pane = part("thread");
  const isOpen = Boolean(here().thread && state.thread);
  pane.hidden = !isOpen;
  document.body.classList.toggle("with-thread", isOpen);
  if (!isOpen) return drawList(part("thread-list"), [], "");
  drawList(part("thread-list"), state.thread.messages, `${state.me}/${state.in}/${here().thread}`);
  threadComposer.follow("Reply…", closedBecause(placeOf(state.in)));
}

/** Whoever reads the newest message stays at the newest, and whoever scrolled up where they are; what is new is read out. */
function drawList(list, messages, place) {
  const box = list.parentElement;
  const isNew = list.place !== place;
  const wasAtBottom = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  list.place = place;
  list.setAttribute("aria-live", isNew ? "off" : "polite");
  drawMessages(list, messages, list.dataset.part === "thread-list");
  if (isNew || wasAtBottom) box.scrollTop = box.scrollHeight;
}

/** A permalink to a message comes as ?in=C…&message=p…; whoever acted last looks at it. */
function followPermalink() {
  const asked = new URLSearchParams(location.search);
  const digits = /^p(\d+)(\d{6})$/.exec(asked.get("message") ?? "");
  if (!asked.has("in")) return;
  wanted = digits ? `${digits[1]}.${digits[2]}` : "";
  const hash = [here().as || localStorage.getItem("person"), asked.get("in")].filter(Boolean).join("/");
  history.replaceState(null, "", `/#${hash}`);
}

function start() {
  followPermalink();
  part("composer").append(composer);
  part("thread-composer").append(threadComposer);
  makeClock(part("clock"), part("clock-panel"));
  makeHood(part("hood-button"), part("hood"));
  makePhone(part("phone-button"), part("phone-panel"));
  part("close-thread").addEventListener("click", () => go({ thread: "" }));
  document.addEventListener("redraw", draw);
  document.addEventListener("find-message", (event) => { wanted = event.detail; refresh(); });
  document.body.dataset.pane = here().in ? "place" : "places";
  onState(draw);
  listen();
  refresh();
}

start();
