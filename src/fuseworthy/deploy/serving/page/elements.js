// Elements made from data. Whatever comes from the server or a file becomes text here, never markup.

let made = 0;

/** A fresh id, for labels. */
export const freshId = () => `made-${++made}`;

/** An element: `props` are attributes, or handlers where they are functions ("click"); children are nodes or texts. */
export function make(tag, props = {}, ...children) {
  return dressed(document.createElement(tag), props, children);
}

/** The same for drawings. */
export function draw(tag, props = {}, ...children) {
  return dressed(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);
}

function dressed(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Text on one line, without signs that steer its direction: as the report shows names. */
export function oneLine(text) {
  const kept = String(text).replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
  return kept.replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, " ").trim();
}

/** One line, cut to a length. */
export function short(text, most = 80) {
  const signs = Array.from(oneLine(text));
  return signs.length > most ? `${signs.slice(0, most - 1).join("")}…` : signs.join("");
}

/** A name within a sentence: its direction stays its own. */
export const named = (text, most = 80) => make("bdi", {}, short(text, most));

/** A name where only text may stand (an attribute, an option): isolated by signs. */
export const isolated = (text, most = 80) => `\u2068${short(text, most)}\u2069`;

/** A property that an object has itself, else null. */
export const own = (object, key) => (object && Object.hasOwn(object, key) ? object[key] : null);

/** 0.873 -> "87.3 %"; never rounded to none or all. */
export function percent(value) {
  if (value > 0 && value < 0.001) return "<0.1\u00a0%";
  if (value < 1 && value > 0.999) return ">99.9\u00a0%";
  return `${(100 * value).toFixed(1).replace(/\.0$/, "")}\u00a0%`;
}

/** A number of any size in at most five digits. */
export function figure(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(3);
  const places = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4;
  return value.toLocaleString("en", { maximumFractionDigits: places }).replace("-", "−");
}

/** A count with its noun. */
export const count = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/** With a sign, as "+0.12" or "−0.12". */
export const signed = (value, write) => `${value < 0 ? "−" : "+"}${write(Math.abs(value))}`;
