// The layered layout of nested boxes, step by step as in the Python package `viz/layout`, which says why; a test holds the
// two together. It is needed here because what is open or closed changes in the browser. `LAYOUT` has the constants.

// shapes: {id, parent, width, height, frame, minor} in order of time, frames before what is in them; lines: {source, target}.
// Gives every shape x, y (and every frame its size), and every line its `points`; returns {width, height}.
function layOut(shapes, lines) {
  const known = new Map(shapes.map(shape => [shape.id, shape]));
  const interiors = new Map([["", newInterior({ id: "", width: 0, height: 0 })]]);
  for (const shape of shapes) if (shape.frame) interiors.set(shape.id, newInterior(shape));
  for (const shape of shapes) interiors.get(shape.parent).children.push(shape);
  const routes = lines.map(line => route(line, known, interiors));
  for (const interior of [...interiors.values()].reverse()) new Solver(interior, interiors).solve();
  const corners = new Map([["", [0, 0]]]);
  for (const [own, interior] of interiors) {
    const [left, top] = corners.get(own);
    for (const child of interior.children) {
      child.x += left;
      child.y += top;
      if (child.frame) corners.set(child.id, [child.x, child.y]);
    }
  }
  lines.forEach((line, i) => {
    const path = routes[i].flatMap(([own, key]) => {
      const [left, top] = corners.get(own);
      return interiors.get(own).segments.get(key).path.map(([x, y]) => [x + left, y + top]);
    });
    line.points = path.filter(([x, y], j) => j === 0 || x !== path[j - 1][0] || y !== path[j - 1][1]);
  });
  return interiors.get("").frame;
}

const newInterior = frame => ({ frame, children: [], segments: new Map(), ports: new Map() });
const portOf = (side, source) => `${side}\n${source}`;
const isPort = key => key.startsWith("in\n") || key.startsWith("out\n");

// Splits a line into one segment per frame that it passes: [frame, key of the segment].
function route({ source, target }, known, interiors) {
  const frames = id => {
    const found = [];
    for (let at = id; at; found.push(at)) at = known.get(at).parent;
    return found;
  };
  const up = frames(source), down = frames(target);
  while (up.length > 1 && down.length > 1 && up.at(-2) === down.at(-2)) {
    up.pop();
    down.pop();
  }
  const found = [];
  const add = (frame, from, to) => {
    const key = JSON.stringify([from, to, source]), { segments } = interiors.get(frame);
    if (!segments.has(key)) segments.set(key, { from, to, source });
    found.push([frame, key]);
  };
  let item = source;
  for (const frame of up.slice(0, -1)) {
    add(frame, item, portOf("out", source));
    item = frame;
  }
  const ends = [target, ...down.slice(0, -1)];
  add(up.at(-1), item, ends.at(-1));
  for (let i = down.length - 2; i >= 0; i--) add(down[i], portOf("in", source), ends[i]);
  return found;
}

const range = (start, end) => Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i);
const least = (list, otherwise = 0) => (list.length ? list.reduce((a, b) => Math.min(a, b)) : otherwise);
const most = (list, otherwise = 0) => (list.length ? list.reduce((a, b) => Math.max(a, b)) : otherwise);
const pairOf = (a, b) => `${a},${b}`;

class Solver {
  constructor(interior, interiors) {
    Object.assign(this, {
      interior, interiors, number: new Map(), widths: [], heights: [], gaps: [], minor: new Set(),
      titled: Boolean(interior.frame.id), links: new Map(), entries: new Map(),
    });
  }

  add(key, width, height, gap = LAYOUT.GAP) {
    const number = this.widths.length;
    this.number.set(key, number);
    this.widths.push(width);
    this.heights.push(height);
    this.gaps.push(gap);
    return number;
  }

  solve() {
    const { interior, number } = this, { frame } = interior, segments = [...interior.segments.values()];
    if (this.titled) this.add("title\n", frame.width, frame.height);
    for (const key of segments.flatMap(({ from, to }) => [from, to])) {
      if (key.startsWith("in\n") && !number.has(key)) this.add(key, 2, 0, LAYOUT.LANE);
    }
    for (const child of interior.children) {
      const n = this.add(child.id, child.width, child.height);
      if (child.minor) this.minor.add(n);
    }
    for (const { to } of segments) if (isPort(to) && !number.has(to)) this.add(to, 2, 0, LAYOUT.LANE);
    this.ports = new Set([...number].filter(([key]) => isPort(key)).map(([, n]) => n));
    this.inner = new Map(interior.children.filter(child => child.frame).map(child => [number.get(child.id), this.interiors.get(child.id)]));
    for (const segment of segments) Object.assign(segment, { a: number.get(segment.from), b: number.get(segment.to) });
    [this.layer, this.aside] = assignLayers(this, segments);
    let layers = this.bend(segments);
    layers = orderLayers(layers, this.near().map(([upper, lower, source]) => [
      upper, 0.5 + this.offset(upper, "out", source) / this.widths[upper],
      lower, 0.5 + this.offset(lower, "in", source) / this.widths[lower],
    ]), this.widths.length);
    if (this.titled) layers[0] = [0, ...layers[0].filter(n => n !== 0)];
    this.attach(layers, segments);
    this.centres = place(layers, this.widths, this.gaps, this.springs());
    this.finish(layers, segments);
  }

  // Adds dummies where segments pass layers; returns the nodes of every layer in a first order.
  bend(segments) {
    const layers = range(0, most(this.layer) + 1).map(() => []), lanes = new Map();
    this.layer.forEach((i, n) => layers[i].push(n));
    for (const segment of segments) {
      const { a, b, source } = segment, top = this.layer[a], bottom = this.layer[b], down = top < bottom;
      const passed = down ? range(top + 1, bottom) : range(bottom, top + 1);
      segment.bends = [];
      for (const i of passed) {
        const at = i - (passed[0] ?? 0);
        if (passed.length > LAYOUT.FAR && Math.floor(LAYOUT.FAR / 4) < at && at < passed.length - Math.floor(LAYOUT.FAR / 4)) continue;
        const key = JSON.stringify(down ? [a, source, i] : [a, b, source, i]);
        if (!lanes.has(key)) {
          const n = this.add(`bend\n${key}`, 2, 0, LAYOUT.LANE);
          lanes.set(key, n);
          this.layer[n] = i;
          layers[i].push(n);
        }
        segment.bends.push(lanes.get(key));
      }
      const chain = down ? [a, ...segment.bends, b] : segment.bends;
      for (let i = 1; i < chain.length; i++) {
        const link = [chain[i - 1], chain[i], source];
        this.links.set(JSON.stringify(link), link);
      }
    }
    return layers.map(layer => {
      const minor = layer.filter(n => this.minor.has(n)), half = Math.floor((minor.length + 1) / 2);
      return [...minor.slice(0, half), ...layer.filter(n => !this.minor.has(n)), ...minor.slice(half)];
    });
  }

  near() {
    return [...this.links.values()].filter(([upper, lower]) => this.layer[lower] - this.layer[upper] === 1);
  }

  // Where a line meets a frame or box, as a distance from its centre.
  offset(n, side, source) {
    const inner = this.inner.get(n);
    return inner ? inner.ports.get(portOf(side, source)) - inner.frame.width / 2 : this.entries.get(`${n}\n${side}\n${source}`) ?? 0;
  }

  // Spreads the points where lines enter a box over its upper edge, in the order in which they come.
  attach(layers, segments) {
    const places = [], entering = new Map();
    const sourcesOf = n => entering.get(n) ?? entering.set(n, new Map()).get(n);
    for (const layer of layers) layer.forEach((n, i) => { places[n] = i; });
    for (const [upper, lower, source] of this.links.values()) {
      sourcesOf(lower).set(source, places[upper] + 0.5 + this.offset(upper, "out", source) / this.widths[upper]);
    }
    for (const { b, source, bends } of segments) {
      if (bends.length && !sourcesOf(b).has(source)) {
        sourcesOf(b).set(source, this.layer[bends[0]] === this.layer[b] ? places[bends[0]] + 0.5 : 0);
      }
    }
    for (const [n, sources] of entering) {
      if (!this.heights[n]) continue;
      const ordered = [...sources.keys()].sort((x, y) => sources.get(x) - sources.get(y) || (x < y ? -1 : 1));
      const main = ordered.map((source, i) => [this.number.get(source) ?? -1, i])
        .filter(([a]) => !this.minor.has(a) && !this.aside.has(pairOf(a, n))).map(([, i]) => i);
      const middle = main.length ? main.reduce((x, y) => x + y) / main.length : (ordered.length - 1) / 2;
      const step = Math.min(16, 0.4 * this.widths[n] / Math.max(middle, ordered.length - 1 - middle, 1));
      ordered.forEach((source, i) => this.entries.set(`${n}\nin\n${source}`, (i - middle) * step));
    }
  }

  springs() {
    const children = new Set(this.interior.children.map(child => this.number.get(child.id)));
    return this.near().map(([upper, lower, source]) => {
      const aside = this.minor.has(upper) || this.aside.has(pairOf(upper, lower));
      const weight = aside ? LAYOUT.MINOR : [8, LAYOUT.LANE_PULL, 2][Number(children.has(upper)) + Number(children.has(lower))];
      if (this.inner.has(upper) && this.inner.has(lower)) return [upper, 0, lower, 0, weight];  // frames stand in one line
      return [upper, this.offset(upper, "out", source), lower, this.offset(lower, "in", source), weight];
    });
  }

  finish(layers, segments) {
    const { interior, widths } = this, padding = this.titled ? LAYOUT.PADDING : 0;
    const all = layers.flat(), frame = interior.frame;
    const left = least(all.map(n => this.centres[n] - widths[n] / 2)) - padding;
    const right = most(all.map(n => this.centres[n] + widths[n] / 2)) + padding;
    let x = this.centres.map(centre => centre - left), width = right - left;
    let [tops, bottoms, height] = this.heightsOf(layers, segments);
    const points = segments.map(segment => this.path(segment, x, tops, bottoms));
    const wrapped = this.columns(layers, segments, x, tops, bottoms);
    if (wrapped) {
      width = wrapped.width + 2 * padding;
      height = wrapped.height + padding;
      wrapped.dx = wrapped.dx.map(dx => dx + padding);
      wrapped.gutters = wrapped.gutters.map(gutter => gutter + padding);
      x = x.map((own, n) => own + wrapped.dx[wrapped.of[this.layer[n]]]);
    }
    segments.forEach((segment, i) => {
      segment.path = wrapped ? pathInColumns(wrapped, points[i], segment.source) : points[i].map(([px, py]) => [px, py]);
      if (wrapped && isPort(segment.to)) segment.path.push([segment.path.at(-1)[0], height]);
    });
    for (const child of interior.children) {
      const n = this.number.get(child.id), i = this.layer[n], dy = wrapped ? wrapped.dy[wrapped.of[i]] : 0;
      child.x = x[n] - child.width / 2;
      child.y = (tops[i] + bottoms[i] - child.height) / 2 + dy;
    }
    for (const [key, n] of this.number) if (isPort(key)) interior.ports.set(key, x[n]);
    Object.assign(frame, { width, height });
  }

  columns(layers, segments, x, tops, bottoms) {
    const ends = segments.map(({ a, b, source }) => [this.layer[a], this.layer[b], source]);
    if (ends.some(([start, end]) => start >= end) || !layers.length || layers.some(layer => !layer.length)) return null;
    const sides = layers.map(layer => [
      least(layer.map(n => x[n] - this.widths[n] / 2)), most(layer.map(n => x[n] + this.widths[n] / 2))]);
    return setInColumns(tops, bottoms, sides, ends);
  }

  heightsOf(layers, segments) {
    const { LAYER_GAP, PORT_GAP, PADDING, TURN } = LAYOUT;
    const tops = [], bottoms = [], loops = segments.some(({ a, b }) => this.layer[a] >= this.layer[b]);
    let y = this.titled ? 6 : 0;
    layers.forEach((layer, i) => {
      const outer = this.titled && i === 0, height = most(layer.map(n => this.heights[n]));
      const ports = layer.length && !layer.some(n => this.heights[n]) && i === layers.length - 1;
      if (ports) y += PORT_GAP - LAYER_GAP;
      tops.push(y);
      bottoms.push(y + height);
      y += height + (outer ? PORT_GAP + (loops ? TURN : 0) : LAYER_GAP);
    });
    if (!this.titled) return [tops, bottoms, bottoms.length ? bottoms.at(-1) + (loops ? TURN + PORT_GAP : 0) : 0];
    const exits = [...this.number.keys()].some(key => key.startsWith("out\n"));
    let end = bottoms.at(-1) + (exits ? 0 : PADDING + (loops ? TURN : 0));
    if (exits) tops[tops.length - 1] = bottoms[bottoms.length - 1] = end = end + (loops ? TURN : 0);
    return [tops, bottoms, end];
  }

  // The points of a segment, each with its layer.
  path({ a, b, source, bends }, x, tops, bottoms) {
    const upper = this.layer[a], lower = this.layer[b], down = upper < lower, turn = down ? 0 : LAYOUT.TURN;
    const xs = x[a] + this.offset(a, "out", source), xe = x[b] + this.offset(b, "in", source);
    const points = [[xs, this.edge(a, tops, bottoms, true), upper], [xs, bottoms[upper] + turn, upper]];
    if (down) {
      for (const n of bends) points.push([x[n], tops[this.layer[n]], this.layer[n]], [x[n], bottoms[this.layer[n]], this.layer[n]]);
    } else {
      const side = bends.length ? x[bends[0]] : Math.max(xs, xe) + LAYOUT.LANE;
      points.push([side, bottoms[upper] + turn, upper], [side, tops[lower] - turn, lower]);
    }
    return [...points, [xe, tops[lower] - turn, lower], [xe, this.edge(b, tops, bottoms, false), lower]];
  }

  edge(n, tops, bottoms, below) {
    const i = this.layer[n];
    if (this.ports.has(n)) return i === 0 ? 0 : bottoms[i];
    const middle = (tops[i] + bottoms[i]) / 2, half = this.heights[n] / 2;
    return below ? middle + half : middle - half;
  }
}
