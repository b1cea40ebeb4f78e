// What each run says all over the plane, with the points it learns from and those put aside.

import { ask } from "./socket.js";
import { css, MARKS, palette } from "./colours.js";
import { ByteMap } from "./maps.js";
import { count, format, number } from "./numbers.js";
import { byId, known, make, on, say } from "./state.js";
import { openWhy } from "./why.js";

const PARTS = { training: "learnt from", validation: "put aside", test: "test" };
const RADIUS = 4.2;
let boxes = [];

// One box a run: a map, the points over it, and its name.
function build(lanes) {
  boxes = Array.from({ length: lanes }, (_, lane) => {
    const field = make("canvas", { class: "field" });
    const points = make("canvas", { class: "points", role: "img" });
    const name = make("figcaption", { class: "small" });
    const box = make("figure", { class: "box" }, make("div", { class: "square" }, field, points), name);
    points.addEventListener("click", event => choose(event, points, lane));
    points.addEventListener("pointermove", event => hover(event, points));
    points.addEventListener("pointerleave", () => { byId("tip").hidden = true; });
    return { box, field: new ByteMap(field, 0.58), points, name };
  });
  byId("maps").replaceChildren(...boxes.map(({ box }) => box));
  byId("maps").dataset.count = lanes;
  byId("maps").append(...axisLabels());
  for (const { points } of boxes) sizes.observe(points);
}

const axisLabels = () => [make("span", { class: "axis across small", id: "axis-across" }), make("span", { class: "axis up small", id: "axis-up" })];

const sizes = new ResizeObserver(() => drawAll());

// -- where things are -------------------------------------------------------------------------------------------------

function place(state, canvas, x) {
  const [low, high] = [state.low, state.high];
  const across = (x[0] - low[0]) / (high[0] - low[0]);
  const up = x.length > 1 ? (x[1] - low[1]) / (high[1] - low[1]) : 0.5;
  return [across * canvas.clientWidth, (1 - up) * canvas.clientHeight];
}

// On a single axis a point stands at its label.
function spot(state, canvas, part, i) {
  if (state.axes.length > 1) return place(state, canvas, part.x[i]);
  const [low, high] = range(state);
  const [across] = place(state, canvas, part.x[i]);
  return [across, (1 - (part.labels[i] - low) / (high - low)) * canvas.clientHeight];
}

function range(state) {
  const [low, high] = state.span ?? [0, Math.max(1, state.classes.length - 1)];
  const room = 0.12 * (high - low || 1);
  return [low - room, high + room];
}

// -- points ------------------------------------------------------------------------------------------------------------

function colourOf(state, label) {
  const { classes } = palette();
  if (!state.span) return css(classes[label % classes.length]);
  const t = (label - state.span[0]) / (state.span[1] - state.span[0] || 1);
  return css(classes[0].map((c, i) => c + (classes[1][i] - c) * t));
}

function mark(context, kind, x, y, r) {
  context.beginPath();
  if (kind === "square") context.rect(x - r * 0.88, y - r * 0.88, r * 1.76, r * 1.76);
  else if (kind === "triangle") context.moveTo(x, y - r * 1.2), context.lineTo(x + r * 1.1, y + r * 0.8), context.lineTo(x - r * 1.1, y + r * 0.8), context.closePath();
  else if (kind === "diamond") context.moveTo(x, y - r * 1.25), context.lineTo(x + r * 1.25, y), context.lineTo(x, y + r * 1.25), context.lineTo(x - r * 1.25, y), context.closePath();
  else context.arc(x, y, r, 0, 2 * Math.PI);
}

function fit(canvas) {
  const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

function drawPoints({ points }, lane) {
  const { state, frame } = known;
  if (!state || !points.clientWidth) return;
  const context = fit(points), { surface } = palette();
  const small = points.clientWidth < 200 ? 0.72 : 1;
  if (state.axes.length === 1 && frame?.lanes[lane]?.curve) drawCurve(context, points, frame, lane);
  for (const [name, part] of Object.entries(state.points)) {
    for (let i = 0; i < part.at.length; i++) {
      const [x, y] = spot(state, points, part, i);
      const colour = colourOf(state, part.labels[i]);
      mark(context, state.span ? "circle" : MARKS[part.labels[i] % MARKS.length], x, y, RADIUS * small);
      context.lineWidth = name === "training" ? 1.4 : 1.8;
      context.fillStyle = name === "training" ? colour : surface;
      context.strokeStyle = name === "training" ? surface : colour;
      context.fill();
      context.stroke();
    }
  }
}

// Along a single axis: what the network says, as a line.
function drawCurve(context, canvas, frame, lane) {
  const { state } = known, run = frame.lanes[lane], values = frame.array(run.curve), [low, high] = range(state);
  const outputs = run.outputs, n = values.length / outputs, { ink, classes } = palette();
  for (let k = 0; k < outputs; k++) {
    context.beginPath();
    for (let i = 0; i < n; i++) {
      const x = ((i + 0.5) / n) * canvas.clientWidth, y = (1 - (values[i * outputs + k] - low) / (high - low)) * canvas.clientHeight;
      if (i) context.lineTo(x, y);
      else context.moveTo(x, y);
    }
    context.lineWidth = 2.5;
    context.strokeStyle = outputs > 1 ? css(classes[k % classes.length]) : ink;
    context.stroke();
  }
}

function nearest(event, canvas) {
  const { state } = known, bounds = canvas.getBoundingClientRect();
  const at = [event.clientX - bounds.left, event.clientY - bounds.top];
  let best = null;
  for (const [name, part] of Object.entries(state.points)) {
    part.at.forEach((number, i) => {
      const [x, y] = spot(state, canvas, part, i), away = Math.hypot(x - at[0], y - at[1]);
      if (!best || away < best.away) best = { name, part, i, number, away };
    });
  }
  return best;
}

function choose(event, canvas, lane) {
  const found = nearest(event, canvas);
  if (!found) return;
  if (lane !== known.state.selected) ask("select", { lane }).then(() => openWhy(found.name, found.number));
  else openWhy(found.name, found.number);
}

function hover(event, canvas) {
  const found = nearest(event, canvas), tip = byId("tip");
  canvas.classList.toggle("pointing", Boolean(found && found.away < 14));
  tip.hidden = !found || found.away >= 14;
  if (tip.hidden) return;
  const { state } = known, label = found.part.labels[found.i];
  const where = state.axes.map((axis, k) => `${state.features[axis]} ${format(found.part.x[found.i][k])}`).join(", ");
  say(tip, `${PARTS[found.name]}, point ${found.number}: ${where}; ${state.target} ${state.span ? format(label) : state.classes[label]}. Click: why this output?`);
  tip.style.left = `${Math.min(event.clientX + 14, innerWidth - 260)}px`;
  tip.style.top = `${event.clientY + 14}px`;
}

// -- drawing -----------------------------------------------------------------------------------------------------------

function drawAll() {
  boxes.forEach(drawPoints);
}

function legend(state) {
  const names = state.span ? [] : state.classes.slice(0, 8).map((name, i) => key(MARKS[i % MARKS.length], css(palette().classes[i % 8]), name));
  const parts = Object.entries(state.points).map(([name, part]) => `${count(part.count)} ${PARTS[name]}${part.at.length < part.count ? ` (${part.at.length} shown)` : ""}`);
  const span = state.span ? [`${state.target} from ${format(state.span[0])} to ${format(state.span[1])}`] : [];
  byId("legend").replaceChildren(...names, ...[...span, ...parts].map(text => make("span", { class: "small" }, text)));
}

function key(kind, colour, name) {
  const canvas = make("canvas", { width: 22, height: 22, class: "key", "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  mark(context, kind, 11, 11, 8);
  context.fillStyle = colour;
  context.fill();
  return make("span", { class: "small entry" }, canvas, name);
}

on("state", state => {
  if (boxes.length !== state.lanes.length) build(state.lanes.length);
  const name = state.axes.map(axis => state.features[axis]);
  const ends = state.axes.map((_, k) => [format(state.low[k]), format(state.high[k])]);
  say(byId("axis-across"), `${name[0]}   ${ends[0].join(" … ")}`);
  say(byId("axis-up"), name.length > 1 ? `${name[1]}   ${ends[1].join(" … ")}` : state.target);
  legend(state);
  drawAll();
});

on("frame", frame => {
  frame.lanes.forEach((lane, i) => {
    const box = boxes[i];
    if (!box) return;
    const flat = known.state?.axes.length === 1, bytes = frame.array(lane.map);
    const planes = bytes.length / (flat ? lane.side : lane.side * lane.side);
    box.field.set(bytes, lane.side, flat ? 1 : lane.side, planes);
    const figures = Object.entries(lane.figures).map(([figure, x]) => `${figure.replace("_", " ")} ${format(number(x))}`).join(", ");
    box.points.setAttribute("aria-label", `Map of what run ${"ABCD"[i]} says, at epoch ${lane.epoch}: ${figures}`);
    say(box.name, frame.lanes.length > 1 ? `run ${"ABCD"[i]}` : "");
    box.box.classList.toggle("selected", frame.lanes.length > 1 && i === frame.selected);
  });
  if (known.state?.axes.length === 1) drawAll();
});

on("theme", () => {
  drawAll();
  if (known.state) legend(known.state);
});
