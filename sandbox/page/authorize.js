// The page on which a person lets the app into their workspace, or does not.

import { button, h, notice } from "./dom.js";

const SCOPES = {
  "app_mentions:read": "See messages that mention it",
  "channels:history": "Read public channels it is in",
  "channels:read": "See public channels and who is in them",
  "chat:write": "Send messages",
  "commands": "Offer slash commands and shortcuts",
  "files:read": "See files where it is",
  "files:write": "Share files",
  "groups:history": "Read private channels it is in",
  "groups:read": "See private channels it is in",
  "im:history": "Read direct messages with it",
  "im:write": "Start direct messages",
  "pins:write": "Pin messages",
  "reactions:write": "Add emoji reactions",
  "team:read": "See the name of the workspace",
  "users:read": "See people, their names and time zones",
};
const query = Object.fromEntries(new URLSearchParams(location.search));
const main = document.querySelector("[data-part=consent]");
let acting = localStorage.getItem("person") ?? "";

async function ask(request) {
  const body = JSON.stringify({ as: acting, query, ...request });
  const answer = await fetch("/page/act", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  return answer.json();
}

async function decide(allow) {
  const answer = await ask({ do: "authorize", allow });
  if (answer.ok) location.assign(answer.to);
  else notice(answer.error);
}

/** Whoever acts can be changed here too, for there is no sign-in to do it by. */
function actors(people) {
  const options = people.map((person) => h("option", { value: person.id, selected: person.id === acting }, person.name));
  const onchange = async (event) => {
    acting = event.target.value;
    localStorage.setItem("person", acting);
    await draw();
    document.getElementById("acting").focus();
  };
  return h("p", { class: "field" }, h("label", { class: "label", for: "acting" }, "Acting as "),
    h("select", { id: "acting", class: "field-box", onchange }, options));
}

function question(asked) {
  const place = asked.org_wide ? `all workspaces of ${asked.workspace}` : asked.workspace;
  const leads = (() => { try { return new URL(asked.leads_to).host; } catch { return asked.leads_to; } })();
  return [
    h("h1", {}, `${asked.app} asks for access to ${place}`),
    asked.installed && h("p", { class: "hint" }, "It is installed there already. Allow renews it."),
    h("h2", {}, `What ${asked.app} may do`),
    h("ul", { class: "scopes" }, asked.scopes.map((scope) => h("li", {}, SCOPES[scope] ?? scope, h("span", { class: "hint" }, ` ${scope}`)))),
    h("p", { class: "hint" }, `Both buttons lead back to ${leads}.`),
    h("footer", {}, button("Cancel", () => decide(false), { class: "button" }), button("Allow", () => decide(true), { class: "button primary" })),
  ];
}

const refusal = (word) => [h("h1", {}, "That cannot be authorized"), h("p", { class: "trouble" }, `Slack’s word for it: ${word}`)];

async function draw() {
  const seen = await (await fetch("/page/state")).json();
  const people = seen.people.filter((person) => !person.bot && !person.deactivated);
  if (!people.some((person) => person.id === acting)) acting = people[0].id;
  const asked = await ask({ do: "consent" });
  main.replaceChildren(actors(people), ...(asked.ok ? question(asked) : refusal(asked.error)).filter(Boolean));
}

if (!main.querySelector(".trouble")) draw();
