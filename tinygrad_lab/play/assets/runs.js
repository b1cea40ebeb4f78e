// Runs side by side: one tab each, with what sets it apart.

import { palette } from "./colours.js";
import { byId, known, make, on } from "./state.js";
import { does } from "./transport.js";

const SHORT = { lr: "rate", weight_decay: "decay", batch_size: "batch", validation_fraction: "aside" };

// The settings in which runs differ.
function differences(lanes) {
  const names = Object.keys(lanes[0].settings).filter(name => new Set(lanes.map(lane => JSON.stringify(lane.settings[name]))).size > 1);
  return lanes.map(({ settings }) => names.map(name => `${SHORT[name] ?? name} ${Array.isArray(settings[name]) ? settings[name].join(" ") : settings[name] ?? "–"}`).join(", "));
}

function show(state) {
  const box = byId("runs"), several = state.lanes.length > 1;
  box.hidden = !several;
  byId("add").disabled = state.watching || state.lanes.length >= state.most_runs;
  if (!several) return;
  const apart = differences(state.lanes);
  const tabs = state.lanes.map((_, i) => {
    const tab = make("button", { type: "button", role: "tab", "aria-selected": String(i === state.selected), class: "run" }, make("span", { class: "dot" }), `run ${"ABCD"[i]} `, make("span", { class: "small" }, apart[i] || "the same settings: change one"));
    tab.querySelector(".dot").style.background = palette().runs[i];
    tab.addEventListener("click", () => does("select", { lane: i }));
    const close = make("button", { type: "button", class: "close", "aria-label": `Remove run ${"ABCD"[i]}`, title: "Remove this run" }, "×");
    close.addEventListener("click", () => does("remove", { lane: i }));
    return make("span", { class: "pair", role: "presentation" }, tab, close);
  });
  box.replaceChildren(...tabs);
}

export function startRuns() {
  byId("add").addEventListener("click", () => does("add"));
}

on("state", show);
on("theme", () => { if (known.state) show(known.state); });
