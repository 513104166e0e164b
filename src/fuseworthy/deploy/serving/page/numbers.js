// Lists of numbers from what people paste or drop: JSON, or numbers set apart by commas, semicolons, spaces and lines.

import { count } from "./elements.js";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** What is wrong with an input, for its card. */
export class Wrong extends Error {}

/** A flat list of numbers. */
export function readVector(text) {
  const found = readList(text);
  if (found.some(Array.isArray)) {
    if (found.length === 1) return found[0];
    if (found.every((row) => Array.isArray(row) && row.length === 1)) return found.flat();
    throw new Wrong("One list of numbers must be given, but several came.");
  }
  return found;
}

/** A list of lists of numbers: one a line where it is no JSON. */
export function readVectors(text) {
  const found = readList(text);
  return found.some(Array.isArray) ? found : [found];
}

/** Numbers, or rows of numbers where lines have several. */
export function readList(text) {
  const trimmed = text.trim();
  if (trimmed.startsWith("[")) return checked(parsed(trimmed));
  const lines = trimmed.split(/\r?\n/).map((line) => line.split(/[\s,;]+/).filter((word) => word !== ""));
  const rows = lines.filter((words) => words.length);
  if (rows.length > 1 && !rows[0].some((word) => NUMBER.test(word))) rows.shift(); // the header of a CSV file
  const found = rows.map((words) => words.map(number));
  if (found.length === 1) return found[0];
  return found.every((row) => row.length === 1) ? found.flat() : found;
}

/** Say how many of how many came. */
export function counted(value, field) {
  const rows = Array.isArray(value[0]);
  if (field.holds === "vectors") return `${count(value.length, "vector")} of ${count(field.width, "number")}`;
  if (field.holds === "vector") return `${value.length.toLocaleString("en")} of ${count(field.width, "number")}`;
  return rows ? `${count(value.length, "row")} of ${count(value[0].length, "number")}` : count(value.length, "number");
}

/** Refuse what has the wrong number of numbers. */
export function requireShape(value, field) {
  const wide = field.holds === "vectors" ? value : field.holds === "vector" ? [value] : [];
  const off = wide.find((row) => !Array.isArray(row) || row.length !== field.width);
  if (!off) return;
  const came = Array.isArray(off) ? off.length.toLocaleString("en") : "one number";
  throw new Wrong(`A vector must have ${count(field.width, "number")}, but ${came} came.`);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Wrong("A list in brackets must be whole JSON, but is not.");
  }
}

function checked(found) {
  const deep = found.flat(1);
  if (deep.length && deep.every((own) => typeof own === "number" && Number.isFinite(own))) return found;
  throw new Wrong("There must be numbers and nothing else in the list.");
}

function number(word) {
  if (!NUMBER.test(word)) throw new Wrong(`There must be numbers, but “${word.slice(0, 20)}” came.`);
  return Number(word);
}
