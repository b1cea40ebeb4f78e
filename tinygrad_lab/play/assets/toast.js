// A line that says what went wrong, for a while.

import { byId, say } from "./state.js";

let clock = null;

export function toast(text) {
  const box = byId("toast");
  say(box, text.replace(/^(play|config): /, ""));
  box.hidden = false;
  clearTimeout(clock);
  clock = setTimeout(() => { box.hidden = true; }, 9000);
}
