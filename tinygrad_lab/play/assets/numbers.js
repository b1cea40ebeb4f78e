// Numbers as text; `format` is the graph page's, whose digits are those of Python's %.4g.

export { format } from "/assets/graph-numbers.js";

export const count = n => n.toLocaleString("en-US");

// A number of the server's, which has words for what JSON has no number for.
export const number = x => (typeof x === "number" ? x : { nan: NaN, inf: Infinity, "-inf": -Infinity }[x] ?? NaN);

// A setting as it stands in its field.
export const plain = x => (x === null || x === undefined ? "" : String(x));
