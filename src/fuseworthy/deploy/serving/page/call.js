// The same question from a terminal, and the answer as it came.

import { make } from "./elements.js";

const LONGEST = 100_000; // characters of a command line

/** The foldable parts with the answer's JSON and a line for curl. */
export function callOf(spec) {
  const json = folded("The answer as JSON", "Copy the answer"), line = folded("Ask from a terminal", "Copy the command");
  const note = make("p", { class: "note" });
  line.details.append(note);
  return {
    element: make("div", { class: "part" }, json.details, line.details),
    show(answer, { body }) {
      json.set(JSON.stringify(answer, null, 2));
      const long = body.length > LONGEST;
      line.set(command(spec, long ? "@row.json" : quoted(body)));
      note.replaceChildren(...(long ? ["The row is too long for a command line: ", saved(body), " first."] : []));
    },
  };
}

function command(spec, body) {
  const url = new URL("predict", document.baseURI).href;
  const token = spec.token ? ' -H "Authorization: Bearer $TOKEN"' : "";
  return `curl ${quoted(url)}${token} --json ${body}`;
}

/** As a POSIX shell reads it back. */
const quoted = (text) => (text.startsWith("@") ? text : `'${text.replaceAll("'", "'\\''")}'`);

function saved(body) {
  return make("button", {
    type: "button",
    click() {
      const url = URL.createObjectURL(new Blob([body], { type: "application/json" }));
      make("a", { href: url, download: "row.json" }).click();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    },
  }, "save it as row.json");
}

function folded(title, words) {
  const code = make("pre", { tabindex: "0", role: "region", "aria-label": title });
  const button = make("button", { type: "button", class: "quiet", click: () => copy(code, button, words) }, words);
  const details = make("details", {}, make("summary", {}, title), make("div", { class: "copied" }, button), code);
  return { details, set: (text) => { code.textContent = text; button.textContent = words; } };
}

async function copy(code, button, words) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(code); // there may be no clipboard: then it is marked, to be copied by hand
    button.textContent = "Marked: press Ctrl+C";
  }
  setTimeout(() => { button.textContent = words; }, 3000);
}
