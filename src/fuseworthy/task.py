"""What is predicted, and how one row's error is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["binary", "multiclass", "regression"]
Floats = NDArray[np.float64]

CLIP = {"binary": 1e-6, "multiclass": 1e-3}
"""Smallest probability a class can get before the log-loss is taken; stated in every report."""


@dataclass(frozen=True)
class Task:
    """The kind of target, its classes, and the proper loss that decides.

    Parameters
    ----------
    kind : {"binary", "multiclass", "regression"}
    classes : tuple of str
        Class labels in the order of the probability columns; empty for regression.
    variance : float
        Variance of the target, the unit of the squared error; 1 for classification.

    Examples
    --------
    >>> task = Task("binary", ("no", "yes"))
    >>> task.row_loss(np.array([1]), np.array([[0.5, 0.5]])).round(4)
    array([0.6931])
    """

    kind: Kind
    classes: tuple[str, ...] = ()
    variance: float = 1.0

    @property
    def width(self) -> int:
        """Prediction columns: one per class, one for regression."""
        return len(self.classes) if self.classes else 1

    @property
    def is_classification(self) -> bool:
        return self.kind != "regression"

    @property
    def prediction_unit(self) -> float:
        """What differences between predictions are counted in: 1 of probabilities, the target's standard deviation."""
        return 1.0 if self.is_classification else max(float(self.variance) ** 0.5, 1e-12)

    @property
    def loss_name(self) -> str:
        return "log-loss" if self.is_classification else "squared error / variance"

    @property
    def loss_unit(self) -> str:
        return "nats/row" if self.is_classification else "of the target's variance"

    def row_loss(self, y: NDArray[Any], prediction: Floats) -> Floats:
        """Loss of each row, lower is better.

        Parameters
        ----------
        y : (n,) class codes, or target values
        prediction : (..., n, width) probabilities, or predicted values

        Returns
        -------
        (..., n) log-loss in nats with probabilities clipped at ``CLIP``, or squared error over the variance
        """
        if not self.is_classification:
            return np.asarray((y - prediction[..., 0]) ** 2 / self.variance)
        clip = CLIP[self.kind]
        chosen = np.take_along_axis(
            prediction, np.broadcast_to(y.astype(np.intp)[:, None], (*prediction.shape[:-1], 1)), axis=-1
        )
        return -np.log(np.clip(chosen[..., 0], clip, 1 - clip if self.kind == "binary" else 1.0))

    def mean_loss(self, y: NDArray[Any], prediction: Floats) -> float:
        return float(self.row_loss(y, prediction).mean())

    def prior(self, y: NDArray[Any]) -> Floats:
        """The best constant prediction for ``y``, shape (width,): class shares, or the mean."""
        if not self.is_classification:
            return np.array([float(np.mean(y))])
        counts = np.bincount(y.astype(np.intp), minlength=self.width) + 0.5
        return np.asarray(counts / counts.sum())

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "classes": list(self.classes), "variance": self.variance}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Task:
        return cls(data["kind"], tuple(data["classes"]), float(data["variance"]))
