// The page: the spec becomes cards, what the cards hold becomes a question, and the server's answer is shown.

import { answerOf, inOneLine } from "./answer.js";
import { askAnswer, askSpec, bring, Refused } from "./asking.js";
import { cardOf } from "./cards.js";
import { count, figure, make, named, own, short } from "./elements.js";

const PAUSE = 350; // milliseconds after the last key
const place = (id) => document.getElementById(id);

async function begin() {
  try {
    const spec = await askSpec();
    place("entry").hidden = true;
    say("failed", "");
    introduce(spec);
    bench(spec);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) place("target").textContent = "A model behind a token";
    else place("target").textContent = "Not reached";
    const again = place("token").value !== "";
    place("entry").hidden = error.status !== 401;
    say("failed", error.status === 401 && !again ? "" : error.status === 401 ? "This is not the server's token." : error.message);
    if (error.status === 401) place("token").focus();
  }
}

function enter(event) {
  event.preventDefault();
  bring(place("token").value.trim());
  begin();
}

function introduce(spec) {
  document.title = `${short(spec.target, 60)} · Fuseworthy`;
  place("served").replaceChildren(named(spec.model), make("span", { "aria-hidden": "true" }, " → "), make("span", { class: "hidden" }, " predicts "), named(spec.target));
  const learned = typeof spec.rows === "number" ? ` · learned from ${count(spec.rows, "row")}` : "";
  place("kicker").replaceChildren(count(spec.modalities.length, "modality", "modalities"), learned, ` · version ${spec.version}`);
  place("target").replaceChildren(named(spec.target, 60));
  const other = spec.recommended && spec.recommended !== spec.model;
  const against = [make("strong", {}, "The study recommends ", named(spec.recommended), ", not the ", named(spec.model), " served here."), " "];
  place("sentence").replaceChildren(...(other ? against : []), short(spec.sentence, 600));
  const limits = spec.limits.map((limit) => make("li", {}, short(limit, 400)));
  place("limits").replaceChildren(make("summary", {}, `${count(limits.length, "limit")} that the study declares`), make("ul", {}, ...limits));
  place("limits").hidden = limits.length === 0;
}

function bench(spec) {
  const answers = answerOf(spec), state = { example: null, timer: 0, asking: null };
  const cards = spec.modalities.map((modality) => cardOf(modality, spec.examples, changed));
  const buttons = spec.examples.map((example, i) => exampleButton(spec, example, i, () => load(i)));
  place("cards").replaceChildren(...cards.map((card) => card.element));
  place("examples").replaceChildren(...offered(buttons));
  place("inputs").onsubmit = (event) => { event.preventDefault(); ask(); };
  place("inputs").onkeydown = (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask(); };
  place("clear").onclick = () => load(null);
  place("bench").hidden = false;
  load(spec.examples.length ? 0 : null);

  function load(i) {
    choose(i);
    for (const card of cards) card.fill(i === null ? null : own(spec.examples[i].row, card.name));
    ask();
  }

  function choose(i) {
    state.example = i;
    buttons.forEach((button, j) => button.setAttribute("aria-pressed", String(i === j)));
  }

  function changed(soon, edited) {
    if (edited) choose(null); // it is no longer the example, which alone has a truth
    clearTimeout(state.timer);
    state.timer = setTimeout(ask, soon ? 0 : PAUSE);
  }

  async function ask() {
    clearTimeout(state.timer);
    state.asking?.abort();
    const asking = (state.asking = new AbortController());
    for (const card of cards) card.complain("");
    const asked = question(cards, spec);
    if (asked.words) return rest(asked.words, asked.bad);
    place("waiting").textContent = "asking…";
    try {
      const found = await askAnswer(asked.body, asking.signal);
      if (asking.signal.aborted) return;
      const truth = state.example === null ? null : spec.examples[state.example].truth;
      const stale = found.version !== spec.version ? "The server has another model now: load this page again." : "";
      show(found, { ...asked, truth }, stale);
    } catch (error) {
      if (error.name === "AbortError" || asking.signal.aborted) return;
      if (!(error instanceof Refused)) throw error;
      refuse(error);
    }
  }

  function show(found, asked, stale) {
    const answer = found.answers[0], cut = found.cut ?? [];
    place("waiting").textContent = "";
    say("trouble", [stale, cut.length ? `Longer than the model reads, so cut: ${cut.map((name) => short(name)).join(", ")}.` : ""].filter(Boolean).join(" "));
    answers.show(answer, asked);
    if (!answers.element.isConnected) place("said").replaceChildren(answers.element);
    place("said").classList.remove("stale");
    tell(inOneLine(spec, answer));
  }

  function rest(words, bad) {
    place("waiting").textContent = "";
    say("trouble", bad ? words : "");
    if (bad) age();
    else place("said").replaceChildren(make("p", { class: "empty" }, words));
    tell(words);
  }

  /** What is still shown answered something else. */
  function age() {
    place("waiting").textContent = answers.element.isConnected ? "below is the answer before" : "";
    place("said").classList.add("stale");
  }

  function refuse(error) {
    age();
    const card = cards.find((one) => one.name === modalityAt(error.pointer));
    if (card) card.complain(error.message);
    say("trouble", card ? `No answer, for what stands at ${short(card.name)}: ${error.message}` : `No answer: ${error.message}`);
    tell(`No answer. ${error.message}`);
    if (error.status === 401) begin();
  }
}

/** What the cards ask: a body, or the words why there is none. */
function question(cards, spec) {
  const read = cards.map((card) => ({ card, ...card.read() }));
  const wrong = read.find(({ whole }) => !whole);
  if (wrong) return { words: `Not asked: see what is wrong at ${short(wrong.card.name)}.`, bad: true };
  const given = read.filter(({ value }) => value !== null).map(({ card, value }) => [card.name, value]);
  if (!given.length) return { words: "Nothing to answer from yet: fill in one modality, or switch one on.", bad: false };
  const body = JSON.stringify({ rows: [Object.fromEntries(given)], ...(spec.explains ? { explain: true } : {}) });
  const bytes = new Blob([body]).size;
  if (bytes > spec.most_body) {
    return { words: `Not asked: the row has ${bytes.toLocaleString("en")} bytes, and the server takes ${spec.most_body.toLocaleString("en")}.`, bad: true };
  }
  return { body, has: new Set(given.map(([name]) => name)), off: new Set(cards.filter((card) => !card.isOn()).map((card) => card.name)) };
}

function offered(buttons) {
  if (buttons.length) return [make("p", { class: "note" }, "Rows of a table to begin with:"), make("div", { class: "line" }, ...buttons)];
  return [make("p", { class: "empty" }, "There are no examples. The server offers some when it is started with ", make("code", {}, "--examples TABLE"), ".")];
}

function exampleButton(spec, example, i, click) {
  const truth = example.truth === null || example.truth === undefined ? [] : [
    make("span", { class: "hidden" }, ", truth:"), " ",
    make("span", { class: "truth" }, typeof example.truth === "number" && !spec.classes.length ? figure(example.truth) : named(example.truth, 24)),
  ];
  return make("button", { type: "button", class: "example", "aria-pressed": "false", click }, make("span", { class: "hidden" }, "Example "), `${i + 1}`, ...truth);
}

/** The modality that a JSON pointer into the body is about. */
function modalityAt(pointer) {
  const step = typeof pointer === "string" ? pointer.split("/")[3] : undefined;
  return step?.replaceAll("~1", "/").replaceAll("~0", "~");
}

function say(id, words) {
  place(id).textContent = words;
  place(id).hidden = words === "";
}

function tell(words) {
  place("live").textContent = words;
  place("short").textContent = words;
  place("short").hidden = false;
}

place("entry").addEventListener("submit", enter);
begin();
