// Maps of bytes on canvases, blended from one frame to the next at the screen's own pace.

import { mix, palette, table } from "./colours.js";
import { on } from "./state.js";

const still = matchMedia("(prefers-reduced-motion: reduce)");
const FADE = 90;  // milliseconds
const moving = new Set();

// One canvas with a map. `bytes` are side × side (or side × 1) cells; with two planes, the class and its probability.
export class ByteMap {
  constructor(canvas, strength = 0.86) {
    Object.assign(this, { canvas, strength });
    this.context = canvas.getContext("2d");
    this.now = this.before = null;
    everyMap.add(new WeakRef(this));
  }

  set(bytes, wide, high, planes = 1) {
    const fits = this.now && this.wide === wide && this.high === high && this.planes === planes;
    this.before = fits && planes === 1 && !still.matches ? this.shown ?? this.now : null;
    Object.assign(this, { now: bytes, wide, high, planes, start: performance.now() });
    if (this.canvas.width !== wide) this.canvas.width = wide;
    if (this.canvas.height !== high) this.canvas.height = high;
    moving.add(this);
    schedule();
  }

  // Paints how far the blend has come; says whether it goes on.
  paint(time) {
    if (!this.now) return false;
    const t = this.before ? Math.min(1, Math.max(0, (time - this.start) / FADE)) : 1;
    const image = this.context.createImageData(this.wide, this.high);
    if (this.planes === 2) this.paintClasses(image.data);
    else this.paintNumbers(image.data, t);
    this.context.putImageData(image, 0, 0);
    return t < 1;
  }

  paintNumbers(pixels, t) {
    const { now, before } = this, colours = table(this.strength), n = now.length;
    this.shown = t < 1 ? new Uint8Array(n) : now;
    for (let i = 0; i < n; i++) {
      const value = t < 1 ? Math.round(before[i] + (now[i] - before[i]) * t) : now[i];
      if (t < 1) this.shown[i] = value;
      pixels[i * 4] = colours[value * 4];
      pixels[i * 4 + 1] = colours[value * 4 + 1];
      pixels[i * 4 + 2] = colours[value * 4 + 2];
      pixels[i * 4 + 3] = 255;
    }
  }

  paintClasses(pixels) {
    const { classes, middle } = palette();
    const n = this.now.length / 2, floor = 255 / classes.length;
    for (let i = 0; i < n; i++) {
      const strength = 0.12 + 0.5 * Math.max(0, (this.now[2 * i + 1] - floor) / (255 - floor));
      pixels.set([...mix(middle, classes[this.now[2 * i] % classes.length], strength), 255], i * 4);
    }
  }
}

const everyMap = new Set();
let asked = false;

function schedule() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(time => {
    asked = false;
    for (const map of [...moving]) if (!map.paint(time)) moving.delete(map);
    if (moving.size) schedule();
  });
}

on("theme", () => {
  for (const reference of everyMap) {
    const map = reference.deref();
    if (map) moving.add(map);
    else everyMap.delete(reference);
  }
  schedule();
});
