"""A model: the fusion that a study recommends or its best single, with every modality's own single beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.deploy.answers import Answers
from fuseworthy.deploy.learned import LearnedRows
from fuseworthy.deploy.router import FUSION, PRIOR, Router
from fuseworthy.errors import InputError
from fuseworthy.evidence.shapley import MOST_MEMBERS
from fuseworthy.inputs.blocks import NOTHING, patterns
from fuseworthy.inputs.encode import Encodings, encode_rows, moved, text_columns
from fuseworthy.inputs.modality import Modality
from fuseworthy.inputs.tables import home_of, read_table
from fuseworthy.inputs.unreadable import (
    ALLOW_MORE,
    MOST_UNREADABLE,
    require_readable,
    unreadable_rows,
    warn_of_unreadable,
)
from fuseworthy.strategies.hidden import hidden
from fuseworthy.strategies.part import Blocks, Predictor, presence
from fuseworthy.task import Floats, Task

if TYPE_CHECKING:
    from fuseworthy.deploy.compress import Compressed, Wanted
    from fuseworthy.deploy.export.write import Exported


@dataclass(frozen=True, repr=False)
class Model:
    """Answers rows with any of their modalities, as a study decided.

    Parameters
    ----------
    task : Task
    target : str
        The column it predicts.
    modalities : mapping of name to Modality
    encodings : mapping of modality to view to what was learned to encode rows
    singles : mapping of ``modality/family`` to its predictor, one a modality, the best first
    fusion : the fusion's name and predictor, or None where the best single is recommended
    router : Router
    prior : (width,) what answers a row without any modality
    threshold : float, optional
        Certainty of the fusion (of the best single where that is recommended) below which a row is marked as abstained
        from.
    about : dict
        What the study said: verdict, note, declared limits, reference statistics, versions.
    learned_rows : LearnedRows, optional
        Digests of the rows it was fitted on, so that these are never scored; None where that is not known.

    Examples
    --------
    >>> import fuseworthy as fw
    >>> from fuseworthy.datasets.synthetic import make
    >>> table = make("T1", 300, 0).to_table()
    >>> study = fw.compare(table, "y", modalities={"a": fw.Embedding("x1"), "b": fw.Embedding("x2")},
    ...                    strategies=["mean"], folds=3, repeats=1)
    >>> model = study.deploy()
    >>> model.predict_proba(table.select(["x1"]).slice(0, 2)).shape      # without b
    (2, 2)
    """

    task: Task
    target: str
    modalities: Mapping[str, Modality]
    encodings: Encodings
    singles: Mapping[str, Predictor]
    fusion: tuple[str, Predictor] | None
    router: Router
    prior: Floats
    threshold: float | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    learned_rows: LearnedRows | None = None

    @property
    def name(self) -> str:
        """The strategy it deploys."""
        return self.fusion[0] if self.fusion else next(iter(self.singles))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return tuple(sorted({column for own in self.modalities.values() for column in own.columns}))

    @cached_property
    def text_columns(self) -> frozenset[str]:
        """Those whose cells are words, whatever they look like in a CSV file."""
        return text_columns(self.encodings)

    @cached_property
    def single_of(self) -> dict[str, str]:
        """Modality -> its single."""
        return {name.split("/")[0]: name for name in self.singles}

    def answer(self, rows: Any, *, root: str | Path | None = None, max_unreadable: float = MOST_UNREADABLE) -> Answers:
        """Everything it says of the rows: the fusion, every single, what the router chose and why, and abstention.

        Parameters
        ----------
        rows : path, or pandas, polars or Arrow table; a modality may be missing in any cell, or lack its columns altogether
        root : path, optional
            The folder that paths of files in the rows are relative to; the table's own if left out. A data frame has none.
        max_unreadable : float
            Share of a modality's rows whose files may be unreadable; such rows lack it, which `Answers.unreadable` and a
            warning tell.

        Raises
        ------
        InputError
            Columns that cannot be read as they were learned, no column of any modality, or too many unreadable files.
        """
        blocks = self._readable(rows, root, max_unreadable)
        return self.answer_blocks(blocks).with_unreadable(unreadable_rows(blocks))

    def predict_proba(
        self, rows: Any, *, root: str | Path | None = None, max_unreadable: float = MOST_UNREADABLE
    ) -> Floats:
        """Calibrated probabilities of ``task.classes``, (n, classes).

        Raises
        ------
        InputError
            The target is a number.
        """
        if not self.task.is_classification:
            raise InputError(f"predict_proba needs classes, but {self.target!r} is a number. Use predict.")
        return self.answer(rows, root=root, max_unreadable=max_unreadable).prediction

    def predict(
        self, rows: Any, *, root: str | Path | None = None, max_unreadable: float = MOST_UNREADABLE
    ) -> NDArray[Any]:
        """The likeliest class of each row as text, or the expected value, (n,)."""
        return self.answer(rows, root=root, max_unreadable=max_unreadable).labels

    def explain(self, rows: Any, *, root: str | Path | None = None, max_unreadable: float = MOST_UNREADABLE) -> Answers:
        """The answers, with what each modality contributed to them.

        Contributions sum to the answer minus the prior: of the probability of the likeliest class, or of the value. Of a
        fusion they are exact Shapley values: it is asked with every subset of the modalities, the rest hidden.

        Raises
        ------
        InputError
            More than eight modalities.
        """
        blocks = self._readable(rows, root, max_unreadable)
        return self.explain_blocks(blocks).with_unreadable(unreadable_rows(blocks))

    def save(self, folder: str | Path) -> Path:
        """Write it to a new folder; `fuseworthy.load` reads it back, and gives the same answers to the last bit.

        Raises
        ------
        InputError
            The folder holds something, or a part cannot be kept without running code when it is read.
        """
        from fuseworthy.deploy.folder import save

        return save(self, Path(folder))

    def export(self, folder: str | Path, *, check: Any = None, root: str | Path | None = None) -> Exported:
        """Write it as one ONNX graph, router and calibration inside, which runs without anything of ours.

        The graph is asked the same as the model before anything is kept: rows drawn at random with every set of
        modalities, and real ones where they are given.

        Parameters
        ----------
        folder : a new or empty one; it gets ``model.onnx`` and ``export.json``, which describes inputs and outputs
        check : path, or pandas, polars or Arrow table, optional
            Real rows to compare on; the first 1,000 are taken.
        root : path, optional
            The folder that paths of files in them are relative to.

        Raises
        ------
        InputError
            The folder holds something, a part has no form in ONNX, or the graph does not answer as the model does.
        """
        from fuseworthy.deploy.export.write import export

        return export(self, Path(folder), check=check, root=root)

    def compress(
        self,
        table: Any,
        folder: str | Path,
        wanted: Wanted | None = None,
        *,
        root: str | Path | None = None,
        on_step: Callable[[str], None] | None = None,
    ) -> Compressed:
        """Make it smaller in several ways, and hold each against it on rows that it has not learned from.

        Single precision, 8 bits, pruning, one modality, and distillation to a smaller fusion or to one modality; each
        with its size, latency and memory, and the answer to "not inferior by the margin?".

        Parameters
        ----------
        table : path, or pandas, polars or Arrow table with the target; rows it was fitted on are left out and told
        folder : a new or empty one; see `fuseworthy.deploy.compress.Compressed`
        wanted : Wanted, optional
            Which candidates, margin, groups, folds, seed.
        root : path, optional
            The folder that paths of files in the table are relative to.
        on_step : callable (what is done next), optional

        Raises
        ------
        InputError
            The folder holds something, fewer than 100 rows are new to the model, or it has no form in ONNX.
        """
        from fuseworthy.deploy.compress import Wanted, compress

        return compress(self, table, Path(folder), wanted or Wanted(), root=root, on_step=on_step)

    def blocks_of(self, rows: Any, root: str | Path | None = None) -> Blocks:
        """The rows as its predictors read them. Whoever asks for them looks at what could not be read."""
        home = home_of(rows) if root is None else Path(root)
        return encode_rows(read_table(rows, self.text_columns, self.columns)[0], moved(self.encodings, home))

    def _readable(self, rows: Any, root: str | Path | None, most: float) -> Blocks:
        blocks = self.blocks_of(rows, root)
        require_readable(blocks, most, ALLOW_MORE)
        warn_of_unreadable(blocks, 3)
        return blocks

    def answer_blocks(self, blocks: Blocks) -> Answers:
        """Everything it says of rows that are encoded already; see `answer`."""
        pattern = patterns({m: presence(views) for m, views in blocks.items()})
        everyone = np.arange(len(pattern))
        singles = {m: self.singles[name].predict(blocks, everyone) for m, name in self.single_of.items()}
        fusion = None if self.fusion is None else self.fusion[1].predict(blocks, everyone)
        prediction = np.tile(self.prior, (len(pattern), 1))
        route, why = np.full(len(pattern), PRIOR, dtype=object), np.full(len(pattern), "no modality", dtype=object)
        for own in set(pattern) - {NOTHING}:
            rows, choice = np.flatnonzero(pattern == own), self.router.choose(own)
            why[rows] = choice.why
            if self.fusion is None or fusion is None or not choice.fusion:
                route[rows], prediction[rows] = choice.single, singles[choice.single.split("/")[0]][rows]
                continue
            hides = set(choice.asked) < set(own.split("+"))
            route[rows] = FUSION
            prediction[rows] = self.fusion[1].predict(hidden(blocks, choice.asked), rows) if hides else fusion[rows]
        return Answers(
            task=self.task,
            prediction=prediction,
            pattern=pattern,
            route=route,
            why=why,
            abstained=(pattern == NOTHING) | self._unsure(prediction),
            fusion=fusion,
            singles=singles,
            present={m: presence(views) for m, views in blocks.items()},
        )

    def explain_blocks(self, blocks: Blocks) -> Answers:
        """The same with contributions; see `explain`."""
        from fuseworthy.deploy.contributions import contributions

        if len(self.modalities) > MOST_MEMBERS:
            raise InputError(
                f"contributions need at most {MOST_MEMBERS} modalities, as every subset is asked, but there are "
                f"{len(self.modalities)}. Use answer, which needs none."
            )
        answers = self.answer_blocks(blocks)
        return answers.with_contributions(contributions(self, blocks, answers))

    def _unsure(self, prediction: Floats) -> NDArray[np.bool_]:
        if self.threshold is None:
            return np.zeros(len(prediction), dtype=bool)
        return np.asarray(prediction.max(axis=1) < self.threshold)

    def __repr__(self) -> str:
        kinds = ", ".join(f"{name} ({modality.kind})" for name, modality in self.modalities.items())
        return f"Model of {self.target!r} by {self.name}: {kinds}"
