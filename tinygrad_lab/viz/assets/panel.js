// The side panel, what is known of the selected node or module, and the table of all nodes.

const row = (name, ...content) => make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, ...content));
const jump = (id, text = labelOf(id)) => make("button", { class: "link", type: "button", on: { click: () => goTo(id) } }, text);

function showPanel() {
  const panel = byId("panel"), id = state.selected;
  panel.replaceChildren(...(id === null ? overview() : nodes.has(id) ? aboutNode(nodes.get(id)) : aboutGroup(groups.get(id))));
}

function overview() {
  const kinds = [["operation", "operation"], ["parameter", "parameter"], ["input", "input"], ["label", "label"],
    ["constant", "constant"], ["output", "output, loss"], ["group", "module, closed"]];
  const sample = kind => draw("svg", { class: "sample", viewBox: "-3 -3 52 30", "aria-hidden": "true" },
    draw("g", { class: `box ${kind}` }, ...outline({ kind, width: 40, height: 20 })));
  const seen = new Set(Object.values(data.badges).flat());
  return [
    make("h2", {}, "How to read this"),
    make("ul", { class: "legend" }, ...kinds.map(([kind, name]) => make("li", {}, sample(kind), name))),
    make("p", {}, "∇ is the gradient of the output with respect to a value; ‖·‖ its norm. Σ n: n contributions add up."),
    ...(seen.size ? [make("dl", {}, ...Object.entries(data.meanings).filter(([mark]) => seen.has(mark))
      .flatMap(([mark, text]) => [make("dt", {}, mark), make("dd", {}, text)]))] : []),
    ...(data.first ? [make("p", { class: "warning" }, "Trouble begins at ", jump(data.first), ".")] : []),
    ...graph.notes.map(note => make("p", { class: "note" }, note)),
    make("p", {}, "Press → to step through back-propagation, ? for all keys."),
  ];
}

function aboutNode(node) {
  const derivatives = [...new Map(node.in.filter(edge => edge.gradient).map(edge =>
    [`∂${resultName()}/∂${symbolOf(nodes.get(edge.source))}`, contributionText(node, edge)]))];
  const parts = [
    make("h2", {}, nodeLabel(node)),
    make("table", { class: "facts" },
      row("kind", node.kind),
      node.operation ? row("operation", node.operation + (node.detail ? `(${node.detail})` : "")) : "",
      node.within ? row("module", groupLabel(node.within)) : "",
      node.group ? row("inside", jump(node.group)) : "",
      node.source ? row("made at", make("code", {}, node.source)) : "",
      ...marksNow(node).map(mark => row(mark, data.meanings[mark]))),
  ];
  if (node.operation) parts.push(make("p", { class: "formula" }, operationText(node)));
  if (derivatives.length) {
    parts.push(make("h3", {}, "Derivatives"), ...derivatives.map(([left, right]) => make("p", { class: "formula" }, `${left} += ${right}`)));
  }
  parts.push(make("h3", {}, "Value"), ...statistics(node.value));
  parts.push(make("h3", {}, "Gradient"), ...gradientPart(node));
  const other = (title, ids) => (ids.length ? [make("h3", {}, title), make("p", { class: "jumps" }, ...ids.map(id => jump(id)))] : []);
  parts.push(...other("Computed from", [...new Set(node.in.map(edge => edge.source))]));
  parts.push(...other("Used by", [...new Set(node.out.map(edge => edge.target))]));
  return parts;
}

function gradientPart(node) {
  const now = gradientNow(node);
  if (!now) return [make("p", { class: "note" }, node.detached ? "None: no gradient flows past here." : "None.")];
  if (now.whole && now.known) return statistics(node.gradient);
  if (now.whole) {
    return [question({
      key: node.id, value: node.gradient.value, label: `gradient of ${nodeLabel(node)}`, done: () => refresh(),
    })];
  }
  if (!now.arrived && !seeded(node)) return [make("p", { class: "note" }, "Nothing has arrived yet.")];
  const sum = now.known && now.total !== null ? matrix(now.total) : now.known ? "" : "?";
  return [make("p", {}, sum, ` ${now.arrived} of ${now.uses} contributions so far`)];
}

function statistics(summary) {
  const trouble = [["NaN", summary.nan], ["infinite", summary.infinite], ["zero", summary.zero]].filter(([, count]) => count);
  const several = summary.shape.reduce((product, n) => product * n, 1) > 1;
  return [
    make("p", {}, `${shapeText(summary)} · ${summary.dtype}`),
    summary.value !== null ? make("div", { class: "scroll" }, matrix(summary.value)) : "",
    summary.value === null ? histogram(summary) : "",
    several ? make("table", { class: "facts" },
      ...["minimum", "mean", "maximum"].map(name => row(summary.dtype.startsWith("complex") ? `${name} |·|` : name, format(summary[name]))),
      row("norm", format(summary.norm))) : "",
    trouble.length ? make("p", {}, trouble.map(([name, count]) => `${count} ${name}`).join(", ")) : "",
  ].filter(Boolean);
}

function aboutGroup(group) {
  const open = state.open.has(group.id);
  const inside = node => around(node).includes(group.id);
  const parameters = [...nodes.values()].filter(node => node.kind === "parameter" && inside(node));
  return [
    make("h2", {}, groupLabel(group)),
    make("p", {}, make("button", { type: "button", on: { click: () => toggle(group.id) } }, open ? "Close (Enter)" : "Open (Enter)")),
    make("table", { class: "facts" },
      group.path ? row("path", make("code", {}, group.path)) : "",
      group.path ? row("call", String(group.call)) : "",
      row("operations", String(group.operations.length)),
      group.parent ? row("inside", jump(group.parent)) : ""),
    ...(parameters.length ? [make("h3", {}, "Parameters"), make("table", { class: "facts" },
      ...parameters.map(node => row(jump(node.id), shapeText(node.value), make("br"), gradientText(node))))] : []),
  ];
}

// -- the table --------------------------------------------------------------------------------------------------------

const COLUMNS = ["operation", "kind", "module", "shape", "dtype", "value", "gradient", "uses"];

function showTable() {
  const body = [...nodes.values()].map(node => make("tr", {
    "data-id": node.id, "aria-current": node.id === state.selected && "true",
  },
    make("th", { scope: "row" }, make("button", {
      class: "link", type: "button", on: { click: () => select(node.id) },
    }, nodeLabel(node))),
    ...[node.operation, node.kind, placeOf(node), shapeText(node.value), node.value.dtype, brief(node.value),
      gradientText(node).replace("∇ ", ""), node.uses || ""].map((text, i) =>
      make("td", { class: `of-${COLUMNS[i]}` }, String(text)))));
  byId("rows").replaceChildren(...body);
}
