// Large snapshots come in columns, as packing.py says; here they become records again.

function unpack(packed) {
  const nodes = records(packed.nodes, { value: summaries(packed.nodes.value), gradient: summaries(packed.nodes.gradient) });
  const edges = records(packed.edges, { gradient: summaries(packed.edges.gradient) });
  for (const edge of edges) {
    Object.assign(edge, { source: nodes[edge.source].id, target: nodes[edge.target].id, local: null });
  }
  return { ...packed, nodes, edges, groups: records(packed.groups) };
}

const entriesOf = column => {
  if ("all" in column) return () => column.all;
  return column.table ? i => column.table[column.at[i]] : i => column[i];
};

function records({ count, ...columns }, known = {}) {
  const fields = Object.keys(columns).filter(name => !(name in known)).map(name => [name, entriesOf(columns[name])]);
  return Array.from({ length: count }, (_, i) => {
    const record = {};
    for (const [name, entry] of fields) record[name] = entry(i);
    for (const name of Object.keys(known)) record[name] = known[name][i];
    return record;
  });
}

const summaries = packed => records(packed).map(summary => (summary.shape === null ? null : { histogram: [], ...summary }));

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
