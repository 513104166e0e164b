"""Which encoder of a modality won, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fuseworthy.evidence.duel import choosing_folds, one_sided_error, simplest_first
from fuseworthy.evidence.intervals import paired_interval, row_means
from fuseworthy.evidence.policies import best_overall, leave_fold_out
from fuseworthy.ledger import Ledger
from fuseworthy.task import Floats


def encoder_facts(
    ledger: Ledger, losses: Mapping[str, Floats], read_by: Mapping[str, Mapping[str, str]]
) -> list[dict[str, Any]]:
    """The best single of every encoder, against that of the floor, for modalities that have several.

    Parameters
    ----------
    losses : name -> (repeats, n)
    read_by : modality -> single -> the encoder whose block it reads, the floor's singles first

    Returns
    -------
    list of dict, a row an encoder; ``gain`` with its interval is over the floor, None for the floor itself
    """
    rows = []
    for modality, singles in read_by.items():
        encoders = list(dict.fromkeys(singles.values()))
        if len(encoders) < 2:
            continue
        known = [name for name in simplest_first(ledger, modality) if name in singles]
        names = {encoder: [name for name in known if singles[name] == encoder] for encoder in encoders}
        chosen = {e: leave_fold_out(losses, own, choosing_folds(ledger)).loss for e, own in names.items() if own}
        best = min(chosen, key=lambda e: float(np.nanmean(row_means(chosen[e]))))
        for encoder, loss in chosen.items():
            row: dict[str, Any] = {
                "modality": modality,
                "encoder": encoder,
                "single": best_overall(losses, names[encoder]),
                "loss": float(np.nanmean(row_means(loss))),
                "won": encoder == best,
            }
            if encoder != encoders[0]:
                gain = paired_interval(chosen[encoders[0]] - loss, ledger.folds, alpha=one_sided_error(ledger))
                row |= gain.to_dict()
            rows.append(row)
    return rows
