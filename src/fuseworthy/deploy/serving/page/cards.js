// A card a modality: its switch, its editors, and what is wrong with it.

import { count, freshId, isolated, make, named, own } from "./elements.js";
import { columnsEditor, editorOf } from "./editors.js";
import { Wrong } from "./numbers.js";

const MOST_FIELDS = 12; // shown at once; the others fold away
const MANY_COLUMNS = 8; // from which on number columns of an embedding are one list

/** The card of a modality; `change(soon, edited)` is called after each edit and switch. */
export function cardOf(modality, examples, change) {
  const title = freshId(), body = make("div", { class: "editors" });
  const toggle = make("input", { type: "checkbox", role: "switch", checked: true, "aria-labelledby": title, change: switched });
  const state = make("span", { class: "state", "aria-hidden": "true" });
  const said = make("p", { class: "wrong", id: freshId(), hidden: true });
  const heading = make("h3", { id: title }, named(modality.name));
  const head = make("div", { class: "head" }, heading, make("span", { class: "kind" }, modality.kind), make("label", { class: "switch" }, state, toggle));
  const element = make("section", { class: "card", role: "group", "aria-labelledby": title, "aria-describedby": said.id }, head, said, body);
  const { values, set, elements } = editing(modality, examples.map((own) => own.row), edited);
  body.append(...elements);

  function switched() {
    show();
    change(true, false);
  }
  function edited(soon) {
    complain("");
    show();
    change(soon, true);
  }
  function complain(words) {
    said.textContent = words;
    said.hidden = words === "";
    element.classList.toggle("refused", words !== "");
  }
  function show() {
    body.hidden = !toggle.checked;
    element.classList.toggle("off", !toggle.checked);
    state.textContent = !toggle.checked ? "off" : isEmpty() ? "missing" : "on";
  }
  function isEmpty() {
    try {
      return values() === null;
    } catch {
      return false;
    }
  }
  show();
  return {
    name: modality.name,
    element,
    complain,
    isOn: () => toggle.checked,
    /** Its value as a request gives it; null where it is off, empty or cannot be read, which it then says itself. */
    read() {
      if (!toggle.checked) return { value: null, whole: true };
      try {
        return { value: values(), whole: true };
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        complain(error.message);
        return { value: null, whole: false };
      }
    },
    /** Take an example's value, and switch it on. */
    fill(value) {
      complain("");
      set(value);
      toggle.checked = true;
      show();
    },
  };
}

/** How a modality is edited: its `elements`, `values()` and `set(value)`. */
function editing(modality, rows, change) {
  const fields = modality.fields;
  if (modality.kind === "embedding" && fields.length > MANY_COLUMNS && fields.every((field) => field.holds === "number")) {
    const editor = columnsEditor(modality, change);
    return { elements: [editor.element], values: editor.value, set: editor.set };
  }
  const given = rows.map((row) => own(row, modality.name));
  const cell = (value, column) => (modality.single ? value : own(value, column));
  const editors = fields.map((field) => editorOf(modality, field, given.map((value) => cell(value, field.column)), change));
  return {
    elements: laidOut(modality, editors.map((editor) => editor.element)),
    values() {
      const found = fields.map((field, i) => [field.column, editors[i].value()]).filter(([, value]) => value !== null);
      if (!found.length) return null;
      return modality.single ? found[0][1] : Object.fromEntries(found);
    },
    set: (value) => fields.forEach((field, i) => editors[i].set(cell(value, field.column) ?? null)),
  };
}

function laidOut(modality, elements) {
  if (modality.single) return elements;
  const more = elements.slice(MOST_FIELDS);
  const shown = make("div", { class: "cells" }, ...elements.slice(0, MOST_FIELDS));
  if (!more.length) return [shown];
  const words = `${count(more.length, "more column")} of ${isolated(modality.name)}`;
  return [shown, make("details", {}, make("summary", {}, words), make("div", { class: "cells" }, ...more))];
}
