// What the server said of the row. The skeleton is made once from the spec; an answer then only changes it, so that
// bars move, and what was opened stays open.

import { figure, isolated, make, named, oneLine, own, percent, short, signed } from "./elements.js";
import { bar, scaleOf } from "./plots.js";
import { callOf } from "./call.js";

const MOST_CLASSES = 12;
const MOST_SETS = 64;

/** The answer's place: its `element`, and `show(answer, asked)`, where `asked` has body, truth and which cards are on. */
export function answerOf(spec) {
  const parts = [headline(spec), chances(spec), beside(spec), shares(spec), router(spec), callOf(spec)].filter(Boolean);
  const element = make("div", { class: "answered" }, ...parts.map((part) => part.element));
  return {
    element,
    show(answer, asked) {
      element.classList.remove("by-fusion", "by-single", "by-prior");
      element.classList.add(`by-${kindOf(answer)}`);
      for (const part of parts) part.show(answer, asked);
    },
  };
}

/** The answer in one line, for the ear and for small screens. */
export function inOneLine(spec, answer) {
  const who = { fusion: "by fusion", single: `by ${isolated(answer.modalities_used[0] ?? answer.route, 30)} alone`, prior: "by the prior" };
  return `${told(spec, answer)}, ${who[kindOf(answer)]}${answer.abstained ? ", too unsure to rely on" : ""}`;
}

const kindOf = (answer) => (answer.route === "fusion" || answer.route === "prior" ? answer.route : "single");
const isClassified = (spec) => spec.classes.length > 0;
const write = (spec) => (isClassified(spec) ? percent : figure);

function told(spec, answer) {
  if (!isClassified(spec)) return figure(answer.prediction);
  return `${isolated(answer.prediction, 40)} ${percent(own(answer.probabilities, answer.prediction))}`;
}

/** Of the predicted class, or the value itself. */
function valueOf(spec, answer, said) {
  if (said === null || !isClassified(spec)) return said;
  return own(said, answer.prediction);
}

function priorOf(spec, answer) {
  return spec.prior[isClassified(spec) ? spec.classes.indexOf(answer.prediction) : 0];
}

function headline(spec) {
  const big = make("p", { class: "big" }), by = make("p", { class: "by" });
  const pattern = make("p", { class: "chips" }), unsure = make("p", { class: "notice", hidden: true }), truth = make("p", { class: "truth" });
  const lead = make("p", { class: "kicker" }, named(spec.target), isClassified(spec) ? " is most likely" : " is about");
  return {
    element: make("div", { class: "said" }, lead, big, unsure, by, pattern, truth),
    show(answer, asked) {
      const said = isClassified(spec) ? [named(answer.prediction), " ", make("span", { class: "sure" }, percent(own(answer.probabilities, answer.prediction)))] : [figure(answer.prediction)];
      big.replaceChildren(...said);
      by.replaceChildren(...who(spec, answer), ` ${sentence(answer.why)}`);
      pattern.replaceChildren(...chips(spec, asked));
      unsure.hidden = !answer.abstained;
      unsure.textContent = abstention(spec, answer);
      truth.replaceChildren(...verity(spec, answer, asked.truth));
    },
  };
}

function who(spec, answer) {
  const tag = (words) => make("span", { class: "tag" }, words);
  if (answer.route === "fusion") return [tag("fusion"), " Answered by ", named(spec.model), "."];
  if (answer.route === "prior") return [tag("prior"), " Answered by the prior alone."];
  return [tag("single"), " Answered by ", named(answer.modalities_used[0] ?? answer.route), " alone (", named(answer.route), ")."];
}

function sentence(words) {
  const text = oneLine(words ?? "");
  return text ? `Why: ${text}${/[.!?]$/.test(text) ? "" : "."}` : "";
}

function chips(spec, asked) {
  const of = ({ name }) => {
    const has = asked.has.has(name);
    const words = has ? "" : asked.off.has(name) ? " off" : " missing";
    return make("span", { class: has ? "chip" : "chip without" }, named(name, 40), words);
  };
  return [make("span", { class: "note" }, "The row has "), ...spec.modalities.flatMap((modality) => [of(modality), " "])];
}

function abstention(spec, answer) {
  if (answer.route === "prior") return "The model abstains: there is nothing to answer from.";
  if (spec.threshold === null) return "The model abstains: it is too unsure.";
  return `The model abstains: it is less than ${percent(spec.threshold)} sure, so do not rely on this answer.`;
}

function verity(spec, answer, truth) {
  if (truth === null || truth === undefined) return [];
  const head = ["The example's truth is ", make("strong", {}, typeof truth === "number" && !isClassified(spec) ? figure(truth) : named(truth))];
  if (!isClassified(spec)) return typeof truth === "number" ? [...head, `: the answer is off by ${figure(Math.abs(answer.prediction - truth))}.`] : [...head, "."];
  return [...head, String(truth) === answer.prediction ? ", as answered." : ", unlike the answer."];
}

/** A probability for every class. */
function chances(spec) {
  if (!isClassified(spec)) return null;
  const rows = spec.classes.map((name) => ({ name, ...line(named(name)) }));
  const list = (part) => make("ul", { class: "bars" }, ...part.map((row) => row.element));
  const rest = rows.slice(MOST_CLASSES);
  const more = rest.length ? make("details", {}, make("summary", {}, `${rest.length} more classes`), list(rest)) : null;
  return {
    element: make("section", { class: "part" }, make("h3", {}, "Probabilities"), list(rows.slice(0, MOST_CLASSES)), more),
    show(answer) {
      for (const [i, row] of rows.entries()) {
        const value = own(answer.probabilities, row.name) ?? 0;
        row.figure.textContent = percent(value);
        row.bar.set(0, value, spec.prior[i]);
        row.element.classList.toggle("best", row.name === answer.prediction);
      }
    },
  };
}

function line(name) {
  const figure = make("span", { class: "n" }), own = bar();
  return { figure, bar: own, element: make("li", {}, make("span", { class: "name" }, name), figure, own.element) };
}

/** Fusion and every single, side by side. */
function beside(spec) {
  const rows = [{ name: null, ...tableRow("Fusion") }, ...spec.modalities.map(({ name }) => ({ name, ...tableRow(named(name), " alone") }))];
  const head = make("th", { scope: "col", class: "n" });
  const heads = make("tr", {}, make("th", { scope: "col" }, "Who"), isClassified(spec) ? make("th", { scope: "col" }, "Says") : null, head, make("th", { scope: "col", class: "plot" }, make("span", { class: "hidden" }, "Bar")));
  if (!isClassified(spec)) rows.forEach((row) => row.says.remove());
  const table = make("table", {}, make("thead", {}, heads), make("tbody", {}, ...rows.map((row) => row.element)));
  return {
    element: make("section", { class: "part" }, make("h3", {}, "Together and alone"), table, make("p", { class: "note" }, `The thin line is the prior: what ${isClassified(spec) ? "a row is without any modality" : "a row has without any modality"}.`)),
    show(answer, asked) {
      head.replaceChildren(...(isClassified(spec) ? ["For ", named(answer.prediction, 24)] : ["Value"]));
      const said = rows.map((row) => (row.name === null ? answer.fusion : own(answer.alone, row.name)));
      const values = said.map((own) => valueOf(spec, answer, own));
      const prior = priorOf(spec, answer), scale = scaleOf([...values, prior], isClassified(spec));
      for (const [i, row] of rows.entries()) {
        const answers = row.name === null ? answer.route === "fusion" : kindOf(answer) === "single" && answer.modalities_used[0] === row.name;
        row.tag.hidden = !answers;
        row.element.classList.toggle("best", answers);
        row.element.classList.toggle("without", values[i] === null);
        row.figure.textContent = values[i] === null ? "–" : write(spec)(values[i]);
        if (row.name !== null && values[i] === null) row.figure.textContent = asked.has.has(row.name) ? "–" : asked.off.has(row.name) ? "off" : "missing";
        row.says.replaceChildren(...(said[i] !== null && isClassified(spec) ? [named(likeliest(spec, said[i]), 30)] : ["–"]));
        if (values[i] === null) row.bar.set(0, 0, scale(prior));
        else row.bar.set(isClassified(spec) ? 0 : scale(prior), scale(values[i]), scale(prior));
      }
    },
  };
}

function tableRow(...name) {
  const figure = make("td", { class: "n" }), says = make("td", { class: "word" }), own = bar();
  const tag = make("span", { class: "tag", hidden: true }, "answers");
  const element = make("tr", {}, make("th", { scope: "row" }, ...name, " ", tag), says, figure, make("td", { class: "plot" }, own.element));
  return { figure, says, bar: own, tag, element };
}

const likeliest = (spec, said) => spec.classes.reduce((best, name) => ((own(said, name) ?? 0) > (own(said, best) ?? 0) ? name : best));

/** How the modalities led from the prior to the answer. */
function shares(spec) {
  if (!spec.explains) return null;
  const start = line("prior"), end = line("answer");
  const rows = spec.modalities.map(({ name }) => ({ name, ...line(named(name)) }));
  const list = make("ul", { class: "bars steps" }, ...[start, ...rows, end].map((row) => row.element));
  const what = make("p", { class: "note" });
  const element = make("section", { class: "part" }, make("h3", {}, "What each modality moved"), list, what);
  return {
    element,
    show(answer) {
      const given = answer.contributions;
      element.hidden = !given;
      if (!given) return;
      const prior = priorOf(spec, answer), moves = rows.map((row) => own(given, row.name));
      const sums = moves.reduce((found, move) => [...found, found.at(-1) + (move ?? 0)], [prior]);
      const scale = scaleOf(sums, isClassified(spec)), zero = isClassified(spec) ? 0 : scale(prior);
      start.figure.textContent = write(spec)(prior);
      start.bar.set(zero, scale(prior), scale(prior), "whole");
      for (const [i, row] of rows.entries()) {
        row.figure.textContent = moved(moves[i], isClassified(spec) ? points : figure);
        row.bar.set(scale(sums[i]), scale(sums[i + 1]), null, (moves[i] ?? 0) < 0 ? "down" : "up");
      }
      end.figure.textContent = write(spec)(sums.at(-1));
      end.bar.set(zero, scale(sums.at(-1)), scale(prior), "whole");
      what.replaceChildren(...explained(spec, answer));
    },
  };
}

const moved = (move, words) => (move === null ? "–" : move === 0 ? "0" : signed(move, words));
const points = (value) => (100 * value).toFixed(1);

function explained(spec, answer) {
  const unit = isClassified(spec) ? ["Percentage points for ", named(answer.prediction), ": "] : [];
  if (answer.route === "fusion") return [...unit, "exact Shapley values, which add up from the prior to the answer."];
  if (answer.route === "prior") return [...unit, "nothing moves a row that is answered by the prior."];
  return [...unit, "one modality answered, so the whole way is its own."];
}

/** Who answers every set of modalities. */
function router(spec) {
  const rows = spec.sets.slice(0, MOST_SETS).map((set) => {
    const element = make("tr", {}, make("th", { scope: "row" }, named(set.pattern, 200)), make("td", { class: "route" }, named(set.route)), make("td", { class: "why" }, oneLine(set.why)));
    return { set, element };
  });
  const now = make("bdi", {});
  const head = make("tr", {}, ...["A row with", "is answered by", "because"].map((words) => make("th", { scope: "col" }, words)));
  const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows.map((row) => row.element)));
  const left = spec.sets.length - rows.length;
  const more = left > 0 ? make("p", { class: "note" }, `And ${left.toLocaleString("en")} more sets.`) : null;
  const scroll = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Who answers every set of modalities" }, table);
  return {
    element: make("details", { class: "part" }, make("summary", {}, "The router's choice for this set: ", now), scroll, more),
    show(answer) {
      now.textContent = `${answer.pattern.length > 60 ? "it" : oneLine(answer.pattern)} → ${short(answer.route)}`;
      for (const { set, element } of rows) {
        const here = set.pattern === answer.pattern;
        element.classList.toggle("best", here);
        if (here) element.setAttribute("aria-current", "true");
        else element.removeAttribute("aria-current");
      }
    },
  };
}
