"""The estimators: rows to blocks, blocks to a fitted strategy, and any rows to its predictions."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Mapping
from numbers import Integral
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from fuseworthy.errors import InputError, UnseenAbsenceWarning
from fuseworthy.estimators.rows import is_frame, settle_modalities, table_of_array, table_of_frame
from fuseworthy.estimators.targets import read_classes, read_column, read_values
from fuseworthy.folds import Ints
from fuseworthy.inputs.duplicates import duplicate_groups, merge_groups
from fuseworthy.inputs.encode import encode_rows, learn_encodings
from fuseworthy.inputs.modality import Modality
from fuseworthy.inputs.unreadable import require_readable, warn_of_unreadable
from fuseworthy.strategies.custom import as_strategy
from fuseworthy.strategies.part import INNER, Blocks, presence, whole_part
from fuseworthy.strategies.strategy import FusionStrategy, fit_strategy, strategy_named
from fuseworthy.task import Floats, Task

RandomState = int | np.random.RandomState | None


class FusionEstimator(BaseEstimator):  # type: ignore[misc]
    """What all fusion estimators share; a subclass says which strategy it fits."""

    modalities: Mapping[str, Modality] | None
    random_state: RandomState

    @abstractmethod
    def _chosen(self) -> FusionStrategy:
        """The strategy that its parameters name."""

    def _learn(self, table: pa.Table, y: NDArray[Any], task: Task, groups: Any, *, array: bool) -> None:
        strategy = self._chosen()
        modalities, self.left_out_ = settle_modalities(table, self.modalities, array=array)
        if not array:
            read = {column for modality in modalities.values() for column in modality.columns}
            self.feature_names_in_ = np.array([c for c in table.column_names if c in read], dtype=object)
            self.n_features_in_ = len(self.feature_names_in_)
        self.encodings_, blocks = learn_encodings(table, modalities)
        require_readable(blocks)
        warn_of_unreadable(blocks, 3)
        clusters = _clusters(table, modalities, groups)
        part = whole_part(y, task, _seed(self.random_state), clusters)
        self.predictor_, self.setting_ = fit_strategy(strategy, blocks, part)
        self.always_present_ = tuple(m for m, views in blocks.items() if presence(views).all())
        self.modalities_ = modalities

    def _fit_table(self, X: Any, y: Any) -> tuple[pa.Table, NDArray[Any], bool]:
        """The table, the target, and whether X is an array."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
        array = not is_frame(X)
        if array:
            table = table_of_array(self._checked(X, reset=True))
        else:
            table = table_of_frame(X)
            if table.num_rows < INNER:
                raise InputError(f"a table must have at least {INNER} rows to learn from, but has {table.num_rows}.")
        target = read_column(y, "y")
        check_consistent_length(np.empty(table.num_rows), target)
        return table, target, array

    def _answer(self, X: Any) -> Floats:
        """Predictions of the strategy, (n, width)."""
        check_is_fitted(self, "predictor_")
        named = hasattr(self, "feature_names_in_")
        if is_frame(X) != named:
            kinds = ("a table with named columns", "an array")
            came, wanted = kinds if not named else kinds[::-1]
            raise InputError(f"X must be {wanted}, as it was in fit, but {came} came.")
        table = table_of_frame(X) if named else table_of_array(self._checked(X, reset=False))
        blocks = encode_rows(table, self.encodings_)
        require_readable(blocks)
        warn_of_unreadable(blocks, 3)
        self._warn_of_absence(blocks)
        return self.predictor_.predict(blocks, np.arange(table.num_rows))

    def _warn_of_absence(self, blocks: Blocks) -> None:
        """Once a call; not of one modality or a single, whose answer to absence is the prior, nor of networks that were
        trained with modalities hidden."""
        if len(blocks) < 2 or getattr(self.predictor_, "told_of_absence", False):
            return
        lacking = {m: presence(blocks[m]) for m in self.always_present_}
        said = [
            f"{m!r} in {int((~here).sum()):,} of {len(here):,} rows" for m, here in lacking.items() if not here.all()
        ]
        if said:
            warnings.warn(
                f"a modality must be missing in some rows of fit for its absence to be learned, but missing now and never "
                f"then is {', '.join(said)}: what is predicted there was not calibrated for that. Fit with rows that lack "
                "it, or take a network, which learns with modalities hidden; a study's missing() measures what it costs.",
                UnseenAbsenceWarning,
                stacklevel=4,
            )

    def _checked(self, X: Any, *, reset: bool) -> Floats:
        fewest = INNER if reset else 1
        return np.asarray(
            validate_data(
                self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=fewest
            )
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class ClassifierOfTables(ClassifierMixin, FusionEstimator):  # type: ignore[misc]
    """Fusion for classes."""

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Encode the table, tune on inner folds, calibrate, and fit on all rows.

        Parameters
        ----------
        X : pandas, polars or Arrow table of n rows; or (n, d) array of numbers
        y : (n,) labels
        groups : (n,) array, optional
            Rows of one group are kept on one side of every inner fold.

        Raises
        ------
        InputError
            Columns that are missing or cannot be read, one class only, or a missing label.
        """
        table, target, array = self._fit_table(X, y)
        self.classes_, codes, task = read_classes(target)
        self._learn(table, codes, task, groups, array=array)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Calibrated probabilities of ``classes_``, (n, classes)."""
        return self._answer(X)

    def predict(self, X: Any) -> NDArray[Any]:
        """The likeliest class of each row, (n,)."""
        likeliest = self._answer(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])


class RegressorOfTables(RegressorMixin, FusionEstimator):  # type: ignore[misc]
    """Fusion for numbers."""

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Encode the table, tune on inner folds, calibrate, and fit on all rows.

        Parameters
        ----------
        X : pandas, polars or Arrow table of n rows; or (n, d) array of numbers
        y : (n,) numbers
        groups : (n,) array, optional
            Rows of one group are kept on one side of every inner fold.

        Raises
        ------
        InputError
            Columns that are missing or cannot be read, or a missing target.
        """
        table, target, array = self._fit_table(X, y)
        values, task = read_values(target)
        self._learn(table, values, task, groups, array=array)
        return self

    def predict(self, X: Any) -> Floats:
        """The expected target of each row, (n,)."""
        return self._answer(X)[:, 0]


class _ByStrategy:
    """The parameters of an estimator that takes any strategy."""

    def __init__(
        self,
        modalities: Mapping[str, Modality] | None = None,
        strategy: str | FusionStrategy = "stacking",
        *,
        random_state: RandomState = None,
    ) -> None:
        self.modalities = modalities
        self.strategy = strategy
        self.random_state = random_state

    def _chosen(self) -> FusionStrategy:
        return _strategy(self.strategy)


class FusionClassifier(_ByStrategy, ClassifierOfTables):
    """Classes from several modalities, any of which a row may lack.

    Every modality's learners are tuned on three inner folds and calibrated, and a strategy joins them, exactly as in
    a study; nothing is compared, so ask a study first whether to fuse at all.

    Parameters
    ----------
    modalities : mapping of name to Text, Tabular or Embedding, optional
        What the columns are. Left out, it is inferred from a table's columns; an array is one tabular modality with
        columns ``x0``, ``x1``, ….
    strategy : str or FusionStrategy
        ``mean``, ``weighted-mean``, ``log-pool``, ``stacking``, ``greedy`` (late), ``early-linear``,
        ``early-boosting``, ``best-single``, a single such as ``note/linear``, a network such as ``gated`` (extra
        ``deep``), or your own: an object with the ``fit`` of `fuseworthy.strategies.strategy.FusionStrategy`, a
        scikit-learn estimator, or a function that makes a torch module.
    random_state : int, RandomState or None

    Attributes
    ----------
    classes_ : (classes,) array
    n_features_in_, feature_names_in_
        Columns that are read, and their names if X was a table.
    modalities_ : dict
        The modalities used.
    always_present_ : tuple of str
        Modalities that no row of fit lacked.
    left_out_ : dict
        Column -> why it is not used.
    encodings_ : dict
        Modality -> view -> what was learned to encode new rows.
    setting_ : dict
        What tuning chose.
    predictor_ : Predictor

    Notes
    -----
    A row lacks a modality if all its cells are missing; a table that has none of a modality's columns lacks it in
    every row. Nothing is filled in: strategies are told. A table that has some of a modality's columns and not others
    is refused. Columns are found by name, so their order does not matter, and others are not read. A category that
    was never seen is no known category: no one-hot column is set, and trees take it for missing. With fewer than six
    rows that have a modality, that modality says the prior.

    What a missing modality means is learned from rows of ``fit`` that lack it. If none did, and rows to predict do, each
    call of ``predict`` or ``predict_proba`` warns once (`UnseenAbsenceWarning`), with the modalities and how many rows.
    Networks hide modalities in training and singles say the prior, so of them there is no such warning.

    Rows whose file cannot be read lack the modality, and are named by a warning (`UnreadableFilesWarning`); more than 1 % of
    a modality's rows are refused. Empty their cells to have them count as plainly missing.

    Examples
    --------
    >>> import fuseworthy as fw
    >>> rng = np.random.default_rng(0)
    >>> sick = rng.integers(0, 2, 60)
    >>> notes = [" ".join(rng.choice(["tired", "cough"] if s else ["calm", "rested"], 3)) for s in sick]
    >>> pulses = 70 + 9 * sick + rng.normal(0, 8, 60)
    >>> rows = pa.table({"note": [None] * 6 + notes[6:], "pulse": [*pulses[:54], *[None] * 6]})  # each is missing at times
    >>> modalities = {"note": fw.Text("note"), "vitals": fw.Tabular("pulse")}
    >>> model = fw.FusionClassifier(modalities, strategy="early-linear", random_state=0).fit(rows, sick)
    >>> model.predict(pa.table({"note": ["cough cough", None], "pulse": [None, 65.0]})).tolist()
    [1, 0]
    >>> model.predict(pa.table({"note": ["calm and rested"]})).tolist()  # a table without the vitals
    [0]
    """


class FusionRegressor(_ByStrategy, RegressorOfTables):
    """A number from several modalities, any of which a row may lack.

    Parameters, attributes and what happens to missing modalities are those of `FusionClassifier`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.normal(size=(60, 3))
    >>> model = FusionRegressor(strategy="table/linear", random_state=0).fit(rows, rows @ [1.0, 2.0, 0.0])
    >>> model.predict([[1.0, 1.0, 5.0]]).round(1).tolist()
    [3.0]
    """


def _strategy(given: Any) -> FusionStrategy:
    return strategy_named(given) if isinstance(given, str) else as_strategy(given)


def _clusters(table: pa.Table, modalities: Mapping[str, Modality], groups: Any) -> Ints | None:
    """Rows that no inner fold may part: those of one group, and copies of one another, as in a study."""
    copies = duplicate_groups(table, modalities)
    if groups is None:
        return copies
    own = np.unique(read_column(groups, "groups"), return_inverse=True)[1].astype(np.int64)
    check_consistent_length(np.empty(table.num_rows), own)
    return own if copies is None else merge_groups(own, copies)


def _seed(random_state: RandomState) -> int:
    state = check_random_state(random_state)
    return int(random_state) if isinstance(random_state, Integral) else int(state.randint(2**31 - 1))
