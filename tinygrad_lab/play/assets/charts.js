// Loss and accuracy of every run by epoch, and the figures as a table.

import { palette } from "./colours.js";
import { format } from "./numbers.js";
import { byId, known, make, on, say } from "./state.js";

const SHARE = 0.7;  // of the height for the loss, the rest for the accuracy
const MARGIN = { left: 46, right: 8, top: 6, bottom: 16, gap: 10 };
let asked = false;

function schedule() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    drawCurves();
  });
}

function drawCurves() {
  const { frame } = known, canvas = byId("curves");
  if (!frame || !canvas.clientWidth) return;
  const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const runs = frame.lanes.map(lane => ({
    epochs: frame.array(lane.epochs),
    curves: Object.fromEntries(Object.entries(lane.curves).map(([name, place]) => [name, frame.array(place)])),
  }));
  const accurate = runs.some(run => run.curves.accuracy);
  const bottom = height - MARGIN.bottom;
  const middle = accurate ? MARGIN.top + (bottom - MARGIN.top) * SHARE : bottom;
  const last = Math.max(2, frame.last);
  const across = epoch => MARGIN.left + ((epoch - 1) / (last - 1)) * (width - MARGIN.left - MARGIN.right);
  const losses = runs.flatMap(run => [run.curves.loss, run.curves.validation_loss].filter(Boolean));
  const scale = lossScale(losses);
  const down = x => middle - scale.share(x) * (middle - MARGIN.top);
  grid(context, scale.marks.map(x => [down(x), format(x, 2)]), width);
  runs.forEach((run, i) => lines(context, run, i, "loss", across, down));
  if (accurate) {
    const low = middle + MARGIN.gap, share = x => bottom - x * (bottom - low);
    grid(context, [[share(0), "0"], [share(1), "1"]], width);
    runs.forEach((run, i) => lines(context, run, i, "accuracy", across, share));
    context.fillStyle = palette().quiet;
    context.textAlign = "left";
    context.fillText("accuracy", MARGIN.left + 4, bottom - 4);
  }
  epochsBelow(context, last, across, height);
  if (frame.shown !== null) marker(context, across(frame.lanes[frame.selected].epoch), bottom);
  say(byId("curves-more"), scale.logarithmic ? "logarithmic" : "");
}

// The loss on a logarithmic scale if it spans more than a decade.
function lossScale(curves) {
  let low = Infinity, high = -Infinity, least = Infinity;
  for (const curve of curves) {
    for (const x of curve) {
      if (!Number.isFinite(x)) continue;
      if (x < low) low = x;
      if (x > high) high = x;
      if (x > 0 && x < least) least = x;
    }
  }
  if (low > high) return { share: () => 0, marks: [], logarithmic: false };
  if (least < Infinity && high > 10 * least && low > 0) {
    const bottom = Math.log10(least) - 0.08, top = Math.log10(high) + 0.05;
    const share = x => (x > 0 ? (Math.log10(x) - bottom) / (top - bottom) : 0);
    const first = Math.ceil(bottom), step = Math.max(1, Math.ceil((top - bottom) / 4));
    return { share, marks: Array.from({ length: Math.max(0, Math.floor((top - first) / step) + 1) }, (_, i) => 10 ** (first + i * step)), logarithmic: true };
  }
  const top = high > 0 ? high * 1.06 : 1, bottom = Math.min(0, low);
  return { share: x => (x - bottom) / (top - bottom), marks: [bottom, nice((top - bottom) / 2) + bottom], logarithmic: false };
}

const nice = x => Number(x.toPrecision(1));

function grid(context, marks, width) {
  const { rule, quiet } = palette();
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const [y, text] of marks) {
    context.strokeStyle = rule;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(MARGIN.left, Math.round(y) + 0.5);
    context.lineTo(width - MARGIN.right, Math.round(y) + 0.5);
    context.stroke();
    context.fillStyle = quiet;
    context.fillText(text, MARGIN.left - 6, y);
  }
  context.textBaseline = "alphabetic";
}

function lines(context, run, i, name, across, down) {
  const colour = palette().runs[i % 4];
  for (const [column, dash] of [[name, []], [`validation_${name}`, [5, 4]]]) {
    const curve = run.curves[column];
    if (!curve) continue;
    context.beginPath();
    let pen = false;
    curve.forEach((x, k) => {
      if (!Number.isFinite(x)) {
        pen = false;
        return;
      }
      context[pen ? "lineTo" : "moveTo"](across(run.epochs[k]), down(x));
      pen = true;
    });
    context.setLineDash(dash);
    context.strokeStyle = colour;
    context.lineWidth = name === "loss" ? 2 : 1.6;
    context.lineJoin = "round";
    context.stroke();
    context.setLineDash([]);
  }
}

function epochsBelow(context, last, across, height) {
  context.fillStyle = palette().quiet;
  context.textAlign = "left";
  context.fillText("1", across(1), height - 3);
  context.textAlign = "right";
  context.fillText(`epoch ${last.toLocaleString("en-US")}`, across(last), height - 3);
}

function marker(context, x, bottom) {
  context.strokeStyle = palette().ink;
  context.setLineDash([2, 3]);
  context.beginPath();
  context.moveTo(x, MARGIN.top);
  context.lineTo(x, bottom);
  context.stroke();
  context.setLineDash([]);
}

// -- figures -----------------------------------------------------------------------------------------------------------

const NAMES = { loss: "loss", accuracy: "accuracy", validation_loss: "loss aside", validation_accuracy: "accuracy aside" };
let shape = "";

function figures(frame) {
  const columns = Object.keys(NAMES).filter(name => frame.lanes.some(lane => name in lane.figures));
  const now = `${columns} ${frame.lanes.length}`;
  const table = byId("figures");
  if (now !== shape) {
    shape = now;
    const head = make("tr", {}, make("th", { scope: "col" }, "run"), make("th", { scope: "col" }, "epoch"), ...columns.map(name => make("th", { scope: "col" }, NAMES[name])));
    const row = i => make("tr", {}, make("th", { scope: "row", class: `run-${i}` }, "ABCD"[i]), make("td", { "data-figure": "epoch" }), ...columns.map(name => make("td", { "data-figure": name })));
    table.replaceChildren(make("thead", {}, head), make("tbody", {}, ...frame.lanes.map((_, i) => row(i))));
  }
  [...table.tBodies[0].rows].forEach((row, i) => {
    const lane = frame.lanes[i];
    for (const cell of row.cells) {
      const name = cell.dataset.figure;
      if (name === "epoch") say(cell, lane.epoch.toLocaleString("en-US"));
      else if (name) say(cell, name in lane.figures ? format(lane.figures[name]) : "–");
    }
  });
}

on("frame", frame => {
  figures(frame);
  schedule();
});
on("theme", schedule);
new ResizeObserver(schedule).observe(byId("curves"));
