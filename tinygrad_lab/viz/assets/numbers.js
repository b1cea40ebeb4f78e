// Numbers and arrays as text and as small tables, and the check of what a reader typed.

// Four digits, as `number` in labels.py writes them, and words for what JSON has no number for. Complex ones come as text.
function format(x, digits = 4) {
  if (x === null || x === undefined) return "–";
  const word = { nan: "NaN", inf: "∞", "-inf": "-∞" }[x];
  if (word) return word;
  if (typeof x === "string") return formatComplex(x, digits);
  if (Array.isArray(x)) return `(${x.map(one => format(one, digits)).join(", ")})`;
  if (typeof x !== "number") return String(x);
  if (x === 0) return "0";
  const [mantissa, exponent] = rounded(x, digits).split("e").map(Number);
  if (exponent >= -4 && exponent < digits) return String(Number(`${mantissa}e${exponent}`));
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

// In so many digits; halves go to the even digit, as in Python.
function rounded(x, digits) {
  const [, kept, digit, rest, exponent] = new RegExp(`^(-?\\d\\.?\\d{${digits - 2}})(\\d)(\\d*)e(.*)$`).exec(x.toExponential(60));
  return /^50*$/.test(rest) && digit % 2 === 0 ? `${kept}${digit}e${exponent}` : x.toExponential(digits - 1);
}

function formatComplex(text, digits) {
  const parts = /^([+-]?(?:[\d.]+(?:e[+-]?\d+)?|nan|inf))?([+-]?(?:[\d.]+(?:e[+-]?\d+)?|nan|inf))j$/.exec(text);
  if (!parts) return text;
  const [real, imaginary] = parts.slice(1).map(part => format(part === undefined ? 0 : Number.isNaN(Number(part)) ? part.replace("+", "") : Number(part), digits));
  return `${real}${imaginary.startsWith("-") ? "" : "+"}${imaginary}j`;
}

const shapeText = ({ shape }) => (shape.length ? `(${shape.join(", ")}${shape.length === 1 ? "," : ""})` : "scalar");
const flat = value => (Array.isArray(value) ? value.flat(Infinity) : [value]);

// One line: all elements of a very small array, else the size of a large one.
function brief(summary) {
  if (summary.value === null || flat(summary.value).length > 2) return `‖·‖ ${format(summary.norm)}`;
  const text = flat(summary.value).map(x => format(x)).join(", ");
  return Array.isArray(summary.value) ? `[${text}]` : text;
}

// The numbers of a nested list as an element: a number, a matrix in brackets, or, of higher order, a list of matrices.
function matrix(value) {
  if (!Array.isArray(value)) return make("span", { class: "number", title: String(value) }, format(value));
  if (Array.isArray(value[0]?.[0])) return make("span", { class: "stack" }, ...value.map(matrix));
  const rows = Array.isArray(value[0]) ? value : [value];
  const cell = x => make("td", { title: String(x) }, format(x));
  return make("table", { class: "matrix", role: "presentation" }, ...rows.map(row => make("tr", {}, ...row.map(cell))));
}

// A summary as an element: its numbers if they were kept, else its shape and size.
function quantity(summary) {
  if (summary.value !== null) return matrix(summary.value);
  return make("span", { class: "large number" }, `${shapeText(summary)}, norm ${format(summary.norm)}`, histogram(summary));
}

function histogram(summary) {
  const bins = summary.histogram, most = Math.max(...bins);
  if (!bins.length) return "";
  const bars = bins.map((count, i) => draw("rect", {
    x: i * 8, width: 7, height: (count / most) * 40, y: 40 - (count / most) * 40,
  }));
  const label = `Histogram from ${format(summary.minimum)} to ${format(summary.maximum)}: ${bins.join(", ")}`;
  return draw("svg", { class: "histogram", viewBox: `0 0 ${bins.length * 8} 40`, role: "img", "aria-label": label }, ...bars);
}

// Reads what was typed: numbers between blanks, commas, semicolons or brackets; fractions count.
function parseNumbers(text) {
  const words = text.replaceAll("−", "-").replaceAll("∞", "inf").split(/[\s,;[\]()]+/).filter(Boolean);
  return words.map(word => {
    const named = { nan: "nan", inf: "inf", "+inf": "inf", "-inf": "-inf" }[word.toLowerCase()];
    if (named) return named;
    const [top, bottom = "1", ...more] = word.split("/");
    return more.length || top === "" || bottom === "" ? undefined : Number(top) / Number(bottom);
  });
}

// How many of the elements were typed rightly: to one per cent, or to a ten-thousandth of the largest element.
function countRight(typed, value) {
  const wanted = flat(value);
  const largest = Math.max(0, ...wanted.filter(x => typeof x === "number").map(Math.abs));
  const right = (x, y) => x === y || (typeof x === "number" && typeof y === "number"
    && Math.abs(x - y) <= 0.01 * Math.abs(y) + 1e-4 * largest + 1e-12);
  return wanted.filter((y, i) => right(typed[i], y)).length;
}

// -- elements ---------------------------------------------------------------------------------------------------------

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter(child => child !== "" && child !== null && child !== undefined));
  return node;
}
const make = (tag, attributes = {}, ...children) => build(document.createElement(tag), attributes, children);
const draw = (tag, attributes = {}, ...children) =>
  build(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
const byId = id => document.getElementById(id);
