// The network: a map for every unit, and weights as lines whose width and colour are their value.

import { css, palette } from "./colours.js";
import { change } from "./controls.js";
import { choose, inspect, isChosen } from "./inspect.js";
import { ByteMap } from "./maps.js";
import { format, number } from "./numbers.js";
import { byId, draw, known, make, on, say } from "./state.js";

const MOST = 10;  // units of a layer that are shown, as the server sends them
const TOP = 34, BOTTOM = 22, GAP = 6;
let columns = [], lines = [], drawn = "";

// Columns of the picture: the inputs, and every layer.
function plan(frame, state) {
  const inputs = { name: "inputs", units: state.features.length, shown: state.features.slice(0, MOST).map((_, i) => i), input: true };
  return [inputs, ...frame.detail.layers.map((layer, i) => ({
    ...layer, name: i === frame.detail.layers.length - 1 ? "output" : `layer ${i + 1}`,
  }))];
}

const signature = (plan, box) => JSON.stringify([plan.map(column => [column.kind, column.units, column.weights ? 1 : 0]), box.clientWidth, box.clientHeight, known.state.fixed.includes("hidden"), known.state.features.slice(0, MOST), known.state.axes]);

function build(plan, box) {
  const width = Math.max(box.clientWidth, plan.length * 80), height = box.clientHeight;
  const most = Math.max(...plan.map(column => column.shown.length));
  const size = Math.max(18, Math.min(44, (height - TOP - BOTTOM) / most - GAP));
  const stage = make("div", { class: "stage" }), svg = draw("svg", { class: "weights", "aria-hidden": "true" });
  stage.style.width = `${width}px`;
  stage.style.height = `${height}px`;
  stage.append(svg);
  columns = plan.map((column, i) => {
    const x = 40 + (i * (width - 84)) / Math.max(1, plan.length - 1) - size / 2;
    const room = Math.min((height - TOP - BOTTOM) / column.shown.length, size + 16);
    const start = TOP + (height - TOP - BOTTOM - room * column.shown.length) / 2 + (room - size) / 2;
    stage.append(heading(column, i, plan.length, x + size / 2));
    const units = column.shown.map((unit, k) => unitBox(column, i, unit, x, start + k * room, size));
    stage.append(...units.map(({ button }) => button));
    if (column.units > column.shown.length) stage.append(place(make("span", { class: "rest small" }, `and ${column.units - column.shown.length} more`), x + size / 2, height - 18));
    return { x, size, units, y: column.shown.map((_, k) => start + k * room) };
  });
  lines = [];
  for (let i = 1; i < plan.length; i++) {
    if (!plan[i].weights) continue;
    plan[i].weights.forEach((row, k) => row.forEach((_, j) => {
      const path = draw("path", { d: curve(columns[i - 1], j, columns[i], k), class: "weight" });
      path.dataset.at = `${i} ${k} ${j}`;
      svg.append(path);
      lines.push({ path, layer: i - 1, k, j });
    }));
  }
  box.replaceChildren(stage);
}

function curve(from, j, to, k) {
  const x1 = from.x + from.size + 1, y1 = from.y[j] + from.size / 2, x2 = to.x - 1, y2 = to.y[k] + to.size / 2, bend = (x2 - x1) / 2;
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

function place(element, x, y) {
  element.style.left = `${x}px`;
  element.style.top = `${y}px`;
  return element;
}

// A column's name; over a hidden layer of the lab's own networks, buttons for its units.
function heading(column, i, n, x) {
  const hidden = known.state.lanes[known.state.selected].settings.hidden;
  const head = make("div", { class: "heading small" });
  const changeable = !known.state.fixed.includes("hidden") && i > 0 && i < n - 1 && n === hidden.length + 2;
  if (changeable) {
    const button = (text, name, by) => {
      const one = make("button", { type: "button", "aria-label": `${name} in layer ${i}`, title: `${name} in layer ${i}` }, text);
      one.addEventListener("click", () => resize(i - 1, by));
      return one;
    };
    head.append(button("−", "One unit less", -1), make("span", {}, `${column.units}`), button("+", "One unit more", 1));
  } else head.append(column.input ? `${column.units} input${column.units > 1 ? "s" : ""}` : column.name);
  return place(head, x, 2);
}

function resize(layer, by) {
  const hidden = [...known.state.lanes[known.state.selected].settings.hidden];
  hidden[layer] = Math.max(1, hidden[layer] + by);
  change({ hidden });
}

function unitBox(column, i, unit, x, y, size) {
  const canvas = make("canvas", { "aria-hidden": "true" });
  const name = column.input ? known.state.features[unit] : column.name === "output" ? outputName(unit) : `unit ${unit + 1} of ${column.name}`;
  const button = make("button", { type: "button", class: "unit", "aria-label": name, title: name }, canvas);
  place(button, x, y);
  button.style.width = button.style.height = `${size}px`;
  button.addEventListener("click", () => {
    choose({ column: i, unit, name });
    showChosen();
  });
  const map = new ByteMap(canvas);
  if (column.input) {
    map.set(inputMap(unit), 20, 20);
    button.append(make("span", { class: "feature small" }, name));
  }
  return { button, map };
}

function outputName(unit) {
  const { state } = known;
  return state.span || state.outputs === "one" ? `output: ${state.target}` : `output for class ${state.classes[unit]}`;
}

// What an input is over the plane: it grows along its own axis, and stays the same along others.
function inputMap(feature) {
  const bytes = new Uint8Array(400), axis = known.state.axes.indexOf(feature);
  for (let i = 0; i < 400; i++) bytes[i] = axis < 0 ? 127 : axis === 0 ? 20 + (i % 20) * 11.3 : 235 - Math.floor(i / 20) * 11.3;
  return bytes;
}

function update(frame) {
  const { classes } = palette();
  const largest = frame.detail.layers.map(layer => Math.max(1e-12, ...(layer.weights ?? []).flat().map(w => Math.abs(number(w)) || 0)));
  for (const { path, layer, k, j } of lines) {
    const w = number(frame.detail.layers[layer].weights[k][j]), share = Math.min(1, Math.abs(w) / largest[layer]) || 0;
    path.setAttribute("stroke-width", (0.4 + 4 * share).toFixed(2));
    path.setAttribute("stroke", css(classes[w < 0 ? 0 : 1]));
    path.setAttribute("stroke-opacity", (0.18 + 0.72 * share).toFixed(2));
  }
  const flat = known.state.axes.length === 1, side = frame.detail.coarse, cells = flat ? side : side * side;
  frame.detail.units.forEach((place, i) => {
    const bytes = frame.array(place), dead = new Set(frame.detail.layers[i].dead);
    columns[i + 1]?.units.forEach(({ map, button }, k) => {
      map.set(bytes.subarray(k * cells, (k + 1) * cells), side, flat ? 1 : side);
      button.classList.toggle("dead", dead.has(k));
    });
  });
}

function showChosen() {
  let small = null;
  columns.forEach(({ units }, i) => units.forEach(({ button, map }, k) => {
    const is = isChosen(i, k);
    button.classList.toggle("selected", is);
    button.setAttribute("aria-pressed", is);
    if (is) small = map;
  }));
  inspect(small);
}

function show() {
  const { frame, state } = known, box = byId("network");
  if (!frame || !state || !box.clientWidth) return;
  const layout = plan(frame, state), now = signature(layout, box);
  if (now !== drawn) {
    drawn = now;
    build(layout, box);
  }
  update(frame);
  showChosen();
  const parameters = frame.detail.layers.reduce((sum, layer) => sum + layer.parameters, 0);
  say(byId("shape"), `${parameters.toLocaleString("en-US")} parameters`);
}

export function startNetwork() {
  const box = byId("network"), tip = byId("tip");
  box.addEventListener("pointerover", event => {
    const at = event.target.dataset?.at?.split(" ").map(Number);
    tip.hidden = !at;
    if (!at) return;
    const [i, k, j] = at, w = known.frame.detail.layers[i - 1].weights[k][j];
    const from = i === 1 ? known.state.features[j] : `unit ${j + 1}`;
    say(tip, `weight from ${from} to unit ${k + 1}: ${format(w)}`);
    tip.style.left = `${Math.min(event.clientX + 12, innerWidth - 240)}px`;
    tip.style.top = `${event.clientY + 12}px`;
  });
  box.addEventListener("pointerleave", () => { tip.hidden = true; });
  new ResizeObserver(show).observe(box);
}

on("frame", show);
on("state", () => { drawn = ""; });
on("theme", () => { if (known.frame) update(known.frame); });
