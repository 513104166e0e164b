// Files: dropped, chosen or brought by an example; kept as base64, and shown where a browser can.

import { draw, make } from "./elements.js";
import { Wrong } from "./numbers.js";

/** The bytes of a file as base64. */
export function encoded(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Wrong("it cannot be read.")); // a folder, or gone
    reader.readAsDataURL(file);
  });
}

/** The other way. */
export function decoded(base64) {
  const text = atob(base64);
  return new Blob([Uint8Array.from(text, (sign) => sign.charCodeAt(0))]);
}

/** "12.3 kB" */
export function sized(bytes) {
  const [unit, by] = bytes < 1e6 ? ["kB", 1e3] : ["MB", 1e6];
  return bytes < 1e3 ? `${bytes} bytes` : `${(bytes / by).toFixed(1)} ${unit}`;
}

/** A preview of a picture, sound or film; `gone` is called where the browser cannot show it. */
export function preview(kind, blob, label, gone) {
  const url = URL.createObjectURL(blob);
  const failed = () => {
    URL.revokeObjectURL(url);
    gone();
  };
  if (kind === "image") return make("img", { src: url, alt: label, class: "preview", error: failed });
  if (kind === "audio") return make("audio", { src: url, controls: true, "aria-label": label, class: "preview", error: failed });
  if (kind === "video") return make("video", { src: url, controls: true, playsinline: true, "aria-label": label, class: "preview", error: failed });
  URL.revokeObjectURL(url);
  return null;
}

/** Give back what a preview holds. */
export function forget(shown) {
  if (shown && shown.src) URL.revokeObjectURL(shown.src);
}

/** A small line through numbers, for the eye alone. */
export function sketch(numbers) {
  const flat = Array.isArray(numbers[0]) ? numbers.map((row) => row[0]) : numbers;
  if (flat.length < 2) return null;
  const step = Math.max(1, Math.ceil(flat.length / 400));
  const kept = flat.filter((_, i) => i % step === 0);
  const low = kept.reduce((a, b) => Math.min(a, b)), high = kept.reduce((a, b) => Math.max(a, b));
  const y = (value) => (high > low ? 31 - (30 * (value - low)) / (high - low) : 16);
  const points = kept.map((value, i) => `${((400 * i) / (kept.length - 1)).toFixed(1)},${y(value).toFixed(1)}`);
  const line = draw("polyline", { points: points.join(" ") });
  return draw("svg", { class: "sketch", viewBox: "0 0 400 32", preserveAspectRatio: "none", "aria-hidden": "true" }, line);
}

/** Let files be dropped on an element. */
export function droppable(element, take) {
  let depth = 0;
  const mark = (by) => {
    depth = Math.max(0, depth + by);
    element.classList.toggle("over", depth > 0);
  };
  element.addEventListener("dragenter", (event) => { event.preventDefault(); mark(1); });
  element.addEventListener("dragleave", () => mark(-1));
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(-depth);
    if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
  });
}
