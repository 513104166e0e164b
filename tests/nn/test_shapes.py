"""Errors say what must hold, what came, and what to do."""

from __future__ import annotations

import pytest
import torch

from fuseworthy.nn import ConcatFusion, EnergyWeightedFusion, EvidentialFusion, FiLMFusion, TensorFusion

X = {"audio": torch.zeros(4, 3), "text": torch.zeros(4, 6, 2)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({"audoi": X["audio"]},), r"of this fusion \(audio, text\), but 'audoi' came. Did you mean 'audio'\?"),
        (({},), "inputs must hold at least one modality"),
        (({"audio": torch.zeros(4, 5)},), r"must be \(n, 3\) or \(n, t, 3\), but it is \(4, 5\)"),
        (({"audio": torch.zeros(3)},), r"but it is \(3,\)"),
        (({**X, "audio": torch.zeros(5, 3)},), "the same rows, but 'audio' has 5 and 'text' has 4"),
        ((X, {"audio": torch.ones(3).bool()}), r"present\['audio'\] must have the shape \(4,\), but it is \(3,\)"),
        ((X, None, {"text": torch.ones(4, 5).bool()}), r"mask\['text'\] must have the shape \(4, 6\)"),
        ((X, None, None, {"text": torch.ones(4, 5)}), r"times\['text'\] must have the shape \(4, 6\)"),
        ((X, {"smell": torch.ones(4).bool()}), "present must hold only modalities of this fusion"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ConcatFusion(inputs={"audio": 3, "text": 2}, outputs=2)(*arguments)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ConcatFusion(inputs={}, outputs=2), "at least one modality"),
        (lambda: ConcatFusion(inputs={"a": 0}, outputs=2), "'a' has 0"),
        (lambda: ConcatFusion(inputs={"a": 1}, outputs=0), "outputs must be at least 1, but 0"),
        (lambda: EvidentialFusion(inputs={"a": 1}, outputs=1), "at least 2 outputs"),
        (lambda: EnergyWeightedFusion(inputs={"a": 1}, outputs=1), "at least 2 outputs"),
        (lambda: TensorFusion(inputs=dict.fromkeys("abcdefg", 1), outputs=2), "at most 6 modalities, but 7 came"),
        (lambda: FiLMFusion(inputs={"a": 1, "b": 1}, outputs=2, primary="c"), r"\(a, b\), but 'c' was given"),
    ],
)
def test_sizes_that_cannot_be_built_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
