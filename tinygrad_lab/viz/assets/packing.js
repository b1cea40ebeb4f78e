// Large snapshots come in columns, as packing.py says; here they become records again.

function unpack(packed) {
  const nodes = records(packed.nodes, { value: summaries(packed.nodes.value), gradient: summaries(packed.nodes.gradient) });
  const edges = records(packed.edges, { gradient: summaries(packed.edges.gradient) });
  for (const edge of edges) {
    Object.assign(edge, { source: nodes[edge.source].id, target: nodes[edge.target].id, local: null });
  }
  return { ...packed, nodes, edges, groups: records(packed.groups) };
}

// Column by column, which browsers run fastest: first what all records share, then what each has.
function records({ count, ...columns }, known = {}) {
  const base = {};
  for (const [name, column] of Object.entries(columns)) base[name] = "all" in column ? column.all : null;
  const found = Array.from({ length: count }, () => ({ ...base }));
  for (const [name, column] of Object.entries({ ...columns, ...known })) {
    if (column.table) column.at.forEach((place, i) => { found[i][name] = column.table[place]; });
    else if (!("all" in column)) column.forEach((entry, i) => { found[i][name] = entry; });
  }
  return found;
}

const summaries = packed => records({ histogram: { all: [] }, ...packed }).map(summary => (summary.shape === null ? null : summary));

// The steps of the sweep, where they were not sent: without the running sums.
function stepsOf({ nodes, edges }) {
  const entering = new Map(), arrived = new Map();
  edges.forEach((edge, number) => {
    if (edge.gradient) entering.set(edge.target, [...(entering.get(edge.target) ?? []), number]);
  });
  return nodes.toReversed().filter(node => node.gradient && entering.has(node.id)).map(node => ({
    node: node.id,
    contributions: entering.get(node.id).map(edge => {
      const { source } = edges[edge];
      arrived.set(source, (arrived.get(source) ?? 0) + 1);
      return { edge, arrived: arrived.get(source), total: null };
    }),
  }));
}
