"""The Python front door: compare, judge and inspect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fuseworthy.evidence.verdict import DEFAULT_MARGIN
from fuseworthy.inputs.files import Files
from fuseworthy.inputs.modality import Modality
from fuseworthy.inputs.unreadable import MOST_UNREADABLE
from fuseworthy.study.progress import Progress
from fuseworthy.study.question import Options, Question, joins_from
from fuseworthy.study.run import run_study
from fuseworthy.study.study import Study


def compare(
    table: Any,
    target: str | Sequence[str],
    *,
    modalities: Mapping[str, Modality] | None = None,
    task: str | None = None,
    group: str | None = None,
    time: str | None = None,
    id: str | None = None,
    drop_unlabelled: bool = False,
    join: Mapping[str, Any] | None = None,
    files: Mapping[str, Files] | None = None,
    metric: str | None = None,
    margin: float = DEFAULT_MARGIN,
    worth: str | None = None,
    decide_on: str | None = None,
    anyway: bool = False,
    attribution: bool = True,
    decompose: bool = False,
    slices: Sequence[str] = (),
    strategies: Sequence[Any] | None = None,
    tune_encoders: bool = False,
    folds: int | None = None,
    repeats: int | None = None,
    random_state: int = 0,
    root: str | Path | None = None,
    max_unreadable: float = MOST_UNREADABLE,
    budget: float | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Study:
    """Build the strongest singles, compare every fusion on the same folds, and decide.

    Parameters
    ----------
    table : path, or pandas, polars or Arrow table, of n rows
    target : str, or sequence of str
        Column to predict; or several yes/no columns (a sequence, or "a,b,c"), decided on together.
    modalities : mapping of name to Text, Tabular, Image, Audio, Video, Series or Embedding, optional
        Inferred from the columns if left out.
    task : {"binary", "multiclass", "regression"}, optional
        Inferred from the target if left out.
    group : str, optional
        Column; rows with one value are never split between training and scoring.
    time : str, optional
        Column; folds then train on the past and score the future.
    id : str, optional
        Key column, for naming rows.
    drop_unlabelled : bool
        Leave out rows without a target, counted.
    join : mapping of key column to a further table, or to a list of them, optional
        Joined by key, never by position.
    files : mapping of name to Files, optional
        Files that belong to rows by their names: ``{"photo": Files("photos/{id}.png", kind="image")}``.
    metric : str, optional
        Headline metric: auc, accuracy, balanced-accuracy, macro-f1, brier, log-loss, r2 or mae. It is reported; what
        decides is the log-loss or the squared error.
    margin : float
        Smallest gain worth a fusion's cost: nats a row, or share of the target's variance.
    worth : str, optional
        The margin as a price of time: "0.5ms:0.002" asks for .002 for every half millisecond a row takes longer.
    decide_on : str, optional
        Decide on this metric instead, with ``margin`` in its unit. It needs more rows for the same gain.
    anyway : bool
        Go on although the probes find that fusion is unlikely to pay.
    attribution : bool
        Retrain without each modality, to say what each is worth.
    decompose : bool
        Estimate the redundant, unique and synergistic information of two modalities.
    slices : sequence of str
        Columns whose values are tested as slices before any others.
    strategies : sequence, optional
        Fusions by name ("stacking", "gated", "hybrid:audio+video"), by group ("cheap", "all", "late", "early",
        "intermediate", "attention", "uncertainty", "remedies"), or your own: an object with ``fit``, a scikit-learn
        estimator, a function that makes a torch module, or "file.py:Name". Left out ("auto"): the cheap ones, and
        networks where rows and probes give reason.
    tune_encoders : bool
        Train encoders together with the fusion as one more strategy, ``tuned``, and each on its modality alone as one more
        single: a transformer of texts or pictures (``hf:FOLDER``) by LoRA or in its last two layers, and a small
        convolutional network for pictures without one. For machines with a GPU; needs the extra ``deep``.
    folds, repeats : int, optional
        By the number of rows if left out.
    random_state : int
        Same seed, same ledger, byte for byte.
    root : path, optional
        The folder that paths of files in the table are relative to and may not leave; the table's own if left out. A data
        frame has none.
    max_unreadable : float
        Share of a modality's rows whose files may be unreadable. Such rows lack the modality, are counted and named; above
        this share the study refuses.
    budget : float, optional
        Minutes after which no new work is begun; whole repeats that are done are kept.
    out : path, optional
        Run folder, so that a killed run can go on; a temporary one if left out.
    resume : bool
        Insist that ``out`` holds this study already.
    jobs : int, optional
        Worker processes.
    progress : Progress, optional
        Listener, see `fuseworthy.study.progress`.

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
    asked = Question(
        target=target,
        modalities=modalities,
        task=task,
        group=group,
        time=time,
        id=id,
        metric=metric,
        margin=margin,
        worth=worth,
        decide_on=decide_on,
        anyway=anyway,
        attribution=attribution,
        decompose=decompose,
        slices=tuple(slices),
        folds=folds,
        repeats=repeats,
        strategies=strategies,
        tune_encoders=tune_encoders,
        random_state=random_state,
        drop_unlabelled=drop_unlabelled,
        files=files,
        root=root,
        max_unreadable=max_unreadable,
    )
    return run_study(table, asked, Options(out, budget, jobs, resume, joins_from(join)), progress)


def judge(
    predictions: Any,
    target: str | Sequence[str],
    *,
    singles: Mapping[str, str | Sequence[str]],
    fusions: Mapping[str, str | Sequence[str]],
    row: str | None = None,
    repeat: str | None = None,
    fold: str | None = None,
    group: str | None = None,
    task: str | None = None,
    metric: str | None = None,
    margin: float = DEFAULT_MARGIN,
    decide_on: str | None = None,
    out: str | Path | None = None,
) -> Study:
    """Give the same verdict on predictions made elsewhere; nothing is trained.

    Parameters
    ----------
    predictions : path, or pandas, polars or Arrow table
        A row for each prediction: one a row, or one a repeat and row.
    target : str, or sequence of str
        Column with the truth; or several yes/no columns, for which each prediction names a column a target.
    singles, fusions : mapping of name to column
        Probability of the second class, or the predicted value; for several classes a pattern ``"p_text_*"`` or a
        list of columns, one a class. A single is called by its modality, or ``modality/model``.
    row, repeat, fold, group : str, optional
        Columns: which rows are the same in several repeats, the repeat, the fold, rows that are not independent.
        Without ``fold`` the rows are one held-out set.
    task, metric, margin, decide_on
        As for `compare`.
    out : path, optional
        Folder for note, report and verdict.

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

    ask = Judgement(target, singles, fusions, row, repeat, fold, group, margin, metric, task, decide_on)
    return run_judgement(predictions, ask, out)
