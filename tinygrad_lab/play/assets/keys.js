// The keyboard, and the page's own buttons.

import { switchTheme } from "./colours.js";
import { byId } from "./state.js";
import { openTake } from "./take.js";
import { does, lookAt, lookBy, toggle } from "./transport.js";
import { openWhy } from "./why.js";

const openKeys = () => byId("keys").showModal();

const keys = {
  " ": toggle, s: () => does("step"), e: () => does("epoch"), r: () => does("reset"), c: () => does("add"),
  "[": () => lookBy(-1), "]": () => lookBy(1), End: () => lookAt(null),
  1: () => does("select", { lane: 0 }), 2: () => does("select", { lane: 1 }), 3: () => does("select", { lane: 2 }), 4: () => does("select", { lane: 3 }),
  w: () => openWhy(), x: openTake, d: switchTheme, "?": openKeys,
};

export function startKeys() {
  byId("theme").addEventListener("click", switchTheme);
  byId("help").addEventListener("click", openKeys);
  document.addEventListener("keydown", event => {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (target.matches("input:not([type=range]):not([type=checkbox]), select, textarea")) return;
    if (key === " " && target.matches("button, [type=checkbox], a")) return;
    if (key === "End" && target.matches("[type=range]")) return;
    const action = keys[key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
