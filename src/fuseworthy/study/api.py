"""The Python front door: compare, judge and inspect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fuseworthy.inputs.modality import Modality
from fuseworthy.study.question import Options, Question, joins_from
from fuseworthy.study.run import run_study
from fuseworthy.study.study import Study


def compare(
    table: Any,
    target: str,
    *,
    modalities: Mapping[str, Modality] | None = None,
    join: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    budget: float | None = None,
    jobs: int | None = None,
    resume: bool = False,
    progress: Any = None,
    **question: Any,
) -> Study:
    """Build the strongest singles, compare every fusion on the same folds, and decide.

    Parameters
    ----------
    table : path, or pandas, polars or Arrow table, of n rows
    target : str
        Column to predict.
    modalities : mapping of name to Text, Tabular or Embedding, optional
        Inferred from the columns if left out.
    join : mapping of key column to a further table, or to a list of them, optional
        Joined by key, never by position.
    out : path, optional
        Run folder, so that a killed run can go on; a temporary one if left out.
    budget : float, optional
        Minutes after which no new work is begun.
    jobs : int, optional
        Worker processes.
    resume : bool
        Insist that ``out`` holds this study already.
    progress : Progress, optional
        Listener, see `fuseworthy.study.progress`.
    **question
        ``task, group, time, id, metric, margin, folds, repeats, strategies, random_state, drop_unlabelled``; see
        `fuseworthy.study.question.Question`.

    Returns
    -------
    Study

    Raises
    ------
    FuseworthyError
        What must hold, what came instead, what to do.

    Examples
    --------
    >>> import fuseworthy as fw
    >>> from fuseworthy.datasets.synthetic import make
    >>> table = make("T1", 120, 0).to_table()
    >>> study = fw.compare(table, "y", modalities={"a": fw.Embedding("x1"), "b": fw.Embedding("x2")},
    ...                    repeats=1, strategies=["stacking"], id="id")
    >>> study.verdict.best_fusion
    'stacking'
    """
    asked = Question(target=target, modalities=modalities, **question)
    return run_study(table, asked, Options(out, budget, jobs, resume, joins_from(join)), progress)


def judge(
    predictions: Any,
    target: str,
    *,
    singles: Mapping[str, str | Sequence[str]],
    fusions: Mapping[str, str | Sequence[str]],
    out: str | Path | None = None,
    **columns: Any,
) -> Study:
    """Give the same verdict on predictions made elsewhere; nothing is trained.

    Parameters
    ----------
    predictions : path, or pandas, polars or Arrow table
        A row for each prediction: one a row, or one a repeat and row.
    target : str
        Column with the truth.
    singles, fusions : mapping of name to column
        Probability of the second class, or the predicted value; for several classes a pattern ``"p_text_*"`` or a
        list of columns, one a class. A single is called by its modality, or ``modality/model``.
    out : path, optional
        Folder for note, report and verdict.
    **columns
        ``row, repeat, fold, group`` (columns), ``margin, metric, task``.

    Returns
    -------
    Study

    Examples
    --------
    >>> import numpy as np, pyarrow as pa, fuseworthy as fw
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 400)
    >>> a, b = (y * 2 - 1 + rng.normal(size=(2, 400)))
    >>> p = lambda z: 1 / (1 + np.exp(-2 * z))
    >>> table = pa.table({"y": y, "a": p(a), "b": p(b), "both": p(a + b)})
    >>> fw.judge(table, "y", singles={"a": "a", "b": "b"}, fusions={"sum": "both"}).verdict.outcome
    'FUSE'
    """
    from fuseworthy.study.judge import Judgement, run_judgement

    return run_judgement(predictions, Judgement(target, dict(singles), dict(fusions), **columns), out)
