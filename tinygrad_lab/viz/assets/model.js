// The graph's data, what of it is open, and what a reader may see of its gradients at this step.

const data = JSON.parse(byId("data").textContent);
data.moment = Math.min(Number(/^#(\d+)-/.exec(location.hash)?.[1] ?? 0), data.following.length);  // of training
data.more = data.moment < data.following.length;
if (data.moment) Object.assign(data, data.following[data.moment - 1]);
const graph = data.packed ? unpack(data.packed) : data.snapshot;
data.steps ??= stepsOf(graph);
const nodes = new Map(graph.nodes.map((node, i) => [node.id, Object.assign(node, { order: i, in: [], out: [] })]));
const groups = new Map(graph.groups.map(group => [group.id, { ...group, nodes: [], groups: [] }]));
const outputs = new Set(graph.outputs);
const edges = graph.edges.map((edge, number) => Object.assign(edge, { number, step: Infinity }));
const last = data.steps.length;

const state = {
  act: "backward",       // or "forward" or "update"
  step: null,            // null: all gradients are shown; 0: the act's beginning, such as the seed; k: after k steps
  quiz: false,
  score: { right: 0, asked: 0 },
  answered: new Set(),   // edge numbers and node ids whose gradient the reader has found, or been shown
  open: new Set(),       // groups
  selected: null,        // id of a node or group
  path: false,           // whether only the selected node's way to the output stands out
  found: [],             // ids that match the search
};

for (const edge of edges) {
  nodes.get(edge.source).out.push(edge);
  nodes.get(edge.target).in.push(edge);
}
data.steps.forEach((step, i) => step.contributions.forEach(contribution => {
  Object.assign(edges[contribution.edge], { step: i + 1, arrived: contribution.arrived, total: contribution.total });
}));
for (const group of groups.values()) if (group.parent) groups.get(group.parent).groups.push(group);
for (const node of nodes.values()) if (node.group) groups.get(node.group).nodes.push(node);
// A call that is a single operation needs no frame: the operation bears its name.
for (const group of [...groups.values()]) {
  if (group.nodes.length === 1 && !group.groups.length) {
    Object.assign(group.nodes[0], { group: group.parent, within: group });
    if (group.parent) {
      const parent = groups.get(group.parent);
      parent.groups.splice(parent.groups.indexOf(group), 1);
      parent.nodes.push(group.nodes[0]);
    }
    groups.delete(group.id);
  }
}
const nodesIn = group => [...group.nodes, ...group.groups.flatMap(nodesIn)].sort((a, b) => a.order - b.order);
for (const group of groups.values()) {
  const inside = nodesIn(group);
  group.operations = inside.filter(node => node.operation);
  group.order = inside[0].order;
}

const groupLabel = group => {
  const name = group.name === group.kind || !group.kind ? group.name : `${group.name} · ${group.kind}`;
  return name + (group.detail && `(${group.detail})`);
};
const nodeLabel = node => (node.within ? `${node.within.name} · ${node.name}` : node.name);
const labelOf = id => (nodes.has(id) ? nodeLabel(nodes.get(id)) : groupLabel(groups.get(id)));

// -- what is open -----------------------------------------------------------------------------------------------------

// The groups around a node or group, outermost first.
function around(item) {
  const path = [];
  for (let id = item.parent ?? item.group; id; id = groups.get(id).parent) path.unshift(id);
  return path;
}

// The groups around a node by name.
const placeOf = node => [...around(node), node.within?.id].filter(Boolean).map(id => groups.get(id)?.name ?? node.within.name).join("/");

// What stands for an item in the picture: the outermost closed group around it, or itself.
const standIn = item => around(item).find(id => !state.open.has(id)) ?? item.id;

// Opens so many whole levels (null: all), while the picture stays small enough.
function openUpTo(limit, levels) {
  const depth = group => around(group).length;
  const count = [...groups.values()].reduce((most, group) => Math.max(most, depth(group) + 1), 0);
  for (let d = 0; d < Math.min(count, levels ?? count); d++) {
    const before = new Set(state.open);
    for (const group of groups.values()) if (depth(group) === d) state.open.add(group.id);
    const shown = new Set([...nodes.values()].filter(node => node.operation).map(standIn));
    if (shown.size > limit) {
      state.open = before;
      return;
    }
  }
}

// -- gradients, as far as they may be seen ----------------------------------------------------------------------------

const seeded = node => outputs.has(node.id);
const askable = summary => summary !== null && summary.value !== null;

function contributionKnown(edge) {
  if (!state.quiz || !askable(edge.gradient) || state.answered.has(edge.number)) return true;
  const source = nodes.get(edge.source);
  return source.uses === 1 && !seeded(source) && state.answered.has(source.id);
}

function gradientKnown(node) {
  if (!state.quiz || !askable(node.gradient) || state.answered.has(node.id)) return true;
  return node.out.every(edge => edge.gradient === null || contributionKnown(edge));
}

// Up to which step of the sweep gradients are there; null for all.
const swept = () => (state.step === null || state.act === "update" ? null : state.act === "forward" ? -1 : state.step);

// What of a node's gradient has arrived: {arrived, uses, whole, summary | total}.
function gradientNow(node) {
  if (!node.gradient) return null;
  const there = node.out.filter(edge => edge.gradient && (swept() === null || edge.step <= swept()));
  const arrived = there.length, whole = arrived === node.uses;
  if (whole) return { arrived, uses: node.uses, whole, total: node.gradient.value, known: gradientKnown(node) };
  const latest = there.reduce((best, edge) => (best && best.arrived > edge.arrived ? best : edge), null);
  if (!latest) return { arrived, uses: node.uses, whole, total: null, known: true };
  return { arrived, uses: node.uses, whole, total: latest.total, known: there.every(contributionKnown) };
}

// The gradient in one line.
function gradientText(node) {
  const now = gradientNow(node);
  if (!now || swept() === -1) return "";
  if (!now.known) return "∇ ?";
  if (now.whole) return `∇ ${brief(node.gradient)}`;
  if (!now.arrived && !seeded(node)) return "∇ …";
  const small = now.total !== null && flat(now.total).length <= 2;
  return `∇ ${small ? brief({ value: now.total }) : ""} (${now.arrived} of ${now.uses})`;
}

// The marks that say nothing about a gradient which is not to be seen yet.
const OF_VALUES = new Set(["NaN", "∞", "✂"]);
function marksNow(node) {
  const now = gradientNow(node), seen = now?.whole && now.known && swept() !== -1;
  return (data.badges[node.id] ?? []).filter(mark => seen || OF_VALUES.has(mark));
}

// -- ways through the graph -------------------------------------------------------------------------------------------

// The edges on any way from a node to the outputs.
function pathToOutput(ids) {
  const found = new Set(), seen = new Set(ids), pending = [...ids];
  while (pending.length) {
    for (const edge of nodes.get(pending.pop()).out) {
      found.add(edge.number);
      if (!seen.has(edge.target)) {
        seen.add(edge.target);
        pending.push(edge.target);
      }
    }
  }
  return { edges: found, nodes: seen };
}

// A closed module shows the gradient of what comes out of it.
const shownNode = item => (groups.has(item.id) ? item.operations.at(-1) : item);
const nodesOf = id => (nodes.has(id) ? [id] : groups.get(id).operations.map(node => node.id));
