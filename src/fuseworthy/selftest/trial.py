"""One data set: drawn, split, learned from, put into a real ledger, given the real verdict, held against the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fuseworthy.evidence.deciding import deciding_losses
from fuseworthy.evidence.duel import policies
from fuseworthy.evidence.outcome import Verdict
from fuseworthy.evidence.policies import Policy
from fuseworthy.evidence.refusals import refusal_reasons
from fuseworthy.evidence.verdict import decide
from fuseworthy.folds import Folds, Ints, default_plan, make_folds
from fuseworthy.ledger import Ledger
from fuseworthy.selftest.candidates import Field, candidates, fit
from fuseworthy.selftest.draws import Draw, draw
from fuseworthy.selftest.learners import moments, predict
from fuseworthy.selftest.risks import true_losses
from fuseworthy.selftest.settings import Setting
from fuseworthy.task import Floats

Decide = Callable[..., Verdict]
TIME_FOLDS = 6
SEED_BLOCKS = 20


@dataclass(frozen=True)
class Trial:
    """What the verdict said about one data set, and what was true of its policies.

    Parameters
    ----------
    outcome : str
    gain, low, high : float
    truth : float
        Expected gain, on new rows, of the fusion policy's models over the single policy's models.
    se : float
        Standard error that the verdict reports.
    refused : bool
        There is too little data for any claim.
    wrong_labels, null_labels : int
        Labels called FUSE or SUPERIOR_UNPROVEN though they gain nothing, and labels that gain nothing.
    """

    outcome: str
    gain: float
    low: float
    high: float
    truth: float
    se: float
    refused: bool
    wrong_labels: int = 0
    null_labels: int = 0


def run_trial(setting: Setting, rng: np.random.Generator, decide: Decide = decide) -> Trial:
    """Draw one data set, decide, and compare with the truth.

    Parameters
    ----------
    decide : callable
        The procedure on trial; the verdict of record unless a test passes a wrong one.
    """
    field = candidates(setting)
    made = Contest(setting, field, rng)
    ledger = made.ledger()
    metric = "log-loss" if setting.population.task.is_classification else "r2"
    verdict = decide(ledger, metric=None if setting.decide_on else metric, decide_on=setting.decide_on)
    truths = made.true_gains(ledger, rng)
    null = [label for label, truth in zip(ledger.label_names, truths, strict=False) if truth <= 0]
    claims = {row["label"] for row in verdict.labels if row["outcome"] in ("FUSE", "SUPERIOR_UNPROVEN")}
    return Trial(
        outcome=verdict.outcome,
        gain=verdict.gain,
        low=verdict.low,
        high=verdict.high,
        truth=float(np.mean(truths)),
        se=verdict.se,
        refused=bool(refusal_reasons(ledger.y, ledger.task, ledger.folds, ledger.labels)),
        wrong_labels=len(claims & set(null)),
        null_labels=len(null),
    )


class Contest:
    """A drawn data set with its folds and, for every label, the models of every training part."""

    def __init__(self, setting: Setting, field: Field, rng: np.random.Generator) -> None:
        self.setting, self.field = setting, field
        population, design = setting.population, setting.design
        self.rows = train = draw(population, design, setting.noise_candidates, design.rows, rng)
        if design.split == "held-out":
            train = draw(population, design, setting.noise_candidates, design.rows, rng)
            seeds = max(design.repeats, 1)
            self.folds = Folds("held-out", np.zeros((seeds, design.rows), dtype=np.int64), self.rows.groups)
            block, parts = _seeds(seeds, design.rows, rng)
        else:
            self.folds = _split(setting, self.rows, rng)
            block = self.folds.assignment + 1
            parts = np.tile(_training_blocks(self.folds), (self.folds.repeats, 1, 1))
        self.models = [
            fit(field, moments(x, y, population.task, block, parts)) for x, y in zip(train.x, train.y, strict=True)
        ]

    def ledger(self) -> Ledger:
        """Predictions of every model for the rows that it did not see; long if there are several labels."""
        task, labels, n = self.setting.population.task, len(self.models), self.setting.design.rows
        folds = self.folds
        if labels > 1:
            clusters = np.tile(np.arange(n), labels)
            folds = Folds("shuffled", np.tile(folds.assignment, labels), clusters)
        predictions = {
            name: np.concatenate(
                [self._out_of_fold(m[name], x) for m, x in zip(self.models, self.rows.x, strict=True)], axis=1
            )
            for name in self.field
        }
        return Ledger(
            task=task,
            y=self.rows.y.ravel(),
            folds=folds,
            predictions=predictions,
            strategies={name: strategy for name, (strategy, _) in self.field.items()},
            ids=np.arange(n * labels),
            pattern=np.full(n * labels, "all", dtype=object),
            data_hash="made",
            labels=np.repeat([f"label {j + 1}" for j in range(labels)], n) if labels > 1 else None,
        )

    def _out_of_fold(self, weights: Floats, x: Floats) -> Floats:
        """(repeats, n, width); NaN where a row is not scored."""
        folds, task = self.folds, self.setting.population.task
        by_part = weights.reshape(folds.repeats, -1, *weights.shape[1:])
        out = np.full((folds.repeats, len(x), task.width), np.nan)
        for r in range(folds.repeats):
            for k in range(folds.count):
                rows = folds.test(r, k)
                out[r, rows] = predict(by_part[r, k], x[rows], task)
        return out

    def true_gains(self, ledger: Ledger, rng: np.random.Generator) -> list[float]:
        """Of each label: what the policies' models gain on new rows, averaged as their scored rows are."""
        losses = deciding_losses(ledger, self.setting.decide_on)
        pair = policies(ledger, losses)
        return [self._true_gain(pair, label, rng) for label in range(len(self.models))]

    def _true_gain(self, pair: tuple[Policy, Policy], label: int, rng: np.random.Generator) -> float:
        single_policy, fusion_policy = pair
        folds = single_policy.folds
        models = self.models[label]
        used, sizes = [], []
        for r, row in enumerate(single_policy.chosen):
            for k, single in enumerate(row):
                if single:
                    part = r if self.folds.count == 1 else r * folds.count + k
                    used += [models[single][part], models[fusion_policy.chosen[r][k]][part]]
                    sizes.append(len(folds.test(r, k)))
        losses = true_losses(np.array(used), self.setting, label, rng)
        return float(np.average(losses[::2] - losses[1::2], weights=sizes))


def _split(setting: Setting, rows: Draw, rng: np.random.Generator) -> Folds:
    design, task = setting.design, setting.population.task
    seed = int(rng.integers(1 << 31))
    if design.split == "time":
        return make_folds(rows.y[0], task, n_folds=TIME_FOLDS, n_repeats=1, time=np.arange(design.rows))
    k, repeats = default_plan(design.rows)
    alone = len(rows.y) == 1
    return make_folds(
        rows.y[0] if alone else np.zeros(design.rows),
        task if alone else type(task)("regression"),
        n_folds=k,
        n_repeats=design.repeats or repeats,
        clusters=rows.groups,
        random_state=seed,
    )


def _seeds(seeds: int, rows: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Blocks of the training rows, (seeds, n), and how often each seed takes each block, (seeds, 1, blocks).

    One seed takes all rows. Several stand for training that depends on chance: each resamples twenty blocks.
    """
    block = rng.permuted(np.tile(np.arange(rows) % SEED_BLOCKS, (seeds, 1)), axis=1)
    parts = np.ones((seeds, 1, SEED_BLOCKS))
    if seeds > 1:
        parts[:, 0] = rng.multinomial(SEED_BLOCKS, np.full(SEED_BLOCKS, 1 / SEED_BLOCKS), size=seeds)
    return block, parts


def _training_blocks(folds: Folds) -> Floats:
    """Which blocks train for each fold, (folds, blocks): all others, or all earlier ones; block 0 is never scored."""
    k, b = np.arange(folds.count)[:, None], np.arange(folds.count + 1)[None]
    return np.asarray(b < k + 1 if folds.order is not None else b != k + 1, dtype=np.float64)
