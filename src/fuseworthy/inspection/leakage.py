"""Columns that tell the target too well to be true: measured one at a time, before anything trains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import stats

from fuseworthy.folds import Ints
from fuseworthy.inputs.duplicates import cell_codes
from fuseworthy.inspection.absence import missing_cells
from fuseworthy.inspection.association import (
    Strength,
    Truth,
    fitted_strength,
    rank_aucs,
    rank_strength,
    ranks_and_codes,
    strength_of_aucs,
    two_sided,
)
from fuseworthy.task import Floats, Task

SUSPICIOUS, HIGH = 0.98, 0.95
SAMPLE, TEXT_SAMPLE = 200_000, 10_000
"""Most rows looked at, of cells, and of texts and vectors."""
ORDER, VALUE, WORD = "by order", "by value or range, cross-fitted", "by its presence"
TOKEN = r"[^\W\d_]+|\d+"

Use = Literal["used", "left out", "declared"]
Level = Literal["equal", "suspicious", "high", "one class"]


@dataclass(frozen=True)
class Suspect:
    """A column (or a word, or one number of a vector) that by itself tells the target very well.

    Parameters
    ----------
    column : str
    use : {"used", "left out", "declared"}
        Whether a study would learn from it, leaves it out, or was told it is the id or the time.
    level : {"equal", "suspicious", "high", "one class"}
        The target itself; score above .98; between .95 and .98; one class of several above .98.
    score : float
    measure, how : str
        What the score is, and how the column is read for it.
    label : str or None
        The class told best.
    best : float
        The score for that class.
    through : str
        The word or the number of the vector, where the column holds more than one thing.
    """

    column: str
    use: Use
    level: Level
    score: float
    measure: str
    how: str
    label: str | None = None
    best: float = 0.0
    through: str = ""


@dataclass(frozen=True)
class Evidence:
    """What is looked at, already read.

    Parameters
    ----------
    columns : mapping of name to (n,) Arrow array
        Every column that may tell the target, the target itself left out.
    uses : mapping of name to "used", "left out" or "declared"
    texts : mapping of modality to n texts
    vectors : mapping of modality to (n, d) array and (n,) bool array of rows that have it
    """

    columns: Mapping[str, Any]
    uses: Mapping[str, Use]
    texts: Mapping[str, Sequence[str]]
    vectors: Mapping[str, tuple[Floats, NDArray[np.bool_]]]


def find_suspects(evidence: Evidence, task: Task, y: NDArray[Any], truth: Truth, seed: int = 0) -> tuple[Suspect, ...]:
    """Every column, word and vector entry that tells the target too well, the strongest first.

    Numbers and dates are scored by rank AUC and by the target's share in 64 bins, categories by the target's share by
    value; both shares are learned on one half of the rows and scored on the other. Texts and the names in identifiers
    are scored by single words, vectors by single entries. For several classes the score is the mean over classes, each
    against the rest; for regression it is the absolute rank correlation.
    """
    found: list[Suspect] = []
    rows = sample(len(y), SAMPLE, seed)
    for name, column in evidence.columns.items():
        suspect = None
        if equals_target(column, task, y):
            suspect = Suspect(
                name, evidence.uses[name], "equal", 1.0, "share of rows", "equal in every known cell", best=1.0
            )
        elif truth.usable:
            part, known = column.take(pa.array(rows)), truth.take(rows)
            suspect = _strongest(name, evidence.uses[name], column_strengths(part, known, seed), len(evidence.columns))
        if suspect:
            found.append(suspect)
    if truth.usable:
        rows = sample(len(y), TEXT_SAMPLE, seed)
        known = truth.take(rows)
        for name, texts in evidence.texts.items():
            found += _text_suspects(name, [texts[i] for i in rows], known, task, y[rows], seed)
        for name, (values, present) in evidence.vectors.items():
            found += _vector_suspects(name, values[rows], present[rows], known)
    return tuple(sorted(found, key=lambda s: (-s.score, s.column)))


def sample(n: int, most: int, seed: int) -> Ints:
    """At most ``most`` of n rows, ascending."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False))


def equals_target(column: Any, task: Task, y: NDArray[Any]) -> bool:
    """Whether the column is the target: equal numbers, or classes under the same or other names, one to one."""
    if pa.types.is_nested(column.type):
        return False
    gone = missing_cells(column)
    known = np.flatnonzero(~gone)
    if len(known) < max(2, len(y) // 2):
        return False
    if not task.is_classification:
        values = _numbers(column)
        return values is not None and bool(np.array_equal(values[known], y[known]))
    codes, classes = cell_codes(column), y[known].astype(np.int64)
    if int(codes.max()) > task.width:  # codes are dense; one may be a blank text
        return False
    codes = codes[known]
    counts = np.bincount(classes, minlength=task.width)
    few = counts.min() < 2 or len(known) < max(20, 5 * task.width)  # one to one by accident, as identifiers are
    if few or len(np.unique(codes)) != task.width:
        return False
    return len(np.unique(codes * task.width + classes)) == task.width


def column_strengths(column: Any, truth: Truth, seed: int = 0) -> Iterator[tuple[str, str, Strength]]:
    """(how, through, strength) of each way to read a column; nothing where it cannot be read."""
    gone = missing_cells(column) if not pa.types.is_nested(column.type) else np.ones(len(column), dtype=bool)
    truth = truth.take(~gone)
    if not truth.usable:
        return
    column = column.filter(pa.array(~gone))
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_temporal(kind):
        ranks, codes = ranks_and_codes(_moments(column) if pa.types.is_temporal(kind) else _floats(column))
        yield ORDER, "", rank_strength(ranks, truth)
        yield VALUE, "", fitted_strength(codes, truth, seed)
    elif pa.types.is_string(kind) or pa.types.is_boolean(kind):
        codes = cell_codes(column)
        if int(codes.max()) + 1 <= 0.9 * len(codes):
            yield VALUE, "", fitted_strength(codes, truth, seed)
        elif pa.types.is_string(kind):
            yield from _identifier_strengths(column, truth, seed)


def _identifier_strengths(column: Any, truth: Truth, seed: int) -> Iterator[tuple[str, str, Strength]]:
    """Order of the names, order of the number in them, and single parts of them (folders, prefixes)."""
    order = pc.rank(column, sort_keys="ascending", tiebreaker="min").to_numpy()
    yield ORDER, "the names", rank_strength(stats.rankdata(order), truth)
    digits = pc.replace_substring_regex(column, r"\D+", "")
    if bool(pc.all(pc.and_(pc.greater(pc.utf8_length(digits), 0), pc.less(pc.utf8_length(digits), 16))).as_py()):
        yield ORDER, "the number in the names", rank_strength(stats.rankdata(_floats(digits)), truth)
    rows = sample(len(column), TEXT_SAMPLE, seed)
    if word := best_word(column.take(pa.array(rows)).to_pylist(), truth.take(rows)):
        yield WORD, f"the part {word[0]!r}", word[1]


def best_word(texts: Sequence[str], truth: Truth) -> tuple[str, Strength] | None:
    """The words whose presence tells each class best: the best of them, and their strength together."""
    from sklearn.feature_extraction.text import CountVectorizer

    if not (truth.usable and truth.labels):
        return None
    reader = CountVectorizer(binary=True, token_pattern=TOKEN, min_df=max(2, len(texts) // 200), dtype=np.float64)
    try:
        found = reader.fit_transform(texts)
    except ValueError:  # no word occurs often enough
        return None
    hot = truth.hot.astype(np.float64)
    inside = hot.sum(axis=0)
    with_class = found.T @ hot
    occurs = np.asarray(found.sum(axis=0)).ravel()[:, None]
    aucs = 0.5 + np.abs(with_class / inside - (occurs - with_class) / (truth.n - inside)) / 2
    strength = strength_of_aucs(aucs.max(axis=0), truth, trials=len(aucs))
    top = int(aucs[:, truth.labels.index(str(strength.label))].argmax())
    return str(reader.get_feature_names_out()[top]), strength


def _text_suspects(
    name: str, texts: list[str], truth: Truth, task: Task, y: NDArray[Any], seed: int
) -> Iterator[Suspect]:
    if word := best_word(texts, truth):
        suspect = _strongest(name, "used", iter([(WORD, f"the word {word[0]!r}", word[1])]), 1)
        if suspect:
            yield suspect
    if not task.is_classification:
        share, chance = _written(texts, y, y), _written(texts, y, np.random.default_rng(seed).permutation(y))
        if share > 0.5 and chance < 0.1:
            yield Suspect(name, "used", "suspicious", share, "share of rows", "the target's number stands in the text")


def _written(texts: list[str], y: NDArray[Any], values: NDArray[Any]) -> float:
    """Share of texts in which the value stands as a number; values of fewer than three signs are not looked for."""
    rows = [(text, f"{value:.12g}") for text, value in zip(texts, values.tolist(), strict=True)]
    asked = [number in text for text, number in rows if len(number) >= 3]
    return sum(asked) / len(y) if len(y) else 0.0


def _vector_suspects(name: str, values: Floats, present: NDArray[np.bool_], truth: Truth) -> Iterator[Suspect]:
    truth, values = truth.take(present), values[present]
    if not truth.usable or values.shape[1] == 0:
        return
    ranks = stats.rankdata(values, axis=0)
    if truth.labels:
        aucs = rank_aucs(ranks, truth)
        aucs = np.maximum(aucs, 1 - aucs)
        top = int(aucs.mean(axis=1).argmax())
        strength = strength_of_aucs(aucs[top], truth, trials=len(aucs))
    else:
        spread = ranks.std(axis=0) * truth.ranks.std()
        centred = (ranks - ranks.mean(axis=0)).T @ (truth.ranks - truth.ranks.mean()) / truth.n
        rho = np.abs(np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0))
        top = int(rho.argmax())
        p = two_sided(rho[top] * np.sqrt(truth.n - 1)) * len(rho)
        strength = Strength(float(rho[top]), float(rho[top]), None, p)
    suspect = _strongest(name, "used", iter([(ORDER, f"entry {top} of the vector", strength)]), 1)
    if suspect:
        yield suspect


def _strongest(column: str, use: Use, strengths: Iterator[tuple[str, str, Strength]], trials: int) -> Suspect | None:
    """The strongest reading, if it is above a threshold and no accident among so many columns."""
    readings = list(strengths)
    if not readings:
        return None
    how, through, s = max(readings, key=lambda reading: (reading[2].score, reading[2].best))
    level: Level
    if s.score > SUSPICIOUS:
        level = "suspicious"
    elif s.score > HIGH:
        level = "high"
    elif s.best > SUSPICIOUS:
        level = "one class"
    else:
        return None
    if s.p * trials * len(readings) > 0.001:
        return None
    mean = "mean AUC over classes" if s.score < s.best else "AUC"
    measure = "rank correlation" if s.label is None else mean
    return Suspect(column, use, level, s.score, measure, how, s.label, s.best, through)


def _numbers(column: Any) -> Floats | None:
    kind = column.type
    if pa.types.is_string(kind):
        try:
            return _floats(column)
        except pa.ArrowInvalid:
            return None
    return _floats(column) if pa.types.is_integer(kind) or pa.types.is_floating(kind) else None


def _floats(column: Any) -> Floats:
    values = pc.fill_null(column.cast(pa.float64(), safe=False), float("nan")).to_numpy(zero_copy_only=False)
    return np.asarray(values, dtype=np.float64)


def _moments(column: Any) -> Floats:
    return np.asarray(pc.rank(column, sort_keys="ascending", tiebreaker="min").to_numpy(), dtype=np.float64)
