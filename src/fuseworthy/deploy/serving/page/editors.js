// One editor a field, by what the field holds. Each has `element`, `value()` (null where it is empty; it throws Wrong
// for what cannot be read) and `set(value)`; a value that was set comes back as it was until somebody edits it.

import { count, freshId, isolated, make, named } from "./elements.js";
import { decoded, droppable, encoded, forget, preview, sized, sketch } from "./media.js";
import { counted, readList, readVector, readVectors, requireShape, Wrong } from "./numbers.js";

const MOST_OPTIONS = 12;
const LONGEST_SHOWN = 60_000; // characters of a list that a text field is given

/** The editor of a field; `hints` are its values in the examples, `change(soon)` is called after each edit. */
export function editorOf(modality, field, hints, change) {
  const label = modality.single ? modality.name : field.column;
  if (field.holds === "text") return textEditor(label, change);
  if (field.holds === "number") return numberEditor(label, change);
  if (field.holds === "category") return categoryEditor(label, field.levels, change);
  if (field.holds === "date") return dateEditor(label, field, hints, change);
  if (field.holds === "file") return fileEditor(label, modality.kind, change);
  return listEditor(label, field, change);
}

/** One list for a modality of many number columns. */
export function columnsEditor(modality, change) {
  const columns = modality.fields.map((field) => field.column);
  const inner = listEditor(modality.name, { column: modality.name, holds: "vector", width: columns.length }, change);
  return {
    element: inner.element,
    value() {
      const found = inner.value();
      return found && Object.fromEntries(columns.map((column, i) => [column, found[i]]));
    },
    set: (row) => inner.set(row && columns.every((column) => Object.hasOwn(row, column)) ? columns.map((column) => row[column]) : null),
  };
}

function textEditor(label, change) {
  const area = make("textarea", { id: freshId(), rows: 3, dir: "auto", input: () => change(false) });
  return {
    element: labelled(label, area),
    value: () => area.value || null,
    set: (value) => { area.value = value ?? ""; },
  };
}

function numberEditor(label, change) {
  const box = make("input", { id: freshId(), type: "number", step: "any", inputmode: "decimal", input: () => change(false) });
  return {
    element: labelled(label, box),
    value() {
      if (box.validity.badInput) throw new Wrong(`${isolated(label)} must be a number.`);
      return box.value === "" ? null : Number(box.value);
    },
    set: (value) => { box.value = value ?? ""; },
  };
}

function categoryEditor(label, levels, change) {
  return levels.length <= MOST_OPTIONS ? choiceEditor(label, levels, change) : typedEditor(label, levels, change);
}

function choiceEditor(label, levels, change) {
  const box = make("select", { id: freshId(), change: () => change(true) }, make("option", { value: "" }, "– missing –"));
  const known = [];
  const add = (level, note) => {
    box.append(make("option", { value: known.length }, isolated(level) + note));
    known.push(level);
  };
  levels.forEach((level) => add(level, ""));
  return {
    element: labelled(label, box),
    value: () => (box.value === "" ? null : known[Number(box.value)]),
    set(value) {
      if (value !== null && value !== undefined && !known.includes(String(value))) add(String(value), " (never seen in training)");
      box.value = value === null || value === undefined ? "" : known.indexOf(String(value));
    },
  };
}

function typedEditor(label, levels, change) {
  const list = make("datalist", { id: freshId() }, ...levels.slice(0, 500).map((level) => make("option", { value: level })));
  const box = make("input", { id: freshId(), type: "text", list: list.id, autocomplete: "off", dir: "auto", input: () => change(false) });
  const element = labelled(label, box);
  element.append(list);
  return { element, value: () => box.value || null, set: (value) => { box.value = value ?? ""; } };
}

function dateEditor(label, field, hints, change) {
  const timed = field.zoned || hints.some((own) => typeof own === "string" && /T(?!00:00(:00)?$)/.test(own));
  const box = make("input", { id: freshId(), type: timed ? "datetime-local" : "date", step: timed ? "any" : null, input: () => change(false) });
  let given = null, shown = "";
  return {
    element: labelled(label, box, field.zoned ? "(UTC)" : ""),
    value() {
      if (box.validity.badInput) throw new Wrong(`${isolated(label)} must be a whole date.`);
      if (given !== null && box.value === shown) return given;
      return box.value === "" ? null : box.value + (field.zoned ? "Z" : "");
    },
    set(value) {
      given = value ?? null;
      const local = given !== null && field.zoned ? new Date(given).toISOString() : given ?? "";
      box.value = timed ? (local.includes("T") || !local ? local : `${local}T00:00`).slice(0, 19) : local.slice(0, 10);
      shown = box.value;
    },
  };
}

/** Numbers: typed, pasted, or read from a file; a series may be a file of another kind as well. */
function listEditor(label, field, change) {
  const area = make("textarea", { id: freshId(), rows: 3, spellcheck: "false", class: "numbers", placeholder: wish(field), input: edited });
  const said = make("span", { class: "count", id: freshId() });
  area.setAttribute("aria-describedby", said.id);
  const under = make("div", { class: "under" });
  let kept = null; // a value too long for the text field, or a file's {base64}
  const read = (text) => (field.holds === "vectors" ? readVectors(text) : field.holds === "series" ? readList(text) : readVector(text));
  const current = () => kept ?? (area.value.trim() ? read(area.value) : null);
  function edited() {
    if (area.value.trim()) kept = null;
    show();
    change(false);
  }
  function show(note = "") {
    let value = null;
    try {
      value = current();
      said.textContent = note || (value === null ? "" : counted(value, field));
    } catch (error) {
      said.textContent = error.message;
    }
    under.replaceChildren(...[Array.isArray(value) ? sketch(value) : null].filter(Boolean));
  }
  function set(value) {
    const text = Array.isArray(value) ? JSON.stringify(value) : "";
    const fits = text !== "" && text.length <= LONGEST_SHOWN;
    kept = value === null || value === undefined || fits ? null : value;
    area.value = fits ? text : "";
    if (kept && kept.base64 !== undefined) show(`a file of ${sized(Math.floor(kept.base64.length * 0.75))}`);
    else show();
  }
  async function take(file) {
    const readable = /\.(json|csv|tsv|txt)$/i.test(file.name) && file.size < 50e6;
    try {
      if (readable) set(read(await file.text()));
      else if (field.holds !== "series") throw new Wrong("it must be a .json, .csv or .txt file of numbers.");
      else {
        kept = { base64: await encoded(file) };
        area.value = "";
        show(`${isolated(file.name)}, ${sized(file.size)}`);
      }
    } catch (error) {
      said.textContent = `${isolated(file.name)}: ${error.message}`;
      return;
    }
    change(true);
  }
  const element = labelled(label, area);
  element.append(make("div", { class: "line" }, chooser(`Read ${isolated(label)} from a file`, "From a file…", take, field.holds === "series" ? null : ".json,.csv,.tsv,.txt"), said), under);
  droppable(element, take);
  return {
    element,
    value() {
      const found = current();
      if (Array.isArray(found)) requireShape(found, field);
      return found;
    },
    set,
  };
}

function wish(field) {
  if (field.holds === "vector") return `${count(field.width, "number")}: paste them, or drop a .json, .csv or .txt file`;
  if (field.holds === "vectors") return `vectors of ${count(field.width, "number")}, one a line: paste them, or drop a file`;
  if (field.holds === "times") return "the moment of each vector: paste numbers, or drop a file";
  return "numbers over time, one a line or several: paste them, or drop a file";
}

function fileEditor(label, kind, change) {
  const said = make("p", { class: "count" }, "Drop a file here, or choose one.");
  const shown = make("div", { class: "shown" });
  const away = make("button", { type: "button", class: "quiet", hidden: true, click: () => { set(null); change(true); } }, "Remove");
  away.setAttribute("aria-label", `Remove the file of ${isolated(label)}`);
  const zone = make("div", { class: "zone", role: "group", "aria-label": isolated(label) });
  let kept = null;
  function show(blob, name) {
    forget(shown.firstChild);
    const element = blob && preview(kind, blob, `${kind} given as ${isolated(label)}`, () => shown.replaceChildren());
    shown.replaceChildren(...(element ? [element] : []));
    said.textContent = blob ? `${name}${sized(blob.size)}` : "Drop a file here, or choose one.";
    away.hidden = !blob;
    zone.classList.toggle("filled", Boolean(blob));
  }
  function set(value) {
    kept = value ?? null;
    show(kept && decoded(kept.base64), "");
  }
  async function take(file) {
    try {
      kept = { base64: await encoded(file) };
    } catch (error) {
      said.textContent = `${isolated(file.name)}: ${error.message}`;
      return;
    }
    show(file, `${isolated(file.name, 40)}, `);
    change(true);
  }
  const accept = { image: "image/*", audio: "audio/*,video/*", video: "video/*" }[kind] ?? null;
  zone.append(shown, make("div", { class: "beside" }, said, make("div", { class: "line" }, chooser(`Choose a file for ${isolated(label)}`, "Choose a file…", take, accept), away)));
  droppable(zone, take);
  return { element: zone, value: () => kept, set };
}

function chooser(label, words, take, accept) {
  const box = make("input", {
    type: "file", class: "hidden", tabindex: "-1", "aria-hidden": "true", accept,
    change: () => { if (box.files.length) take(box.files[0]); box.value = ""; },
  });
  const button = make("button", { type: "button", "aria-label": label, click: () => box.click() }, words);
  return make("span", {}, button, box);
}

function labelled(label, control, note = "") {
  const words = make("label", { for: control.id }, named(label), note ? ` ${note}` : "");
  return make("div", { class: "field" }, words, control);
}
