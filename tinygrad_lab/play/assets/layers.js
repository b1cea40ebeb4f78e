// A card for every layer: what comes out of it and its gradient as histograms, and how far the next step goes.

import { format, number } from "./numbers.js";
import { byId, draw, make, on, say } from "./state.js";

const WIDTH = 96, HEIGHT = 34;
let cards = [], drawn = "";

function histogram(name) {
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: `histogram ${name}`, role: "img", preserveAspectRatio: "none" });
  const zero = draw("line", { y1: 0, y2: HEIGHT, class: "zero" }), path = draw("path", {});
  svg.append(zero, path);
  const low = make("span", {}), high = make("span", {});
  return { svg, zero, path, low, high, box: make("div", { class: "half" }, svg, make("div", { class: "ends small" }, low, high)) };
}

function build(layers) {
  cards = layers.map((layer, i) => {
    const activations = histogram("activations"), gradients = histogram("gradients");
    const ratio = make("output", { class: "ratio" }), size = make("output", {}), notes = make("span", { class: "notes" });
    const name = i === layers.length - 1 ? "output" : `layer ${i + 1}`;
    const box = make("article", { class: "card" }, make("h3", {}, make("span", { class: "name" }, name, " ", make("span", { class: "small" }, layer.kind)), notes), make("div", { class: "halves" }, activations.box, gradients.box), make("p", { class: "small facts" }, make("span", { title: "the root mean square of the gradient" }, "‖g‖ ", size), make("span", { title: "the size of the next step, in sizes of the weights" }, "Δw/w ", ratio)));
    return { box, activations, gradients, ratio, size, notes };
  });
  byId("layers").replaceChildren(...cards.map(({ box }) => box));
}

function fill(target, place, frame, name) {
  const counts = frame.array(place.counts), most = Math.max(...counts, 1), n = counts.length, w = WIDTH / n;
  let path = "";
  counts.forEach((count, i) => {
    if (count > 0) path += `M${(i * w).toFixed(1)} ${HEIGHT}V${(HEIGHT - Math.max(1, (count / most) * (HEIGHT - 2))).toFixed(1)}h${(w - 0.6).toFixed(1)}V${HEIGHT}Z`;
  });
  target.path.setAttribute("d", path);
  const zero = ((0 - place.low) / (place.high - place.low)) * WIDTH;
  target.zero.setAttribute("visibility", zero >= 0 && zero <= WIDTH ? "visible" : "hidden");
  if (Number.isFinite(zero)) {
    target.zero.setAttribute("x1", zero.toFixed(1));
    target.zero.setAttribute("x2", zero.toFixed(1));
  }
  say(target.low, format(place.low, 2));
  say(target.high, format(place.high, 2));
  target.svg.setAttribute("aria-label", `${name} from ${format(place.low)} to ${format(place.high)}${place.bad ? `, ${place.bad} not finite` : ""}`);
}

on("frame", frame => {
  const { layers } = frame.detail, now = JSON.stringify(layers.map(layer => layer.kind));
  if (now !== drawn) {
    drawn = now;
    build(layers);
  }
  const troubled = new Set(frame.detail.troubles.flatMap(one => one.layers));
  layers.forEach((layer, i) => {
    const card = cards[i];
    fill(card.activations, layer.activations, frame, "what comes out");
    fill(card.gradients, layer.gradients, frame, "gradients");
    say(card.size, format(layer.size, 3));
    say(card.ratio, Number.isNaN(number(layer.ratio)) ? "–" : format(layer.ratio, 3));
    const notes = [layer.dead.length ? `${layer.dead.length} dead` : "", layer.saturated > 0.5 ? `${Math.round(100 * layer.saturated)} % saturated` : ""];
    say(card.notes, notes.filter(Boolean).join(", "));
    card.box.classList.toggle("troubled", troubled.has(i));
  });
});
