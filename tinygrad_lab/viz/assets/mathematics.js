// Mathematics in the reader's own names; the templates come from mathematics.py.

const sameName = graph.nodes.reduce((count, { name }) => count.set(name, (count.get(name) ?? 0) + 1), new Map());

// What a node is called in formulas: its name, L for a loss without one, f for another result without one.
function symbolOf(node) {
  const named = node.name !== node.operation;
  if (!named && outputs.has(node.id) && outputs.size === 1) return node.kind === "loss" ? "L" : "f";
  if (named || (sameName.get(node.name) === 1 && !moduleOf(node))) return shorten(node.name, 28);
  const module = moduleOf(node), tail = node.id.split("/").at(-1);
  if (module && sameModule.get(module.name) === 1) return shorten(module.name, 28);  // what a layer makes is named after it
  return shorten(sameTail.get(tail) === 1 ? tail : node.id.replaceAll("/", "."), 28);
}

// The module call that consists of nothing but this operation and its parameters.
function moduleOf(node) {
  const group = node.within ?? groups.get(node.group);
  return group && group.kind && (node.within || group.operations.length === 1) ? group : null;
}
const counted = names => names.reduce((count, name) => count.set(name, (count.get(name) ?? 0) + 1), new Map());
const sameModule = counted(graph.groups.map(group => group.name)), sameTail = counted(graph.nodes.map(node => node.id.split("/").at(-1)));
const resultName = () => (outputs.size === 1 ? symbolOf(nodes.get(graph.outputs[0])) : "f");
const partial = node => `∂${resultName()}/∂${symbolOf(node)}`;

const argumentOf = (node, position) => {
  const edge = node.in.find(other => other.position === position);
  return edge ? nodes.get(edge.source) : null;
};
const templateOf = (node, position) => node.formulas[position]?.math ?? "";
const isLocal = template => template !== "" && !template.includes("{g}");

function filled(template, node, gradient = partial(node)) {
  return template.replace("{g}ᵀ", "({g})ᵀ").replace(/\{(\w+)\}/g, (_, place) => {
    if (place === "g") return gradient;
    if (place === "y") return symbolOf(node);
    const source = argumentOf(node, Number(place));
    return source ? symbolOf(source) : "…";
  });
}

// A contribution as text: ∂f/∂m · b.
function contributionText(node, edge) {
  const template = templateOf(node, edge.position);
  if (!isLocal(template)) return filled(template, node);
  if (template === "1" || template === "−1") return filled(template === "1" ? "{g}" : "−{g}", node);
  const plain = /^((\w+ )?\{\w\}²?|\S+)$/.test(template);
  return filled(plain ? `{g} · ${template}` : `{g} · (${template})`, node);
}

// An operation as text: m = a · b.
const SIGNS = { add: "+", subtract: "−", multiply: "·", divide: "/", matmul: "@", power: "^" };
function operationText(node) {
  const names = node.in.toSorted((a, b) => a.position - b.position).map(edge => symbolOf(nodes.get(edge.source)));
  const sign = SIGNS[node.operation], detail = node.detail ? `${names.length ? ", " : ""}${node.detail}` : "";
  const right = sign && names.length === 2 ? names.join(` ${sign} `)
    : node.operation === "negative" ? `−${names[0]}` : `${node.operation.replace(/^_/, "")}(${names.join(", ")}${detail})`;
  return `${symbolOf(node)} = ${right}`;
}

// The two factors of a matrix product, as they stand in it: [{text, value}, {text, value}], or null.
function factorsOf(node, edge) {
  const parts = /^\{(g|\d)\}(ᵀ?) \{(g|\d)\}(ᵀ?)$/.exec(templateOf(node, edge.position));
  if (!parts) return null;
  const factor = (place, turned) => {
    const source = place === "g" ? null : argumentOf(node, Number(place));
    const value = place === "g" ? node.gradient.value : source?.value.value;
    if (!Array.isArray(value?.[0]) || Array.isArray(value[0][0])) return null;
    const name = place === "g" ? partial(node) : symbolOf(source);
    return { text: turned ? `(${name})ᵀ` : name, value: turned ? value[0].map((_, j) => value.map(row => row[j])) : value, gradient: place === "g" };
  };
  const found = [factor(parts[1], parts[2]), factor(parts[3], parts[4])];
  return found.every(Boolean) && Array.isArray(edge.gradient.value?.[0]) ? found : null;
}
