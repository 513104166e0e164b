// Bars. They are for the eye alone: beside each stands its number.

import { make } from "./elements.js";

/** A bar on a scale; `set(from, to, tick)` are shares of its length. */
export function bar() {
  const fill = make("span", { class: "fill" }), tick = make("span", { class: "tick" });
  return {
    element: make("span", { class: "bar", "aria-hidden": "true" }, fill, tick),
    set(from, to, mark = null, shape = "") {
      const low = bounded(Math.min(from, to)), high = bounded(Math.max(from, to));
      fill.className = `fill ${shape}`;
      fill.style.left = `${100 * low}%`;
      fill.style.width = `${100 * (high - low)}%`;
      tick.hidden = mark === null;
      if (mark !== null) tick.style.left = `${100 * bounded(mark)}%`;
    },
  };
}

/** A scale that holds all of some values: probabilities have their own. */
export function scaleOf(values, isShare) {
  if (isShare) return (value) => value;
  const kept = values.filter((value) => typeof value === "number" && Number.isFinite(value));
  const low = Math.min(...kept), high = Math.max(...kept);
  const room = (high - low || Math.abs(low) || 1) * 0.08;
  return (value) => (value - low + room) / (high - low + 2 * room);
}

const bounded = (share) => Math.min(1, Math.max(0, share));
