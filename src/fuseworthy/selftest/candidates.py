"""Who competes: singles of every modality, fusions with something to say, fusions with noise, controls."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from fuseworthy.ledger import Strategy
from fuseworthy.selftest.draws import NOISE_WIDTH
from fuseworthy.selftest.learners import Moments, linear, pooled, stacked
from fuseworthy.selftest.settings import Setting
from fuseworthy.task import Floats

SHRINKAGES = (0.0, 0.3)


@dataclass(frozen=True)
class Linear:
    """One linear learner on some columns."""

    columns: tuple[int, ...]
    shrinkage: float = 0.0


@dataclass(frozen=True)
class Pool:
    """Sum of the log-odds, or of the values, of other models, recalibrated."""

    members: tuple[str, ...]


@dataclass(frozen=True)
class Stack:
    """A linear learner on the outputs of other models."""

    members: tuple[str, ...]


Recipe = Linear | Pool | Stack
Field = dict[str, tuple[Strategy, Recipe]]


def candidates(setting: Setting) -> Field:
    """Strategies by name, simple before complex, each with its recipe."""
    field: Field = {}
    own = setting.population.columns

    def enter(name: str, family: str, recipe: Recipe, modality: str | None = None, ahead: int = 0) -> None:
        field[name] = Strategy(name, family, name, modality, len(field) - ahead), recipe

    for m, columns in enumerate(own):
        for shrinkage in SHRINKAGES:
            enter(f"x{m + 1}/linear-{shrinkage:g}", "single", Linear(columns, shrinkage), f"x{m + 1}")
    firsts = tuple(f"x{m + 1}/linear-0" for m in range(len(own)))
    everything = tuple(c for columns in own for c in columns)
    enter("pool", "late", Pool(firsts))
    enter("stack", "late", Stack(firsts))
    for shrinkage in SHRINKAGES:
        enter(f"early-{shrinkage:g}", "early", Linear(everything, shrinkage))
    if len(own) > 2:
        for pair in combinations(range(len(own)), 2):
            columns = own[pair[0]] + own[pair[1]]
            enter(f"early-x{pair[0] + 1}-x{pair[1] + 1}", "early", Linear(columns))
    width = setting.population.width
    for j in range(setting.noise_candidates):
        noise = tuple(range(width + NOISE_WIDTH * j, width + NOISE_WIDTH * (j + 1)))
        columns = (own[0] if j % 2 else everything) + noise
        enter(f"noise-{j + 1}", "early", Linear(columns), ahead=100 * setting.noise_first)
    if setting.controls:
        moved = width + NOISE_WIDTH * setting.noise_candidates
        placebo = own[0] + tuple(range(moved, moved + width - len(own[0])))
        enter("control-recal", "control", Stack(firsts[:1]))
        enter("control-twin", "control", Pool(tuple(f"x1/linear-{s:g}" for s in SHRINKAGES)))
        enter("control-placebo", "control", Linear(placebo))
    return field


def fit(field: Field, found: Moments) -> dict[str, Floats]:
    """Weights of every strategy, (parts, columns + 1, outputs)."""
    models: dict[str, Floats] = {}
    for name, (_, recipe) in field.items():
        match recipe:
            case Linear(columns, shrinkage):
                models[name] = linear(found, columns, shrinkage)
            case Pool(members):
                models[name] = pooled([models[m] for m in members], found)
            case Stack(members):
                models[name] = stacked([models[m] for m in members], found)
    return models
