// People and companies: pictures made of initials, company badges, and the switch of the acting person.

import { h } from "./dom.js";
import { openMenu } from "./menu.js";
import { act, current, go, here, me, personOf, placeOf, teamOf } from "./state.js";

const initials = (name) => name.split(/\s+/).map((word) => word[0]).slice(0, 2).join("").toUpperCase();

/** One of six colours, steady for a company, so that a glance tells who belongs together. */
const colourOf = (id) => `colour-${Math.max(0, current().teams.findIndex((team) => team.id === id)) % 6}`;

export function avatar({ user, name, team, is_bot: isBot }) {
  const person = personOf(user);
  const kind = isBot || person?.bot || !person ? "colour-app" : colourOf(team ?? person.team);
  return h("span", { class: `avatar ${kind}`, "aria-hidden": "true" }, initials(name ?? person?.name ?? "?"));
}

export function companyBadge(teamId, userId) {
  const person = personOf(userId);
  if (person?.bot) return null;
  const team = teamOf(teamId);
  const more = [person?.guest && "Guest", person?.deactivated && "Deactivated"].filter(Boolean);
  return [team && h("span", { class: `company ${colourOf(teamId)}` }, team.name), more.map((words) => h("span", { class: "company" }, words))];
}

/** The header's button that says who acts, and lets one become somebody else. */
export function drawActor(button) {
  const person = me();
  const team = teamOf(person.team)?.name;
  const words = h("span", { class: "actor-words" },
    h("span", { class: "actor-name" }, person.name),
    h("span", { class: "actor-detail" }, [person.deactivated && "Deactivated", person.title, team].filter(Boolean).join(", ")));
  button.replaceChildren(avatar({ user: person.id }), words, h("span", { "aria-hidden": "true" }, "▾"));
  button.setAttribute("aria-label", `Acting as ${person.name}, ${team ?? "no company"}`);
  button.onclick = () => openMenu(button, "Act as", [...current().teams.flatMap(teamItems), ...accountItems(me())]);
}

function teamItems(team) {
  const people = current().people.filter((person) => person.team === team.id && !person.bot);
  if (!people.length) return [];
  const by = team.installer !== team.id && team.enterprise ? ` by ${team.enterprise}` : "";
  const heading = `${team.name} · ${team.installed ? `app installed${by}` : "app not installed"}`;
  return [{ heading }, ...people.map((person) => ({
    label: person.name,
    detail: [person.deactivated && "Deactivated", person.title || (person.guest && "Guest")].filter(Boolean).join(" · "),
    icon: avatar({ user: person.id }),
    checked: person.id === current().me,
    pick: () => become(person.id),
  }))];
}

function accountItems(person) {
  const [label, what] = person.deactivated ? ["Reactivate account", "reactivate"] : ["Deactivate account", "deactivate"];
  return [{ heading: person.name }, { label, pick: () => act({ do: what }) }, appItem(teamOf(person.team))];
}

/** Where the app has a page of its own to install it from, as one that many companies use has, that is the way. */
function appItem(team) {
  const { name, install_url: page } = current().app;
  if (team.installed) return { label: `Uninstall ${name}`, detail: team.name, pick: () => act({ do: "uninstall" }) };
  const install = () => (page ? location.assign(page) : act({ do: "install" }));
  return { label: `Install ${name}`, detail: team.name, pick: install };
}

/** Channels are shared, so one stays; from one's own direct messages one comes to a shared channel. */
function become(id) {
  const isOwn = placeOf(here().in)?.kind === "dm";
  go({ as: id, in: isOwn ? current().places.find((place) => place.shared)?.id : here().in });
}
