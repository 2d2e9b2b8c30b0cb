// The conversation with the server: where we are (in the address), what it told us, and what we ask of it.

import { notice } from "./dom.js";

const listeners = [];
let state = null;
let receivedAt = 0;
let tickets = 0;

/** Who and where: { as, in, thread }, kept in the address so that a link opens the same page. */
export function here() {
  const [as, place, thread] = decodeURIComponent(location.hash.slice(1)).split("/");
  return { as: as || "", in: place || "", thread: thread || "" };
}

export function go(changes) {
  const to = { ...here(), thread: "", ...changes };
  const hash = `#${[to.as, to.in, to.thread].filter(Boolean).join("/")}`;
  if (hash !== location.hash) location.hash = hash;
}

export const current = () => state;
export const onState = (listener) => listeners.push(listener);

export const personOf = (id) => state.people.find((person) => person.id === id);
export const teamOf = (id) => state.teams.find((team) => team.id === id);
export const placeOf = (id) => state.places.find((place) => place.id === id);
export const me = () => personOf(state.me);
export const zone = () => me()?.tz ?? "UTC";
/** Epoch seconds of a moment given as ISO text, or already as seconds. */
export const seconds = (moment) => (typeof moment === "number" ? moment : Date.parse(moment) / 1000);

/** The sandbox's present moment in epoch seconds; it runs on between two answers. */
export const now = () => seconds(state.now) + (performance.now() - receivedAt) / 1000;

export async function refresh() {
  const ticket = ++tickets;
  const address = location.hash;
  const asked = { ...here(), as: here().as || localStorage.getItem("person") };
  const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value));
  try {
    const answer = await fetch(`/page/state?${query}`);
    if (!answer.ok) throw new Error(`The sandbox answered: ${await answer.text()}`);
    const received = await answer.json();
    if (ticket !== tickets) return;
    state = { ...received, address };
    localStorage.setItem("person", state.me);
    receivedAt = performance.now();
  } catch (error) {
    if (ticket === tickets) notice(error instanceof TypeError ? "No connection to the sandbox. Trying again…" : error.message);
    return;
  }
  for (const listener of listeners) listener(state);
}

/** Asks the server to do something as the acting person; what it refuses is shown, and returned. */
export async function act(request, { quiet = false } = {}) {
  let answer;
  try {
    const response = await fetch("/page/act", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ as: state.me, ...request }),
    });
    answer = await response.json();
  } catch {
    answer = { ok: false, error: "No connection to the sandbox." };
  }
  if (!answer.ok && !quiet) notice(answer.error ?? "That did not work.");
  return answer;
}

export function listen() {
  let waiting;
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(refresh, 25); };
  const changes = new EventSource("/page/changes");
  changes.onmessage = soon;
  changes.onopen = soon;
  changes.onerror = () => notice("No connection to the sandbox. Trying again…");
  addEventListener("hashchange", refresh);
}
