// Why this output? The graph page of one sample, in a dialog.

import { isDark } from "./colours.js";
import { byId, known, make, on } from "./state.js";

const PARTS = { training: "points learnt from", validation: "points put aside", test: "test points" };

export function openWhy(part = "training", point = 0) {
  const { state } = known;
  if (!state) return;
  byId("why-part").replaceChildren(...Object.keys(state.points).map(name => make("option", { value: name }, PARTS[name])));
  byId("why-part").value = part;
  byId("why-point").value = point;
  show();
  if (byId("why").open) return;
  byId("why-frame").addEventListener("load", () => byId("why-frame").focus(), { once: true });  // for its keys
  byId("why").showModal();
}

function show() {
  const part = byId("why-part").value, field = byId("why-point");
  field.max = known.state.points[part].count - 1;
  const point = Math.max(0, Math.min(Number(field.value) || 0, Number(field.max)));
  const address = `/why?part=${part}&point=${point}&theme=${isDark() ? "dark" : "light"}`;
  byId("why-open").href = address;
  if (byId("why-frame").getAttribute("src") !== address) byId("why-frame").src = address;
}

export function startWhy() {
  byId("why-part").addEventListener("change", show);
  byId("why-point").addEventListener("change", show);
  byId("why").addEventListener("close", () => byId("why-frame").removeAttribute("src"));
}

on("theme", () => { if (byId("why").open) show(); });
