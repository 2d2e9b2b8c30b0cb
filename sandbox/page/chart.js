// Charts (Slack's data_visualization blocks) as plain SVG with a legend; a hidden table says the same to screen readers.

import { h, s } from "./dom.js";

const [HEIGHT, TOP, LETTER, LINE, SLANT] = [260, 16, 6.7, 17, Math.SQRT1_2];
const inFull = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });
const inShort = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });
const tone = (index) => `tone-${index % 6}`;

export function chart(block) {
  const body = block.chart;
  const seen = body.type === "pie" ? pie(body.segments) : plot(body);
  return h("figure", {}, h("figcaption", {}, block.title), h("div", { "aria-hidden": "true" }, seen), table(block));
}

const legend = (items) => h("ul", { class: "legend" },
  items.map(({ name, detail }, index) => h("li", {}, h("span", { class: `swatch ${tone(index)}` }), name, detail && h("span", { class: "hint" }, detail))));

function table({ title, chart: { type, segments, series, axis_config: axes } }) {
  const heads = type === "pie" ? ["", "Value"] : [axes.x_label ?? "", ...series.map((one) => one.name)];
  const rows = type === "pie"
    ? segments.map((segment) => [segment.label, segment.value])
    : axes.categories.map((category, index) => [category, ...series.map((one) => one.data[index].value)]);
  return h("div", { class: "visually-hidden" }, h("table", {}, h("caption", {}, title),
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, rows.map(([name, ...values]) =>
      h("tr", {}, h("th", { scope: "row" }, name), values.map((value) => h("td", {}, inFull.format(value))))))));
}

function pie(segments) {
  const total = segments.reduce((sum, { value }) => sum + value, 0);
  const share = ({ value }) => `${inFull.format(value)} (${Math.round((value / total) * 100)} %)`;
  let before = 0;
  const slices = segments.map((segment, index) => {
    const from = before / total;
    before += segment.value;
    return slice(from, before / total, index, `${segment.label}: ${share(segment)}`);
  });
  return h("div", { class: "pie" }, s("svg", { viewBox: "-1.02 -1.02 2.04 2.04" }, slices),
    legend(segments.map((segment) => ({ name: segment.label, detail: share(segment) }))));
}

/** From and to are parts of the whole, clockwise from the top; an arc cannot go all the way round, a circle does. */
function slice(from, to, index, words) {
  const at = (part) => [Math.sin(part * 2 * Math.PI), -Math.cos(part * 2 * Math.PI)].map((one) => one.toFixed(4)).join(" ");
  const isWhole = to - from > 0.9999;
  const path = `M 0 0 L ${at(from)} A 1 1 0 ${to - from > 0.5 ? 1 : 0} 1 ${at(to)} Z`;
  return s(isWhole ? "circle" : "path", { class: tone(index), ...(isWhole ? { r: 1 } : { d: path }) }, s("title", {}, words));
}

/** Drawn for the width it gets, and anew when that changes: letters keep their size on a phone. */
function plot(body) {
  const { x_label: x, y_label: y } = body.axis_config;
  const svg = s("svg", { class: "plot", height: HEIGHT });
  new ResizeObserver(([{ contentRect: { width } }]) => { if (width) svg.replaceChildren(...drawing(body, width)); }).observe(svg);
  return [y && h("p", { class: "hint" }, y), svg, x && h("p", { class: "hint across" }, x), legend(body.series)];
}

function drawing(body, width) {
  const place = measure(body, width);
  const marks = body.series.map((one, index) => MARKS[body.type](one, index, place));
  return [...scale(place), ...names(place), ...marks];
}

/** Where everything goes: `x` of a category's middle, `y` of a value; names that do not fit side by side are slanted. */
function measure({ series, axis_config: { categories } }, width) {
  const ticks = ticksOf(series.flatMap((one) => one.data.map((point) => point.value)));
  const margin = Math.max(...ticks.map((tick) => inShort.format(tick).length)) * LETTER + 10;
  const lengths = categories.map((category) => category.length * LETTER);
  const roughly = (width - margin) / categories.length;
  const isSlanted = Math.max(...lengths) > roughly - 6;
  const left = isSlanted ? Math.max(margin, ...lengths.map((one, index) => one * SLANT - roughly * (index + 0.5))) : margin;
  const step = (width - left - 6) / categories.length;
  const bottom = HEIGHT - (isSlanted ? Math.max(...lengths) * SLANT + 16 : 22);
  const [low, high] = [ticks[0], ticks.at(-1)];
  const y = (value) => bottom - ((value - low) / (high - low)) * (bottom - TOP);
  const x = (index) => left + step * (index + 0.5);
  return { categories, ticks, left, right: width - 6, bottom, step, isSlanted, count: series.length, x, y };
}

/** Round numbers around the values and zero; what is counted in whole numbers gets whole steps. */
function ticksOf(values) {
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const rough = (high - low || 1) / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const round = [1, 2, 5, 10].map((times) => times * unit).find((one) => one >= rough);
  const step = values.every(Number.isInteger) ? Math.max(1, round) : round;
  const [first, last] = [Math.floor(low / step), Math.max(Math.ceil(high / step), 1)];
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

const scale = ({ ticks, left, right, y }) => ticks.flatMap((tick) => [
  s("line", { class: tick ? "grid" : "grid zero", x1: left, x2: right, y1: y(tick), y2: y(tick) }),
  s("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, inShort.format(tick)),
]);

/** Slanted names need a line's height each; where there is less, every second or third stands for all. */
function names({ categories, x, bottom, step, isSlanted }) {
  const every = isSlanted ? Math.ceil(LINE / step) : 1;
  const turned = (index) => ({ "text-anchor": "end", transform: `translate(${x(index) + 4} ${bottom + 13}) rotate(-45)` });
  const level = (index) => ({ "text-anchor": "middle", x: x(index), y: bottom + 16 });
  return categories.map((category, index) => index % every === 0 && s("text", isSlanted ? turned(index) : level(index), category)).filter(Boolean);
}

const words = (series, { label, value }) => s("title", {}, `${series.name}, ${label}: ${inFull.format(value)}`);
const corners = (series, { x, y }) => series.data.map((point, index) => `${x(index)},${y(point.value)}`).join(" ");

function bars(series, index, { x, y, step, count }) {
  const width = Math.min((step * 0.74) / count, 48);
  const heads = count === 1 && step > 26;
  return s("g", { class: tone(index) }, series.data.map((point, at) => {
    const [left, end, zero] = [x(at) + (index - count / 2) * width, y(point.value), y(0)];
    const head = heads && s("text", { x: x(at), y: end + (point.value < 0 ? 13 : -4), "text-anchor": "middle" }, inShort.format(point.value));
    const box = { x: left + 0.5, width: Math.max(width - 1, 1), y: Math.min(end, zero), height: Math.abs(end - zero) };
    return [s("rect", box, words(series, point)), head];
  }));
}

const line = (series, index, place) => s("g", { class: tone(index) },
  s("polyline", { points: corners(series, place) }),
  series.data.map((point, at) => s("circle", { cx: place.x(at), cy: place.y(point.value), r: 3.5 }, words(series, point))));

function area(series, index, place) {
  const [first, last, zero] = [place.x(0), place.x(series.data.length - 1), place.y(0)];
  const shade = s("polygon", { points: `${first},${zero} ${corners(series, place)} ${last},${zero}` });
  const group = line(series, index, place);
  group.prepend(shade);
  return group;
}

const MARKS = { bar: bars, line, area };
