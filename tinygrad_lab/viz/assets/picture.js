// The picture: which boxes and lines there are, how they look, and moving about in them.

const stage = byId("picture"), world = byId("world");
const camera = { x: 0, y: 0, scale: 1 };
let boxes = new Map();    // by id: {id, kind, node | group, parent, width, height, x, y, frame, stub, element}
let links = [];           // {source, target, edges, points}

const ruler = document.createElement("canvas").getContext("2d");
function textWidth(text, font) {
  ruler.font = font;
  return ruler.measureText(text).width;
}
const shorten = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
const NAME = "600 13px system-ui, sans-serif", LINE = "12px system-ui, sans-serif";
const ROW = 17;

// -- boxes and lines --------------------------------------------------------------------------------------------------

// Uses of a leaf that are drawn, by the box that uses it. A closed module hides its own parameters.
function usesShown(leaf) {
  const uses = new Map();
  for (const edge of leaf.out) {
    const target = standIn(nodes.get(edge.target));
    if (groups.has(target) && leaf.kind !== "input" && leaf.kind !== "label") continue;
    uses.set(target, [...(uses.get(target) ?? []), edge]);
  }
  return uses;
}

function compose() {
  boxes = new Map();
  const found = new Map();
  const box = (id, kind, parent, item, more = {}) => boxes.set(id, { id, kind, parent, item, order: item.order, ...more });
  const link = (source, target, edge) => {
    const key = `${source}\n${target}`;
    if (!found.has(key)) found.set(key, { source, target, edges: [] });
    found.get(key).edges.push(edge);
  };
  const inTime = [...nodes.values(), ...groups.values()].sort((a, b) => a.order - b.order || around(a).length - around(b).length);
  for (const item of inTime) {
    if (standIn(item) !== item.id) continue;
    const isGroup = groups.has(item.id), parent = (isGroup ? item.parent : item.group) ?? "";
    if (isGroup) box(item.id, "group", parent, item, { frame: state.open.has(item.id) });
    else if (item.operation || outputs.has(item.id)) box(item.id, item.kind, parent, item);
    else leafBoxes(item, box, link);
  }
  for (const edge of edges) {
    const source = nodes.get(edge.source);
    if (!source.operation && !outputs.has(source.id)) continue;
    const from = standIn(source), to = standIn(nodes.get(edge.target));
    if (from !== to) link(from, to, edge);
  }
  links = [...found.values()];
}

// One box for a leaf; a small one beside each use where there are many, or where they are far apart.
function leafBoxes(leaf, box, link) {
  const uses = usesShown(leaf);
  const places = new Set([...uses.keys()].map(id => around(nodes.get(id) ?? groups.get(id)).join("\n")));
  const apart = uses.size > 3 || (uses.size > 1 && places.size > 1 && leaf.kind === "parameter");
  if (!apart && uses.size) box(leaf.id, leaf.kind, leaf.group, leaf, { minor: true });
  for (const [target, used] of uses) {
    const own = apart ? `${leaf.id}→${target}` : leaf.id;
    const user = nodes.get(target) ?? groups.get(target);
    if (apart) box(own, leaf.kind, around(user).at(-1) ?? "", leaf, { stub: true, minor: true, order: user.order - 0.5 });
    for (const edge of used) link(own, target, edge);
  }
}

function lines(box) {
  const { item } = box;
  if (box.kind === "group") {
    const count = item.operations.length;
    return [shorten(groupLabel(item), 40), `${count} operation${count === 1 ? "" : "s"}`, ...gradientLine(shownNode(item))];
  }
  const small = item.value.value !== null && flat(item.value.value).length <= 2;
  const what = small ? brief(item.value) : `${shapeText(item.value)} · ${item.value.dtype}`;
  return [shorten(boxLabel(item), 36), ...(box.stub ? ["shared"] : [what, ...gradientLine(item)])];
}

// The widest text that may come to stand there.
const gradientLine = ({ gradient, uses }) => (gradient ? [`∇ ${brief(gradient)}${uses > 1 ? ` (1 of ${uses})` : ""}`] : []);

// In the frame of its module, a parameter needs no module's name.
function boxLabel(node) {
  const prefix = node.group ? `${groups.get(node.group).path}.` : "";
  return prefix && node.name.startsWith(prefix) ? node.name.slice(prefix.length) : nodeLabel(node);
}

function size(box) {
  const text = lines(box);
  const pad = { parameter: 30, input: 36, label: 36 }[box.kind] ?? 26;
  box.width = Math.max(72, pad + textWidth(text[0], NAME), ...text.slice(1).map(line => pad + textWidth(line, LINE)));
  box.height = 12 + ROW * text.length;
  if (box.frame) {  // of its title: the layout makes it as large as what is in it
    box.width = textWidth(groupLabel(box.item), NAME) + 40;
    box.height = ROW;
  }
}

// -- drawing ----------------------------------------------------------------------------------------------------------

function outline({ kind, width: w, height: h, frame }) {
  if (frame) return [draw("rect", { class: "shape", width: w, height: h, rx: 10 })];
  const round = (inset, rx) => draw("rect", {
    class: "shape", x: inset, y: inset, width: w - 2 * inset, height: h - 2 * inset, rx,
  });
  if (kind === "parameter") {
    const c = 8;  // corners cut off
    return [draw("path", { class: "shape", d: `M${c} 0H${w - c}L${w} ${c}V${h - c}L${w - c} ${h}H${c}L0 ${h - c}V${c}Z` })];
  }
  if (kind === "input") return [round(0, h / 2)];
  if (kind === "label") return [draw("path", { class: "shape", d: `M0 0H${w - 10}L${w} ${h / 2}L${w - 10} ${h}H0Z` })];
  if (kind === "constant") return [round(0, 0)];
  if (kind === "group") return [draw("rect", { class: "shape behind", x: 5, y: 5, width: w, height: h, rx: 8 }), round(0, 8)];
  return kind === "output" || kind === "loss" ? [round(0, 8), round(3.5, 5)] : [round(0, 8)];
}

function drawBox(box) {
  const { id, kind, item, frame } = box;
  const text = frame ? [groupLabel(item)] : lines(box);
  const x = frame ? 12 : box.width / 2, anchor = frame ? "start" : "middle";
  const rows = text.map((line, i) => draw("text", {
    x, y: (frame ? 18 : 19) + ROW * i, "text-anchor": anchor, class: i === 0 ? "name" : line.startsWith("∇") ? "gradient" : "line",
  }, line));
  const badges = new Set(frame ? [] : nodesOf(item.id).flatMap(own => data.badges[own] ?? []));
  const marks = [...badges].map((text, i) => pill("badge", text, box.width + 12 - 36 * i, kind === "group" ? box.height : 0));
  box.marks = new Map([...badges].map((text, i) => [text, marks[i]]));
  if (item.uses > 1 && !box.stub) marks.push(pill("sum", `Σ ${item.uses}`, 10 + textWidth(`Σ ${item.uses}`, LINE), 0));
  box.element = draw("g", {
    class: `box ${kind}${frame ? " frame" : ""}${box.stub ? " stub" : ""}`, "data-id": item.id, "data-box": id,
    transform: `translate(${box.x} ${box.y})`, tabindex: -1, role: "button",
    on: {
      click: event => { event.stopPropagation(); select(item.id, id); },
      dblclick: event => { event.stopPropagation(); if (groups.has(item.id)) toggle(item.id); },
      pointerenter: event => showTip(event, item), pointerleave: hideTip, focus: () => focusBox(box),
    },
  }, ...outline(box), ...(frame ? [] : rows), ...marks, ...(kind === "group" ? [handle(box)] : []));
  if (frame) box.title = draw("g", { class: "title", transform: `translate(${box.x} ${box.y})` }, ...rows);
  return box.element;
}

// A mark on an edge that ends at x.
function pill(kind, text, x, y) {
  const width = textWidth(text, LINE) + 12;
  return draw("g", { class: kind, transform: `translate(${x - width / 2} ${y})` },
    draw("rect", { x: -width / 2, y: -9, width, height: 18, rx: 9 }), draw("text", { y: 4, "text-anchor": "middle" }, text));
}

function handle(box) {
  const open = box.frame, x = open ? box.width - 18 : box.width - 2, y = open ? 14 : 0;
  return draw("g", {
    class: "handle", transform: `translate(${x} ${y})`,
    on: { click: event => { event.stopPropagation(); toggle(box.item.id); } },
  }, draw("circle", { r: 9 }), draw("path", { d: open ? "M-4 0H4" : "M-4 0H4M0 -4V4" }));
}

// A smooth line through the points; where it turns round, as between columns, a flat arc.
function curve(points, shift = 0) {
  const at = (x, y) => (data.right ? `${y.toFixed(1)} ${(x + shift).toFixed(1)}` : `${(x + shift).toFixed(1)} ${y.toFixed(1)}`);
  let d = `M${at(...points[0])}`;
  for (let i = 1; i < points.length; i++) {
    const [x, y] = points[i - 1], [nx, ny] = points[i], middle = (y + ny) / 2;
    const arc = Math.abs(ny - y) < 0.05 && i + 1 < points.length ? (points[i + 1][1] < ny ? 12 : -12) : 0;
    if (Math.abs(nx - x) < 0.05) d += `L${at(nx, ny)}`;
    else if (arc) d += `C${at(x, y + arc)} ${at(nx, ny + arc)} ${at(nx, ny)}`;
    else d += `C${at(x, middle)} ${at(nx, middle)} ${at(nx, ny)}`;
  }
  return d;
}

function drawLink(link) {
  link.forward = draw("path", { class: "edge", d: curve(link.points), "marker-end": "url(#arrow)" });
  link.back = draw("path", { class: "back", d: curve(link.points.toReversed(), 6), "marker-end": "url(#back-arrow)" });
  const [x, y] = data.right ? link.points[0].toReversed() : link.points[0];
  link.label = draw("text", { class: "flow", x: x + 14, y: y + 18 });
  return draw("g", { class: "link" }, link.forward, link.back);
}

// Lays out from top to bottom, or from left to right, with x and y exchanged.
function directed(all) {
  const exchange = box => {
    [box.x, box.y] = [box.y, box.x];
    [box.width, box.height] = [box.height, box.width];
  };
  if (!data.right) return layOut(all, links);
  all.forEach(exchange);
  const { width, height } = layOut(all, links);
  all.forEach(exchange);
  return { width: height, height: width };
}

// Lays everything out anew; called when something is opened or closed.
function redraw() {
  compose();
  for (const box of boxes.values()) size(box);
  const all = [...boxes.values()].sort((a, b) => a.order - b.order);
  const whole = directed(all);
  camera.width = whole.width;
  camera.height = whole.height;
  world.replaceChildren(
    ...all.filter(box => box.frame).map(drawBox), ...links.map(drawLink), ...all.filter(box => !box.frame).map(drawBox),
    ...all.filter(box => box.frame).map(box => box.title), ...links.map(link => link.label));
  const shown = new Set([...nodes.values()].filter(node => node.operation).map(node => standIn(node))).size;
  const total = [...nodes.values()].filter(node => node.operation).length;
  byId("caption").textContent = `${total.toLocaleString("en")} operation${total === 1 ? "" : "s"}`
    + (shown < total ? `, ${shown.toLocaleString("en")} shown` : "");
  refresh();
}

// -- moving about -----------------------------------------------------------------------------------------------------

function look() {
  camera.fitted = false;
  world.setAttribute("transform", `translate(${camera.x} ${camera.y}) scale(${camera.scale})`);
}

function zoom(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
  const scale = Math.min(4, Math.max(0.002, camera.scale * factor));
  camera.x = x - (x - camera.x) * scale / camera.scale;
  camera.y = y - (y - camera.y) * scale / camera.scale;
  camera.scale = scale;
  look();
}

function fit() {
  const { clientWidth: width, clientHeight: height } = stage;
  camera.scale = Math.min(1.6, (width - 24) / camera.width, (height - 24) / camera.height);
  camera.x = (width - camera.width * camera.scale) / 2;
  camera.y = Math.max(12, (height - camera.height * camera.scale) / 2);
  look();
  camera.fitted = true;
}

function pan(dx, dy) {
  camera.x += dx;
  camera.y += dy;
  look();
}

// Moves the picture until a box is in sight, and large enough to be read.
function reveal(box, readable = false) {
  if (readable && camera.scale < 0.7) {
    camera.scale = 0.9;
    camera.x = stage.clientWidth / 2 - (box.x + box.width / 2) * camera.scale;
    camera.y = stage.clientHeight / 2 - (box.y + box.height / 2) * camera.scale;
    look();
  }
  const margin = 40, s = camera.scale;
  const left = camera.x + box.x * s, top = camera.y + box.y * s;
  const into = (from, length, room) => {
    if (from < margin || length > room - 2 * margin) return margin - from;
    return Math.min(0, room - margin - from - length);
  };
  const dx = left >= margin && left + box.width * s <= stage.clientWidth - margin ? 0 : into(left, box.width * s, stage.clientWidth);
  const dy = top >= margin && top + box.height * s <= stage.clientHeight - margin ? 0 : into(top, box.height * s, stage.clientHeight);
  if (dx || dy) pan(dx, dy);
}

let grip = null;
stage.addEventListener("pointerdown", event => {
  if (event.button === 0) grip = { x: event.clientX, y: event.clientY, moved: false };
});
window.addEventListener("pointermove", event => {
  if (!grip) return;
  grip.moved ||= Math.hypot(event.clientX - grip.x, event.clientY - grip.y) > 3;
  if (!grip.moved) return;
  pan(event.clientX - grip.x, event.clientY - grip.y);
  Object.assign(grip, { x: event.clientX, y: event.clientY });
});
let dragged = false;
window.addEventListener("pointerup", () => {
  dragged = Boolean(grip?.moved);
  grip = null;
});
stage.addEventListener("click", event => { if (dragged) event.stopPropagation(); }, true);  // a drag is no click
stage.addEventListener("wheel", event => {
  event.preventDefault();
  const area = stage.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX - area.left, event.clientY - area.top);
}, { passive: false });

// -- hover ------------------------------------------------------------------------------------------------------------

function showTip(event, item) {
  const tip = byId("tip"), node = nodes.get(item.id);
  const rows = node
    ? [`${shapeText(node.value)} · ${node.value.dtype}`, `value ${brief(node.value)}`, gradientText(node), node.source]
    : [`${item.operations.length} operations`, item.path];
  tip.replaceChildren(make("strong", {}, labelOf(item.id)), ...rows.filter(Boolean).map(row => make("div", {}, row)));
  tip.hidden = false;
  tip.style.left = `${Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8)}px`;
  tip.style.top = `${Math.min(event.clientY + 14, window.innerHeight - tip.offsetHeight - 8)}px`;
}
const hideTip = () => { byId("tip").hidden = true; };
