// The numbers of the unit that was chosen: its map at large, its weights and its bias.

import { ByteMap } from "./maps.js";
import { format } from "./numbers.js";
import { byId, known, make, say } from "./state.js";

let chosen = null, drawn = "", cells = [], map = null;

// A unit is named by its column, where 0 are the inputs, and its place there.
export function choose(unit) {
  chosen = unit;
  drawn = "";
}

export const isChosen = (column, unit) => chosen?.column === column && chosen.unit === unit;

function rowsOf() {
  const { frame, state } = known, layer = frame.detail.layers[chosen.column - 1];
  if (!layer?.weights) return [];
  const before = chosen.column === 1 ? i => state.features[i] : i => `unit ${i + 1}`;
  const rows = layer.weights[chosen.unit].map((w, j) => [before(j), w]);
  return layer.bias ? [...rows, ["bias", layer.bias[chosen.unit]]] : rows;
}

function build(rows) {
  const canvas = make("canvas", { class: "large-map", "aria-hidden": "true" });
  map = new ByteMap(canvas);
  cells = rows.map(() => make("td"));
  const body = rows.map(([name], i) => make("tr", {}, make("th", { scope: "row" }, name), cells[i]));
  const table = make("table", { class: "numbers" }, make("caption", { class: "small" }, "weights from"), make("tbody", {}, ...body));
  const none = make("p", { class: "small" }, chosen.column ? "It has no weights of its own to show." : "An input, as it comes from the data.");
  byId("inspect").replaceChildren(make("h3", {}, chosen.name), canvas, rows.length ? table : none);
}

// Shows the unit as it is now; `small` is its map in the picture of the network.
export function inspect(small) {
  if (!chosen || !small?.now) {
    if (drawn !== "none") byId("inspect").replaceChildren(make("p", { class: "small" }, "Choose a unit to see its numbers."));
    drawn = "none";
    return;
  }
  const rows = rowsOf(), now = JSON.stringify([chosen, rows.map(([name]) => name)]);
  if (now !== drawn) {
    drawn = now;
    build(rows);
  }
  map.set(small.now, small.wide, small.high);
  rows.forEach(([, x], i) => {
    say(cells[i], format(x));
    cells[i].title = String(x);
  });
}
