// A layered layout of nested boxes, as in layout.py, but in the browser: what is open or closed changes here.
// A frame is laid out on its own, innermost first, and then is one box in the layout around it. Lines enter and leave it
// through ports in its top and bottom edge. Everything is numbered within a level: boxes, ports, and the dummies that
// keep a place free for a line where it passes a layer.

const GAP = 24, LAYER_GAP = 40, PADDING = 16, TITLE = 26, LANE = 10, FAR = 40;

// shapes: {id, parent, width, height, frame} in order of time, frames before frames in them; lines: {source, target}.
// Gives every shape x, y (and every frame its size), and every line its `points`; returns {width, height}.
function layOut(shapes, lines) {
  const known = new Map(shapes.map(shape => [shape.id, shape]));
  const levels = new Map([["", newLevel({ id: "", width: 0 })]]);
  for (const shape of shapes) if (shape.frame) levels.set(shape.id, newLevel(shape));
  for (const shape of shapes) levels.get(shape.parent).children.push(shape);
  for (const line of lines) line.route = route(line, known, levels);
  for (const level of [...levels.values()].reverse()) solve(level, levels);
  levels.get("").frame.x = levels.get("").frame.y = 0;
  for (const { frame, children } of levels.values()) {
    for (const child of children) {
      child.x += frame.x;
      child.y += frame.y;
    }
  }
  for (const line of lines) {
    line.points = line.route.flatMap(([level, key]) =>
      level.segments.get(key).points.map(([x, y]) => [x + level.frame.x, y + level.frame.y]));
  }
  return levels.get("").frame;
}

const newLevel = frame => ({ frame, children: [], segments: new Map(), ports: new Map() });

// Splits a line into one segment per frame it passes: [level, key of the segment], in the line's direction.
function route(line, known, levels) {
  const around = id => {
    const frames = [];
    for (let at = known.get(id).parent; ; at = known.get(at).parent) {
      frames.push(at);
      if (!at) return frames;
    }
  };
  const up = around(line.source), down = around(line.target);
  while (up.length > 1 && down.length > 1 && up.at(-2) === down.at(-2)) {
    up.pop();
    down.pop();
  }
  const port = side => `${side}\n${line.source}`;
  const found = [];
  const add = (frame, from, to) => {
    const key = JSON.stringify([from, to, line.source]);
    const level = levels.get(frame);
    if (!level.segments.has(key)) level.segments.set(key, { from, to, source: line.source });
    found.push([level, key]);
  };
  let from = line.source;
  for (const frame of up.slice(0, -1)) {
    add(frame, from, port("out"));
    from = frame;
  }
  const inner = [line.target, ...down.slice(0, -1)];
  add(up.at(-1), from, inner.at(-1));
  for (let i = inner.length - 2; i >= 0; i--) add(down[i], port("in"), inner[i]);
  return found;
}

function solve(level, levels) {
  const items = [];  // {width, height, rank, x, side, minor}
  const number = new Map();
  const add = (key, item) => number.set(key, items.push(item) - 1);
  for (const child of level.children) add(child.id, { ...child, shape: child, rank: 0 });
  for (const { from, to } of level.segments.values()) {
    for (const key of [from, to]) {
      if (!number.has(key)) add(key, { width: LANE, height: 0, rank: 0, side: key.split("\n")[0] });
    }
  }
  const segments = [...level.segments.values()];
  for (const segment of segments) {
    segment.a = number.get(segment.from);
    segment.b = number.get(segment.to);
    segment.leave = portOffset(levels.get(segment.from), "out", segment.source);
    segment.enter = portOffset(levels.get(segment.to), "in", segment.source);
  }
  rank(items, segments);
  const springs = addDummies(items, segments);
  const layers = order(items, springs);
  place(items, layers, springs);
  measure(level, items, layers);
  trace(level, items, segments, layers);
}

// How far from the middle of a frame a source's line passes its edge.
function portOffset(level, side, source) {
  return level ? level.ports.get(`${side}\n${source}`) - level.frame.width / 2 : 0;
}

// Longest paths from the top; then leaves, and what is computed from leaves for one use, move down to just above it.
function rank(items, segments) {
  const out = items.map(() => []), into = items.map(() => []), waiting = items.map(() => 0);
  for (const { a, b } of segments) {
    out[a].push(b);
    into[b].push(a);
    waiting[b]++;
  }
  const sources = waiting.map(count => count === 0);
  const base = items.some(item => item.side === "in") ? 1 : 0;
  for (const item of items) item.rank = item.side === "in" ? 0 : base;
  const ready = items.map((_, i) => i).filter(i => sources[i]);
  for (const i of ready) {  // grows while it is read
    for (const j of out[i]) {
      items[j].rank = Math.max(items[j].rank, items[i].rank + 1);
      if (--waiting[j] === 0) ready.push(j);
    }
  }
  const loose = [];
  for (const i of ready) loose[i] = !items[i].side && into[i].every(j => loose[j] && out[j].length === 1);
  for (const i of ready.toReversed()) {
    if (loose[i] && out[i].length) items[i].rank = Math.min(...out[i].map(j => items[j].rank)) - 1;
  }
  const last = 1 + items.reduce((most, item) => (item.side === "out" ? most : Math.max(most, item.rank)), 0);
  for (const item of items) if (item.side === "out") item.rank = last;
}

// Adds the dummies; returns the links between neighbouring layers: {a, b, leave, enter, weight}.
function addDummies(items, segments) {
  const lanes = new Map(), links = new Map();
  for (const segment of segments) {
    const { a, b, leave, enter, source } = segment;
    const top = items[a].rank, bottom = items[b].rank;
    segment.via = [];
    for (let r = top + 1; r < bottom; r++) {
      if (r - top > FAR && bottom - r > FAR) continue;
      const key = JSON.stringify([a, source, r, bottom - top > 2 * FAR ? b : -1]);
      if (!lanes.has(key)) {
        lanes.set(key, items.push({ width: LANE, height: 0, rank: r, dummy: true, at: a }) - 1);
      }
      segment.via.push(lanes.get(key));
    }
    const stops = [a, ...segment.via, b];
    for (let i = 1; i < stops.length; i++) {
      const link = { a: stops[i - 1], b: stops[i], leave: i === 1 ? leave : 0, enter: i === stops.length - 1 ? enter : 0 };
      if (items[link.b].rank - items[link.a].rank > 1) continue;
      const thin = n => items[n].dummy || items[n].side;
      link.weight = thin(link.a) && thin(link.b) ? 8 : thin(link.a) || thin(link.b) ? 2 : 1;
      if (items[link.a].minor || items[link.b].minor) link.weight *= 0.3;
      links.set(`${link.a},${link.b},${link.leave},${link.enter}`, link);
    }
  }
  return [...links.values()];
}

// Barycentre sweeps, down and up; keeps the order with the fewest crossings.
function order(items, links) {
  const layers = [];
  items.forEach((item, i) => (layers[item.rank] ??= []).push(i));
  for (let r = 0; r < layers.length; r++) layers[r] ??= [];
  const above = items.map(() => []), below = items.map(() => []);
  for (const link of links) {
    above[link.b].push([link.a, link.leave]);
    below[link.a].push([link.b, link.enter]);
  }
  const at = items.map(() => 0);
  const number = layer => layer.forEach((n, i) => { at[n] = i; });
  const middle = list => list.reduce((sum, [n, offset]) => sum + at[n] + offset / 1e4, 0) / list.length;
  layers.forEach(number);
  let best = layers.map(layer => [...layer]), fewest = crossings(layers, below, at);
  for (let pass = 0; pass < 8 && fewest > 0; pass++) {
    const [near, walk] = pass % 2 ? [below, layers.toReversed()] : [above, layers];
    for (const layer of walk) {
      const wish = new Map(layer.map((n, i) => [n, near[n].length ? middle(near[n]) : i]));
      layer.sort((m, n) => wish.get(m) - wish.get(n));
      number(layer);
    }
    const count = crossings(layers, below, at);
    if (count < fewest) {
      fewest = count;
      best = layers.map(layer => [...layer]);
    }
  }
  return best;
}

// Counts crossings between neighbouring layers: inversions, by a Fenwick tree.
function crossings(layers, below, at) {
  let total = 0;
  layers.forEach((layer, r) => {
    const size = layers[r + 1]?.length ?? 0, tree = new Int32Array(size + 1);
    let seen = 0;
    for (const n of layer) {
      const ends = below[n].map(([m]) => at[m]);
      for (const end of ends) {
        total += seen;
        for (let i = end + 1; i > 0; i -= i & -i) total -= tree[i];
      }
      for (const end of ends) {
        seen++;
        for (let i = end + 1; i <= size; i += i & -i) tree[i]++;
      }
    }
  });
  return total;
}

// Puts every layer, again and again, as close below (or above) its neighbours as order and widths allow.
function place(items, layers, links) {
  const above = items.map(() => []), below = items.map(() => []);
  for (const { a, b, leave, enter, weight } of links) {
    above[b].push([a, leave - enter, weight]);
    below[a].push([b, enter - leave, weight]);
  }
  for (const layer of layers) settle(layer, items, n => [items[n].x ?? 0, 1]);
  for (let pass = 0; pass < 14; pass++) {
    const down = pass % 2 === 0;
    for (const layer of down ? layers : layers.toReversed()) {
      settle(layer, items, n => {
        const near = pass > 11 ? [...above[n], ...below[n]] : down ? above[n] : below[n];
        let sum = 0, weight = 0;
        for (const [m, offset, w] of near) {
          sum += w * (items[m].x + offset);
          weight += w;
        }
        return weight ? [sum / weight, weight] : [items[n].x, 0.05];
      });
    }
  }
}

// Weighted least squares under an order and separations: isotonic regression, by pooling adjacent violators.
function settle(layer, items, wish) {
  const pools = [];  // [mean, weight, count] of shifted wishes
  const shift = [];
  let edge = 0;
  layer.forEach((n, i) => {
    const item = items[n], previous = items[layer[i - 1]];
    if (i) edge += (previous.width + item.width) / 2 + (previous.dummy || item.dummy ? GAP / 2 : GAP);
    shift.push(edge);
    const [x, weight] = wish(n);
    let pool = [x - edge, weight, 1];
    while (pools.length && pools.at(-1)[0] > pool[0]) {
      const [mean, w, count] = pools.pop();
      pool = [(mean * w + pool[0] * pool[1]) / (w + pool[1]), w + pool[1], count + pool[2]];
    }
    pools.push(pool);
  });
  let i = 0;
  for (const [mean, , count] of pools) {
    for (const end = i + count; i < end; i++) items[layer[i]].x = mean + shift[i];
  }
}

// Gives layers their height, the frame its size, and children and ports their place in it.
function measure(level, items, layers) {
  const { frame, ports } = level;
  const inside = frame.id !== "";
  let left = Infinity, right = -Infinity;
  for (const { x, width } of items) {
    left = Math.min(left, x - width / 2);
    right = Math.max(right, x + width / 2);
  }
  const spare = inside ? Math.max(0, frame.width - (right - left) - 2 * PADDING) / 2 : 0;
  let y = inside ? TITLE + PADDING / 2 : PADDING;
  layers.forEach((layer, r) => {
    const height = layer.reduce((most, n) => Math.max(most, items[n].height), 0);
    const ends = layer.some(n => items[n].side);
    for (const n of layer) {
      const item = items[n];
      item.x += PADDING + spare - left;
      item.top = item.dummy || item.side ? y : y + (height - item.height) / 2;
      item.layer = [y, y + height];
    }
    y += height + (r === layers.length - 1 ? 0 : ends || layers[r + 1].some(n => items[n].side) ? LAYER_GAP / 3 : LAYER_GAP);
  });
  frame.width = right - left + 2 * PADDING + 2 * spare;
  frame.height = y + PADDING;
  for (const item of items) {
    if (item.shape) Object.assign(item.shape, { x: item.x - item.width / 2, y: item.top });
  }
  for (const { a, b, source } of level.segments.values()) {
    if (items[a].side) ports.set(`in\n${source}`, items[a].x);
    if (items[b].side) ports.set(`out\n${source}`, items[b].x);
  }
}

// Writes the points of every segment. Where several lines meet one box, they spread over its edge.
function trace(level, items, segments) {
  const spread = new Map();
  for (const segment of segments) {
    if (items[segment.b].shape && !items[segment.b].frame) {
      if (!spread.has(segment.b)) spread.set(segment.b, []);
      spread.get(segment.b).push(segment);
    }
  }
  for (const [b, arriving] of spread) {
    const from = segment => items[segment.via.at(-1) ?? segment.a].x;
    arriving.sort((one, other) => from(one) - from(other));
    const room = Math.min(18, (items[b].width - 24) / arriving.length);
    arriving.forEach((segment, i) => { segment.enter = (i - (arriving.length - 1) / 2) * room; });
  }
  for (const segment of segments) {
    const a = items[segment.a], b = items[segment.b];
    const begin = [a.x + segment.leave, a.side ? 0 : a.top + a.height];
    const end = [b.x + segment.enter, b.side ? level.frame.height : b.top];
    const between = segment.via.flatMap(n => items[n].layer.map(y => [items[n].x, y]));
    // Straight down inside the layers of its ends, which may be higher than they are: what stands there is passed by.
    const points = [begin, [begin[0], a.layer[1]], ...between, [end[0], b.layer[0]], end];
    segment.points = points.filter(([x, y], i) => i === 0 || x !== points[i - 1][0] || y !== points[i - 1][1]);
  }
}
