// Colours of numbers and classes, light and dark; those of Okabe and Ito, which colour-blind readers can tell apart.

import { known, on, tell } from "./state.js";

const LIGHT = {
  classes: [[213, 94, 0], [0, 114, 178], [0, 158, 115], [204, 121, 167], [230, 159, 0], [86, 180, 233], [120, 110, 20], [90, 90, 90]],
  middle: [246, 247, 249], runs: ["#0072b2", "#d55e00", "#00805d", "#a8478a"], ink: "#1b1f24", quiet: "#59636e", rule: "#d5dae0", surface: "#ffffff",
};
const DARK = {
  classes: [[240, 136, 52], [72, 164, 226], [47, 199, 154], [224, 143, 196], [236, 184, 60], [140, 205, 245], [214, 200, 90], [170, 170, 170]],
  middle: [26, 30, 36], runs: ["#56b4e9", "#ff9a5c", "#2fc79a", "#e08fc4"], ink: "#e8ebef", quiet: "#a0aab5", rule: "#363d46", surface: "#14171b",
};
export const MARKS = ["circle", "square", "triangle", "diamond"];

const system = matchMedia("(prefers-color-scheme: dark)");
export const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
export const palette = () => (isDark() ? DARK : LIGHT);
export const css = ([r, g, b]) => `rgb(${r} ${g} ${b})`;
export const mix = (a, b, t) => a.map((x, i) => x + (b[i] - x) * t);

const tables = new Map();
on("theme", () => tables.clear());

// The colour of each byte: below the middle the first class's, above it the second's, at most so strong.
export function table(most) {
  if (tables.has(most)) return tables.get(most);
  const { classes: [low, high], middle } = palette(), colours = new Uint8ClampedArray(256 * 4);
  for (let i = 0; i < 256; i++) {
    const t = (i - 127.5) / 127.5;
    colours.set([...mix(middle, t < 0 ? low : high, Math.abs(t) ** 0.8 * most), 255], i * 4);
  }
  tables.set(most, colours);
  return colours;
}

export function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  tell("theme", theme);
}

export function startThemes() {
  let kept = null;
  try { kept = localStorage.getItem("theme"); } catch { /* a browser that keeps nothing */ }
  setTheme(kept);
  system.addEventListener("change", () => tell("theme", known.theme));
}

export function switchTheme() {
  const theme = isDark() ? "light" : "dark";
  try { localStorage.setItem("theme", theme); } catch { /* it lasts as long as the page */ }
  setTheme(theme);
}
