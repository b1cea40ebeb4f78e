// Train, pause, step, and back through the epochs.

import { count } from "./numbers.js";
import { ask } from "./socket.js";
import { byId, known, on, say } from "./state.js";
import { toast } from "./toast.js";

export const does = (name, values) => ask(name, values).catch(error => toast(error.message));
export const toggle = () => does(known.state?.playing ? "pause" : "play");

let looking = false, wanted = null;

// The newest wish is asked for as soon as the last one is answered.
export async function lookAt(epoch) {
  wanted = { epoch };
  if (looking) return;
  looking = true;
  while (wanted) {
    const { epoch: next } = wanted;
    wanted = null;
    await does("look", { epoch: next });
  }
  looking = false;
}

export function lookBy(step) {
  const { frame } = known;
  if (!frame) return;
  const stride = Math.max(1, Math.round(frame.last / 100));
  const epoch = Math.min(frame.last, Math.max(1, (frame.shown ?? frame.last) + step * stride));
  lookAt(epoch >= frame.last && step > 0 ? null : epoch);
}

export function startTransport() {
  byId("play").addEventListener("click", toggle);
  for (const name of ["reset", "step", "epoch"]) byId(name).addEventListener("click", () => does(name));
  byId("stop").addEventListener("click", () => does("stop"));
  byId("speed").addEventListener("change", event => does("speed", { epochs: event.target.value ? Number(event.target.value) : null }));
  byId("slider").addEventListener("input", event => lookAt(Number(event.target.value)));
  byId("present").addEventListener("click", () => lookAt(null));
}

function showPlaying(playing) {
  const button = byId("play");
  say(button, playing ? "❚❚" : "▶");
  button.setAttribute("aria-pressed", playing);
  button.setAttribute("aria-label", playing ? "Pause" : "Train");
  button.title = playing ? "Pause (space)" : "Train (space)";
}

on("state", state => {
  showPlaying(state.playing);
  byId("reset").disabled = state.watching;
  byId("speed").value = state.speed === null ? "" : String(state.speed);
});

on("frame", frame => {
  const lane = frame.lanes[frame.selected], slider = byId("slider");
  showPlaying(frame.playing);
  say(byId("now"), count(lane.epoch));
  say(byId("batch"), lane.updates ? `+ ${lane.updates} update${lane.updates > 1 ? "s" : ""}` : "");
  say(byId("rate"), frame.playing && frame.rate ? `${count(Math.round(frame.rate))} / s` : "");
  slider.max = frame.last;
  if (document.activeElement !== slider || !looking) slider.value = frame.shown ?? frame.last;
  slider.setAttribute("aria-valuetext", `epoch ${lane.epoch}`);
  say(byId("where"), frame.shown === null ? `epoch ${count(frame.last)}, now` : `epoch ${count(lane.epoch)} of ${count(frame.last)}`);
  byId("present").disabled = frame.shown === null;
  document.body.classList.toggle("past", frame.shown !== null);
});
