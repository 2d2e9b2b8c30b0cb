// Times: from the sandbox's moments to what a person reads in their own time zone, and back.

import { now, zone } from "./state.js";

const DAY = 86400;
const parts = new Map();

function formatter(options) {
  const key = JSON.stringify(options) + zone();
  if (!parts.has(key)) parts.set(key, new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone(), hourCycle: "h23" }));
  return parts.get(key);
}

const format = (seconds, options) => formatter(options).format(new Date(seconds * 1000));

/** "2026-11-23T09:00", as datetime-local fields have it. */
export function wallClock(seconds) {
  const options = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" };
  const got = Object.fromEntries(formatter(options).formatToParts(new Date(seconds * 1000)).map((p) => [p.type, p.value]));
  return `${got.year}-${got.month}-${got.day}T${got.hour}:${got.minute}`;
}

/** The moment, in epoch seconds, at which clocks in the person's zone show this. */
export function momentOf(wall) {
  const shown = Date.parse(`${wall}Z`) / 1000;
  let moment = shown;
  for (let turn = 0; turn < 2; turn++) moment = shown - (Date.parse(`${wallClock(moment)}Z`) / 1000 - Math.floor(moment / 60) * 60);
  return moment;
}

/** The day `days` after today's in the person's zone, at this hour. */
export function dayAt(days, time) {
  const noon = momentOf(`${wallClock(now()).slice(0, 10)}T12:00`) + days * DAY;
  return momentOf(`${wallClock(noon).slice(0, 10)}T${time}`);
}

export const timeOf = (seconds) => format(seconds, { hour: "2-digit", minute: "2-digit" });
export const fullTime = (seconds) => format(seconds, { dateStyle: "full", timeStyle: "short" });
export const shortDay = (seconds) => format(seconds, { weekday: "short", day: "numeric", month: "short" }).replace(",", "");
export const yearOf = (seconds) => wallClock(seconds).slice(0, 4);

function dayWord(seconds) {
  const day = (moment) => Date.parse(wallClock(moment).slice(0, 10)) / 1000;
  return { [-DAY]: "yesterday", 0: "today", [DAY]: "tomorrow" }[day(seconds) - day(now())];
}

const capital = (word) => word && word[0].toUpperCase() + word.slice(1);

export const dayName = (seconds) =>
  capital(dayWord(seconds)) ?? format(seconds, { weekday: "long", day: "numeric", month: "long", year: "numeric" });

function ago(seconds) {
  const distance = seconds - now();
  const units = [["day", DAY], ["hour", 3600], ["minute", 60]];
  const [unit, size] = units.find(([, length]) => Math.abs(distance) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat("en").format(Math.round(distance / size), unit);
}

const DATE_WORDS = {
  date_num: (t) => wallClock(t).slice(0, 10),
  date: (t) => format(t, { day: "numeric", month: "long", year: "numeric" }),
  date_short: (t) => format(t, { day: "numeric", month: "short", year: "numeric" }),
  date_long: (t) => format(t, { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  date_pretty: (t) => dayWord(t) ?? DATE_WORDS.date(t),
  date_short_pretty: (t) => dayWord(t) ?? DATE_WORDS.date_short(t),
  date_long_pretty: (t) => dayWord(t) ?? DATE_WORDS.date_long(t),
  day_divider_pretty: (t) => dayWord(t) ?? DATE_WORDS.date_long(t),
  time: timeOf,
  time_secs: (t) => format(t, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  ago,
};

/** Changes when what this JSON says in words ("today", "2 hours ago") changes with the clock. */
export const wordsOfNow = (json) => (json.includes("{ago}") ? wallClock(now()) : /pretty/.test(json) ? wallClock(now()).slice(0, 10) : "");

/** The text of Slack's <!date^…^{date_short} at {time}|…>. */
export function slackDate(seconds, pattern) {
  return pattern.replace(/\{(\w+)\}/g, (whole, word) => DATE_WORDS[word]?.(seconds) ?? whole);
}
