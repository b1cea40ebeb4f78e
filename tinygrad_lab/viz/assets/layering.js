// The layout inside a frame, below `Solver`: layers, order, places and columns.

// -- layers: longest paths, none too wide; what leaves are made into for one use stands just above it --------------------

function assignLayers({ widths, number, titled, ports }, segments) {
  const entries = new Set([...number].filter(([key]) => key.startsWith("in\n")).map(([, n]) => n));
  const fixed = titled ? new Set([...entries, 0]) : entries;
  const exits = new Set([...ports].filter(n => !entries.has(n)));
  const all = range(0, widths.length), after = all.map(() => []), before = all.map(() => []);
  const pairs = segments.map(({ a, b }) => [a, b]).filter(([a, b]) => a < b);
  for (const [a, b] of pairs) {
    after[a].push(b);
    before[b].push(a);
  }
  const items = all.filter(n => !fixed.has(n) && !exits.has(n)), loose = new Set();
  for (const n of items) {
    if (after[n].length && after[n].every(b => !exits.has(b)) && before[n].every(a => loose.has(a) && after[a].length === 1)) loose.add(n);
  }
  const depth = [];
  for (const n of all) depth[n] = most(before[n].map(a => depth[a] + 1));
  const aside = new Set(pairs.filter(([a, b]) => loose.has(a) && depth[a] + 1 < depth[b]).map(([a, b]) => pairOf(a, b)));
  const spine = new Set();
  for (const b of items) {
    const deepest = before[b].filter(a => depth[a] + 1 === depth[b]);
    if (deepest.length === 1) spine.add(deepest[0]);
  }
  const layer = [], room = new Map(), widest = widestLayer(widths);
  const settle = (n, wanted, step) => {
    let own = wanted;
    while (step && room.get(own) && room.get(own) + widths[n] + LAYOUT.GAP > widest) own += step;
    room.set(own, (room.get(own) ?? 0) + widths[n] + LAYOUT.GAP);
    layer[n] = own;
  };
  for (const n of items) if (!loose.has(n)) settle(n, most(before[n].filter(a => layer[a] !== undefined).map(a => layer[a] + 1)), 1);
  for (const n of items.toReversed()) if (loose.has(n)) settle(n, least(after[n].map(b => layer[b])) - 1, spine.has(n) ? 0 : -1);
  const first = (fixed.size ? 1 : 0) - least(items.map(n => layer[n]));
  for (const n of items) layer[n] += first;
  for (const n of fixed) layer[n] = 0;
  const last = most([...items, ...fixed].map(n => layer[n])) + 1;
  for (const n of exits) layer[n] = last;
  return [layer, aside];
}

// Many items may stand side by side further than a few.
function widestLayer(widths) {
  const area = LAYOUT.LAYER * widths.reduce((sum, width) => sum + width + LAYOUT.GAP, 0);
  return Math.max(1.5 * most(widths), LAYOUT.WIDEST, Math.min(Math.sqrt(area), LAYOUT.BROADEST));
}

// -- order in layers: barycentre sweeps that keep the best order ---------------------------------------------------------

function orderLayers(layers, wires, count) {
  const above = range(0, count).map(() => []), below = range(0, count).map(() => []), level = [];
  layers.forEach((layer, i) => layer.forEach(n => { level[n] = i; }));
  const between = layers.map(() => []);
  for (const wire of wires) {
    const [upper, leaving, lower, entering] = wire;
    above[lower].push([upper, leaving]);
    below[upper].push([lower, entering]);
    between[level[upper]].push(wire);
  }
  const current = layers.map(layer => [...layer]);
  let best = current.map(layer => [...layer]), fewest = crossings(current, between);
  for (let sweep = 0; sweep < LAYOUT.SWEEPS && fewest; sweep++) {
    const down = sweep % 2 === 0;
    for (const i of down ? range(1, current.length) : range(0, current.length - 1).reverse()) {
      sortLayer(current[i], current[down ? i - 1 : i + 1], down ? above : below);
    }
    const found = crossings(current, between);
    if (found < fewest) [best, fewest] = [current.map(layer => [...layer]), found];
  }
  return best;
}

function sortLayer(layer, fixed, neighbours) {
  const places = new Map(fixed.map((n, i) => [n, i])), keys = new Map();
  const scale = Math.max(fixed.length, 1) / Math.max(layer.length, 1);
  layer.forEach((n, i) => {
    const near = neighbours[n].map(([other, fraction]) => places.get(other) + fraction);
    keys.set(n, near.length ? near.reduce((a, b) => a + b) / near.length : (i + 0.5) * scale);
  });
  layer.sort((m, n) => keys.get(m) - keys.get(n));
}

function crossings(layers, between) {
  const places = [];
  for (const layer of layers) layer.forEach((n, i) => { places[n] = i; });
  let total = 0;
  for (const wires of between) {
    const ends = wires.map(([a, x, b, y]) => [places[a] + x, places[b] + y]).sort((p, q) => p[0] - q[0] || p[1] - q[1]);
    const seen = [];
    for (const [, end] of ends) {
      let low = 0, high = seen.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (end < seen[middle]) high = middle;
        else low = middle + 1;
      }
      total += seen.length - low;
      seen.splice(low, 0, end);
    }
  }
  return total;
}

// -- places: each layer by weighted least squares under its order and separations -----------------------------------------

function place(layers, widths, gaps, springs) {
  const above = widths.map(() => []), below = widths.map(() => []), offsets = [], centres = [];
  for (const [upper, leaving, lower, entering, weight] of springs) {
    above[lower].push([upper, leaving - entering, weight]);
    below[upper].push([lower, entering - leaving, weight]);
  }
  for (const layer of layers) {
    let x = 0;
    layer.forEach((n, i) => {
      const before = layer[i - 1];
      if (i) x += (widths[before] + widths[n]) / 2 + Math.max(gaps[before], gaps[n]);
      offsets[n] = x;
    });
    for (const n of layer) centres[n] = offsets[n] - x / 2;
  }
  for (let turn = 0; turn < LAYOUT.PASSES; turn++) {
    const down = turn % 2 === 0, sides = turn >= LAYOUT.PASSES - 2 ? [above, below] : down ? [above] : [below];
    for (const layer of down ? layers : layers.toReversed()) placeLayer(layer, offsets, centres, sides);
  }
  return centres;
}

function placeLayer(layer, offsets, centres, sides) {
  const blocks = [];  // [wanted position times weight, weight, number of nodes]
  for (const n of layer) {
    let total = 0, pull = 0;
    for (const side of sides) {
      for (const [other, offset, weight] of side[n]) {
        pull += (centres[other] + offset) * weight;
        total += weight;
      }
    }
    if (!total) {
      total = 1e-6;
      pull = centres[n] * total;
    }
    blocks.push([pull - offsets[n] * total, total, 1]);
    while (blocks.length > 1 && blocks.at(-2)[0] * blocks.at(-1)[1] > blocks.at(-1)[0] * blocks.at(-2)[1]) {
      const [p, t, c] = blocks.pop(), block = blocks.at(-1);
      block[0] += p;
      block[1] += t;
      block[2] += c;
    }
  }
  let i = 0;
  for (const [pull, total, count] of blocks) {
    for (const end = i + count; i < end; i++) centres[layer[i]] = pull / total + offsets[layer[i]];
  }
}

// -- columns: what does not fit below goes on at the top of the next one ----------------------------------------------------

function setInColumns(tops, bottoms, sides, lines) {
  const { TALL, SLIM, COLUMN, GAP } = LAYOUT, height = bottoms.at(-1) - tops[0];
  const width = most(sides.map(side => side[1])) - least(sides.map(side => side[0]));
  if (height <= TALL || height <= SLIM * width) return null;
  let count = 2;
  while (height / count > COLUMN * count * (width + 3 * GAP)) count++;
  const columns = { of: cut(tops, bottoms, lines, count), dx: [], dy: [], gutters: [], heads: [], bottom: 0, lanes: new Map() };
  if (!columns.of.at(-1)) return null;
  const into = tops.map(() => 0);
  for (const [start, end, source] of lines) {
    const column = columns.of[end], key = `${source}\n${column}`;
    if (columns.of[start] !== column && !columns.lanes.has(key)) columns.lanes.set(key, into[column]++);
  }
  let x = 0;
  for (let column = 0; column <= columns.of.at(-1); column++) {
    const layers = range(0, tops.length).filter(i => columns.of[i] === column);
    const left = least(layers.map(i => sides[i][0])), right = most(layers.map(i => sides[i][1]));
    columns.gutters.push(x);
    if (column) x += GAP + LAYOUT.LANE * into[column] + GAP;
    const head = column ? tops[0] + LAYOUT.TURN + LAYOUT.LANE * into[column] + LAYOUT.LAYER_GAP : tops[layers[0]];
    columns.heads.push(head);
    columns.dx.push(x - left);
    columns.dy.push(head - tops[layers[0]]);
    columns.bottom = Math.max(columns.bottom, bottoms[layers.at(-1)] + columns.dy[column]);
    x += right - left;
  }
  const lane = most([...columns.lanes.values()]);
  return Object.assign(columns, { width: x, height: columns.bottom + LAYOUT.TURN + LAYOUT.LANE * (lane + 1) });
}

// The column of each layer: cuts are where few lines pass, near equal heights.
function cut(tops, bottoms, lines, count) {
  const passing = tops.map(() => new Set()), height = bottoms.at(-1) - tops[0];
  for (const [start, end, source] of lines) for (const i of range(start + 1, end + 1)) passing[i].add(source);
  const of = tops.map(() => 0);
  let column = 0, last = 0;
  for (let k = 1; k < count; k++) {
    const wanted = tops[0] + k * height / count;
    const near = range(last + 1, tops.length).filter(i => Math.abs(tops[i] - wanted) <= 0.3 * height / count
      && passing[i].size <= LAYOUT.PASSING);
    if (!near.length) continue;
    column++;
    last = near.reduce((best, i) => {
      const [a, b] = [best, i].map(j => [passing[j].size, Math.abs(tops[j] - wanted)]);
      return b[0] < a[0] || (b[0] === a[0] && b[1] < a[1]) ? i : best;
    });
    for (const i of range(last, tops.length)) of[i] = column;
  }
  return of;
}

function pathInColumns(columns, points, source) {
  const { of, dx, dy } = columns, start = of[points[0][2]], end = of[points.at(-1)[2]];
  const moved = points.map(([x, y, i]) => [x + dx[of[i]], y + dy[of[i]]]);
  if (start === end) return moved;
  const upper = moved.filter((_, j) => of[points[j][2]] === start), lower = moved.filter((_, j) => of[points[j][2]] === end);
  const lane = LAYOUT.LANE * columns.lanes.get(`${source}\n${end}`);
  const x = columns.gutters[end] + LAYOUT.GAP + lane, y = columns.bottom + LAYOUT.TURN + lane, top = columns.heads[end] - LAYOUT.TURN - lane;
  return [...upper, [upper.at(-1)[0], y], [x, y], [x, top], [lower[0][0], top], ...lower];
}
