"""What a study recommends, fitted on all rows: from its question and its facts to a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fuseworthy.errors import StudyError, nearest
from fuseworthy.evidence.abstention import abstention_facts
from fuseworthy.folds import Ints
from fuseworthy.inputs.encode import learn_encodings, moved
from fuseworthy.inputs.recordings import Recording
from fuseworthy.ledger import FUSION_FAMILIES, Ledger
from fuseworthy.strategies.catalogue import TUNED
from fuseworthy.strategies.part import Fitted, Predictor, whole_part
from fuseworthy.strategies.singles import Singles
from fuseworthy.strategies.strategy import FusionStrategy, Single
from fuseworthy.study.fusions import strategy_of

if TYPE_CHECKING:
    from fuseworthy.deploy.model import Model
    from fuseworthy.study.prepare import Loaded
    from fuseworthy.study.study import Study

MOST_LIMITS = 20


@dataclass(frozen=True)
class Refit:
    """Fits a study's recommendation on all of its rows.

    Parameters
    ----------
    loaded : the table with its roles told apart
    clusters : (n,) rows that inner folds keep together, or None
    order : (n,) when each row was, where folds are in time: inner folds then are as well
    seed : int
    objects : strategies that were given as such, by name
    custom : the user's own strategies -> where they are imported from
    """

    loaded: Loaded
    clusters: Ints | None
    order: Ints | None
    seed: int
    objects: Mapping[str, Any]
    custom: Mapping[str, str]

    def __call__(self, study: Study, deploy: str) -> Model:
        from fuseworthy.deploy.learned import LearnedRows
        from fuseworthy.deploy.model import Model
        from fuseworthy.deploy.router import route_by_study

        if self.loaded.labels:
            raise StudyError(
                f"a model predicts one target, but this study decided on {len(self.loaded.labels)} together. "
                "Compare each in a study of its own, and deploy that."
            )
        is_fusion = _require_known(study, deploy)
        names = best_singles(study, study.verdict.best_single if is_fusion else deploy)
        strategies: dict[str, FusionStrategy] = {name: Single(name) for name in names}
        if is_fusion:
            strategies[deploy] = strategy_of(deploy, self.custom, self.objects, names[0].split("/")[0])
        if tuned := [name for name in strategies if name.split("/")[-1] == TUNED]:
            raise StudyError(
                f"a model's encoders must be frozen, but {tuned[0]!r} trains its own, which a model does not keep yet. "
                "Compare without tune_encoders, and deploy that."
            )
        modalities = self.loaded.inference.modalities
        encodings, blocks = learn_encodings(self.loaded.table, modalities)
        part = whole_part(self.loaded.y, self.loaded.task, self.seed, self.clusters, self.order)
        singles = Singles(blocks, part)
        kept = {name: _kept(name, own.fit(blocks, singles, part)) for name, own in strategies.items()}
        return Model(
            task=self.loaded.task,
            target=self.loaded.targets[0],
            modalities={n: m.moved(None) if isinstance(m, Recording) else m for n, m in modalities.items()},
            encodings=moved(encodings, None),  # where files lay then says nothing of where they lie later
            singles={name: kept[name] for name in names},
            fusion=(deploy, kept[deploy]) if is_fusion else None,
            router=route_by_study(study.facts["missing"], deploy if is_fusion else None, names),
            prior=part.prior,
            threshold=_threshold(study, deploy),
            about=_about(study, deploy),
            learned_rows=LearnedRows.of(self.loaded.table, [c for m in modalities.values() for c in m.columns]),
        )


def best_singles(study: Study, lead: str) -> list[str]:
    """The single of each modality with the lowest loss; ``lead`` is its modality's, and before all.

    The others stand in the order in which they speak for rows that have several of them: by what they gain over the prior
    where their modality is there, as a rare one that knows much is to be heard before one that is always there.
    """
    losses = {row["name"]: row["loss"] for row in study.facts["strategies"] if row["family"] == "single"}
    best: dict[str, str] = {}
    for name in sorted(losses, key=lambda name: (losses[name], name)):
        best.setdefault(name.split("/")[0], name)
    best[lead.split("/")[0]] = lead
    gains = {name: _gain_where_present(study.ledger, name) for name in best.values()}
    return sorted(best.values(), key=lambda name: (name != lead, -gains[name], name))


def _gain_where_present(ledger: Ledger, single: str) -> float:
    """How much less a single loses than the prior, a row that has its modality."""
    modality, losses = single.split("/")[0], ledger.losses([single, "dummy"])
    here = np.array([modality in pattern.split("+") for pattern in ledger.pattern.astype(str)])
    gains = (losses["dummy"] - losses[single])[:, here]
    return float(np.nanmean(gains)) if np.isfinite(gains).any() else 0.0


def _require_known(study: Study, name: str) -> bool:
    """Whether what is to be deployed is a fusion, or else a single of the study."""
    known = {n: s.family for n, s in study.ledger.strategies.items() if s.family in ("single", *FUSION_FAMILIES)}
    if name not in known:
        raise StudyError(f"a study must have tried what it deploys, but {name!r} came: {nearest(name, known)}.")
    return known[name] != "single"


def _kept(name: str, fitted: Fitted) -> Predictor:
    if fitted.predictor is None:
        raise StudyError(f"a strategy must leave a predictor to be deployed, but {name!r} left none.")
    return fitted.predictor


def _threshold(study: Study, deploy: str) -> float | None:
    """The certainty of what is deployed from which on its error is half the best single's, or less, nine times in ten."""
    found = abstention_facts(study.ledger, study.verdict.best_single, deploy)
    if found is None:
        return None
    own = next(curve for curve in found["curves"] if curve["name"] == deploy)
    threshold: float | None = own["abstain"]["threshold"]
    return threshold


def _about(study: Study, deploy: str) -> dict[str, Any]:
    """What is kept of the study beside the model: why, on what, and where it stops to hold."""
    facts, verdict = study.facts, study.verdict
    return {
        "sentence": verdict.sentence,
        "verdict": verdict.to_dict(),
        "note": study.note(),
        "rows": int(study.ledger.n),
        "data_hash": study.ledger.data_hash,
        "limits": limits_of(facts, deploy),
        "reference": {
            "patterns": dict(
                zip(*(a.tolist() for a in np.unique(study.ledger.pattern.astype(str), return_counts=True)), strict=True)
            ),
            "loss": {
                row["name"]: row["loss"] for row in facts["strategies"] if row["name"] in {deploy, verdict.best_single}
            },
        },
    }


def limits_of(facts: Mapping[str, Any], deployed: str) -> list[str]:
    """The limits that a study measured, as sentences: missing rates, untried patterns, checks that fired."""
    missing = facts["missing"]
    if "/" in deployed:
        found = ["It needs the modality of its single; without it the best single left answers, which is worse."]
    elif missing and missing["fusion"] == deployed:
        found = [missing["sentence"]]
    else:
        found = ["What it answers without some of its modalities was not measured; the best single left answers then."]
    if deployed != facts["deploy"]:
        found.insert(0, f"The study did not recommend it, but {facts['deploy']}.")
    fired = [check for check in facts["checks"] if check["status"] == "fired"]
    return found + [f"{check['code']}: {check['sentence']}" for check in fired[:MOST_LIMITS]]
