// The settings: fields that say what is, and ask for what should be.

import { plain } from "./numbers.js";
import { ask } from "./socket.js";
import { byId, known, make, on, say } from "./state.js";
import { toast } from "./toast.js";

const NUMBERS = ["lr", "momentum", "weight_decay", "noise"], WHOLES = ["batch_size", "points", "seed"];
const CHOICES = ["optimizer", "activation", "init", "data"];
const MOST_LAYERS = 8;

const settings = () => known.state.lanes[known.state.selected].settings;

export async function change(values, anew = false) {
  try {
    await ask("change", { values, anew });
  } catch (error) {
    toast(error.message);
    fill(known.state, true);
  }
}

function read(name) {
  const field = byId(name), text = field.type === "checkbox" ? "" : field.value.trim().replace(",", ".");
  if (field.type === "checkbox") return field.checked;
  if (name === "validation_fraction") return text === "" ? null : Number(text);
  if (NUMBERS.includes(name)) return text === "" ? (name === "momentum" ? 0 : null) : Number(text);
  if (WHOLES.includes(name)) return text === "" ? (name === "seed" ? 0 : null) : Number(text);
  return text;
}

function options(select, names) {
  const now = names.join("\n");
  if (select.dataset.names === now) return;
  select.dataset.names = now;
  select.replaceChildren(...names.map(name => make("option", { value: name }, name)));
}

// Fields show what is, but not over what somebody is typing.
function fill(state, always = false) {
  const now = settings();
  for (const name of CHOICES) options(byId(name), state.choices[name]);
  for (const name of [...CHOICES, ...NUMBERS, ...WHOLES]) {
    const field = byId(name);
    if (always || document.activeElement !== field || field.tagName === "SELECT") field.value = plain(now[name]);
  }
  const share = byId("validation_fraction"), aside = plain(now.validation_fraction);
  if (![...share.options].some(option => option.value === aside)) share.append(make("option", { value: aside }, `${100 * now.validation_fraction} %`));
  share.value = aside;
  byId("standardize").checked = now.standardize;
  byId("lr-slider").value = Math.log10(now.lr);
  byId("noise").placeholder = plain(state.noise);
  const fixed = new Set(state.fixed);
  for (const name of [...CHOICES, ...NUMBERS, ...WHOLES, "validation_fraction", "standardize"]) byId(name).disabled = fixed.has(name);
  byId("lr-slider").disabled = fixed.has("lr");
  byId("points").disabled ||= !state.sized;
  byId("noise").disabled ||= !state.drawn;
  byId("momentum").disabled ||= !state.choices.momentum.includes(now.optimizer);
  const owned = fixed.has("hidden");
  byId("fewer").disabled = owned || !now.hidden.length;
  byId("more").disabled = owned || now.hidden.length >= MOST_LAYERS;
  say(byId("hidden-count"), owned && !state.watching ? "a model of your own" : `${now.hidden.length} hidden layer${now.hidden.length === 1 ? "" : "s"}`);
  axes(state);
}

function axes(state) {
  byId("axes").hidden = state.features.length < 3;
  for (const [k, id] of ["across", "up"].entries()) {
    const select = byId(id), names = state.features.slice(0, 500);
    if (select.dataset.names !== names.join("\n")) {
      select.dataset.names = names.join("\n");
      select.replaceChildren(...names.map((name, i) => make("option", { value: i }, name)));
    }
    select.value = state.axes[k] ?? 0;
  }
}

function turn() {
  ask("axes", { across: Number(byId("across").value), up: Number(byId("up").value) }).catch(error => toast(error.message));
}

function layers(by) {
  const hidden = [...settings().hidden];
  if (by > 0) hidden.push(hidden.at(-1) ?? 4);
  else hidden.pop();
  change({ hidden });
}

export function startControls() {
  byId("settings").addEventListener("submit", event => event.preventDefault());
  for (const name of [...CHOICES, ...NUMBERS, ...WHOLES, "validation_fraction", "standardize"]) {
    byId(name).addEventListener("change", () => change({ [name]: read(name) }));
  }
  byId("lr-slider").addEventListener("input", event => { byId("lr").value = Number((10 ** Number(event.target.value)).toPrecision(2)); });
  byId("lr-slider").addEventListener("change", () => change({ lr: read("lr") }));
  byId("fewer").addEventListener("click", () => layers(-1));
  byId("more").addEventListener("click", () => layers(1));
  for (const id of ["across", "up"]) byId(id).addEventListener("change", turn);
}

on("state", state => fill(state));
