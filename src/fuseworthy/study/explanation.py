"""Where a gain or a harm comes from: everything beside the verdict that is read from the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.evidence.abstention import abstention_facts
from fuseworthy.evidence.attribution import attribution_facts
from fuseworthy.evidence.corp import comparable_scales, pool_calibrations
from fuseworthy.evidence.costs import cost_facts
from fuseworthy.evidence.dominance import dominance_facts
from fuseworthy.evidence.duel import one_sided_error, policies
from fuseworthy.evidence.encoders import encoder_facts
from fuseworthy.evidence.headroom import headroom_facts
from fuseworthy.evidence.intervals import row_means
from fuseworthy.evidence.missing import Hidden, missing_facts
from fuseworthy.evidence.multiple import model_confidence_set
from fuseworthy.evidence.outcome import Verdict
from fuseworthy.evidence.policies import best_overall
from fuseworthy.evidence.rescue import rescue_matrix
from fuseworthy.evidence.slices import slice_facts
from fuseworthy.evidence.weights import weight_facts
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats


@dataclass(frozen=True)
class Seen:
    """What is known of the data beside the ledger.

    Parameters
    ----------
    dimensions : modality -> features that an early fusion learns from it
    observations : what was seen of the data before training, see `fuseworthy.study.observe`
    descriptors : name -> (n,) numbers or labels of the table's rows, to describe slices by
    asked : descriptors asked for
    shares : network -> modality -> share of its weights
    encoders : modality -> single -> the encoder whose block it reads
    hidden : what a fusion predicts where modalities are hidden from it
    """

    dimensions: Mapping[str, int] = field(default_factory=dict)
    observations: Mapping[str, Any] = field(default_factory=dict)
    descriptors: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    encoders: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    hidden: Hidden | None = None


def explanation_facts(
    ledger: Ledger, verdict: Verdict, losses: Mapping[str, Floats], table: list[dict[str, Any]], seen: Seen
) -> dict[str, Any]:
    """Headroom, value, slices, calibration, abstention and costs.

    Parameters
    ----------
    losses : name -> (repeats, n), what decides
    table : a row a strategy, with its costs
    """
    single, fusion = verdict.best_single, verdict.best_fusion
    attribution = attribution_facts(ledger, losses, verdict.margin)
    return {
        "encoders": encoder_facts(ledger, losses, seen.encoders),
        "headroom": headroom_facts(ledger, losses, verdict.margin, seen.dimensions),
        "attribution": attribution,
        "weights": weight_facts(seen.shares, attribution),
        "dominance": dominance_facts(ledger, losses, verdict.margin),
        "confidence_set": confidence_set(ledger, losses),
        "rescue_by_modality": rescue_by_modality(ledger, losses, fusion),
        "slices": find_slices(ledger, losses, seen),
        "scales": comparable_scales(ledger),
        "pools": pool_calibrations(ledger, single, ledger.names(kind="fusion")),
        "abstention": abstention_facts(ledger, single, fusion),
        "costs": cost_facts(table, single, fusion),
        "missing": missing_facts(ledger, seen.hidden, verdict.margin),
        "decomposition": seen.observations.get("decomposition"),
    }


def find_slices(ledger: Ledger, losses: Mapping[str, Floats], seen: Seen) -> dict[str, Any]:
    """Slices of the rows by their columns, the modalities they have, and how sure each modality is alone."""
    single, fusion = policies(ledger, losses)
    gain = row_means(single.loss - fusion.loss)
    rows = np.flatnonzero(np.isfinite(gain))
    times = max(len(ledger.label_names), 1)
    columns = {name: np.tile(values, times)[rows] for name, values in seen.descriptors.items()}
    if len(np.unique(ledger.pattern)) > 1:
        columns["modalities present"] = ledger.pattern[rows]
    if ledger.task.is_classification:
        for modality in ledger.modalities:
            best = best_overall(losses, ledger.names(modality=modality))
            columns[f"certainty of {modality}"] = np.nanmean(ledger.of(best)[:, rows], axis=0).max(axis=1)
    clusters = None if ledger.folds.clusters is None else ledger.folds.clusters[rows]
    return slice_facts(gain[rows], clusters, columns, seen.asked, alpha=one_sided_error(ledger))


def confidence_set(ledger: Ledger, losses: Mapping[str, Floats]) -> list[dict[str, Any]]:
    """Singles and fusions that cannot be told from the best, surest first (90 % model confidence set)."""
    names = [*ledger.names(kind="single"), *ledger.names(kind="fusion")]
    found = model_confidence_set({name: losses[name] for name in names}, ledger.folds)
    return [{"name": name, "p": p, "inside": p >= 0.1} for name, p in sorted(found.items(), key=lambda pair: -pair[1])]


def rescue_by_modality(ledger: Ledger, losses: Mapping[str, Floats], fusion: str) -> list[dict[str, Any]]:
    """The fusion against the best single of every modality."""
    best = {m: best_overall(losses, ledger.names(modality=m)) for m in ledger.modalities}
    return [{"modality": m} | rescue_matrix(ledger, single, fusion) for m, single in best.items()]
