"""Every strategy by name: one line each. Singles are named ``modality/family`` and come from `families_for`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from fuseworthy.ledger import NEURAL_FAMILIES, Strategy
from fuseworthy.strategies.families import families_for
from fuseworthy.strategies.subsets import attribution_strategies

LATE = ("mean", "weighted-mean", "log-pool", "stacking", "greedy")
EARLY = ("early-linear", "early-boosting")
PROBES = ("stacking", "early-boosting")
"""Fusions that are fitted first, to see whether there is anything to gain."""
CONTROLS = ("twin", "ensemble", "recal", "placebo-late", "placebo-early")


CATALOGUE: dict[str, Strategy] = {
    s.name: s
    for s in (
        Strategy("mean", "late", "mean of predictions, recalibrated", rank=10),
        Strategy("weighted-mean", "late", "weighted mean, recalibrated", rank=11),
        Strategy("log-pool", "late", "logarithmic pool, recalibrated", rank=12),
        Strategy("stacking", "late", "stacking with availability flags", rank=20),
        Strategy("greedy", "late", "greedy ensemble selection", rank=21),
        Strategy("early-linear", "early", "concatenation, linear with a penalty per block", rank=30),
        Strategy("early-boosting", "early", "reduced concatenation, gradient boosting", rank=31),
        Strategy("concat", "intermediate", "network on the concatenation", rank=40),
        Strategy("modality-weights", "intermediate", "learned weight of each modality", rank=41),
        Strategy("gated", "intermediate", "gated multimodal unit", rank=42),
        Strategy("low-rank", "intermediate", "low-rank tensor fusion", rank=43),
        Strategy("film", "intermediate", "feature-wise modulation", rank=44),
        Strategy("product-of-experts", "intermediate", "product of Gaussian experts", rank=45),
        Strategy("tensor", "intermediate", "tensor fusion", rank=46),
        Strategy("evidential", "uncertainty", "evidence combined by Dempster's rule", rank=47),
        Strategy("energy-weighted", "uncertainty", "votes weighted by their energy", rank=48),
        Strategy("mixture-of-experts", "uncertainty", "gated experts of one modality and of all", rank=49),
        Strategy("token-transformer", "attention", "transformer over a token for each modality", rank=50),
        Strategy("cross-attention", "attention", "cross-attention, then self-attention", rank=51),
        Strategy("interleaved", "attention", "one transformer over raw tokens of all modalities", rank=52),
        Strategy("bottleneck", "attention", "transformers that exchange through a bottleneck", rank=53),
        Strategy("perceiver", "attention", "latents that read all tokens", rank=54),
        Strategy("crossmodal", "attention", "a crossmodal transformer for every pair", rank=55),
        Strategy("hybrid", "hybrid", "the two modalities that interact most first, the others after", rank=56),
        Strategy(
            "concat-auxiliary", "intermediate", "network on the concatenation, with a loss for each modality", rank=60
        ),
        Strategy("concat-blending", "intermediate", "network on the concatenation, with gradient blending", rank=61),
        Strategy("concat-pareto", "intermediate", "network on the concatenation, with MMPareto gradients", rank=62),
        Strategy(
            "concat-modulated", "intermediate", "network on the concatenation, leading modalities slowed down", rank=63
        ),
        Strategy("tuned", "tuned", "cross-attention trained together with its encoders", rank=65),
        Strategy("twin", "control", "two seeds of the best single"),
        Strategy("ensemble", "control", "the best modality's learners mixed"),
        Strategy("recal", "control", "the stacker on the best single alone"),
        Strategy("placebo-late", "control", "stacking with the other modalities shuffled"),
        Strategy("placebo-early", "control", "early fusion with the other modalities shuffled"),
        Strategy("placebo-network", "control", "a network with the other modalities shuffled"),
        Strategy("placebo-tuned", "control", "encoders and fusion trained with the other modalities shuffled"),
        Strategy("mask-only", "control", "only which modalities are present"),
        Strategy("dummy", "reference", "the prior for every row"),
        Strategy("additive", "probe", "boosting that may not combine modalities in a tree"),
        Strategy("emap", "probe", "the part of early-boosting that is additive over modalities"),
    )
}
NEURAL = tuple(s.name for s in CATALOGUE.values() if s.family in NEURAL_FAMILIES)
REMEDIES = tuple(name for name in NEURAL if name.startswith("concat-"))
"""Training against dominance; tried where a joint network is worse than stacking, or when asked for."""
TUNED = "tuned"
"""The network that trains encoders; tried where a study asks for that alone."""
VOTES = ("evidential", "energy-weighted")
"""Networks in which modalities vote and do not interact; for classes only."""
FUSIONS = (*LATE, *EARLY, *NEURAL)
"""Every fusion that can be asked for by name, the simple ones first."""
GROUPS: dict[str, tuple[str, ...]] = {
    "cheap": LATE + EARLY,
    "all": tuple(name for name in FUSIONS if name not in REMEDIES),
    "late": LATE,
    "early": EARLY,
    **{family: tuple(n for n in NEURAL if CATALOGUE[n].family == family) for family in NEURAL_FAMILIES},
    "remedies": REMEDIES,
}


def hybrid_pairs(name: str) -> tuple[str, ...] | None:
    """The modalities that ``hybrid:a+b`` fuses first; None for any other name.

    Examples
    --------
    >>> hybrid_pairs("hybrid:audio+video"), hybrid_pairs("gated")
    (('audio', 'video'), None)
    """
    return tuple(sorted(name.removeprefix("hybrid:").split("+"))) if name.startswith("hybrid:") else None


def fusion_named(name: str) -> Strategy:
    """The strategy of a fusion: one of the catalogue's, ``hybrid:a+b``, or one of the user's own."""
    if name in CATALOGUE:
        return CATALOGUE[name]
    if pair := hybrid_pairs(name):
        return Strategy(name, "hybrid", f"{' and '.join(pair)} first, the others after", rank=56)
    return Strategy(name, "custom", "your own strategy", rank=70)


def strategies_of(
    views: Mapping[str, Mapping[str, str]], fusions: Iterable[str], maskable: bool
) -> dict[str, Strategy]:
    """Everything a study tries, singles first.

    Parameters
    ----------
    views : modality -> view -> form, see `families_for`
    fusions : names of fusions
    maskable : bool
        Whether some modality is absent in some rows.
    """
    singles = {
        f"{modality}/{family.name}": Strategy(
            f"{modality}/{family.name}", "single", f"{modality}: {family.title}", modality, family.rank
        )
        for modality in sorted(views)
        for family in families_for(views[modality])
    }
    singles |= {
        f"{m}/network": Strategy(f"{m}/network", "single", f"{m}: network on it alone", m, rank=3)
        for m in sorted(views)
    }
    singles |= {
        f"{m}/{TUNED}": Strategy(f"{m}/{TUNED}", "single", f"{m}: its encoder trained on it alone", m, rank=4)
        for m in sorted(views)
    }
    wanted = set(fusions)
    probes = {p: CATALOGUE[p] if p in wanted else replace(CATALOGUE[p], family="probe") for p in PROBES}
    rest = [
        "additive",
        "emap",
        *CONTROLS,
        "placebo-network",
        "placebo-tuned",
        *(("mask-only",) if maskable else ()),
        "dummy",
    ]
    named = {name: fusion_named(name) for name in fusions} | probes | {name: CATALOGUE[name] for name in rest}
    found = singles | {name: named[name] for name in CATALOGUE if name in named}
    found |= {name: strategy for name, strategy in named.items() if name not in CATALOGUE}
    return found | attribution_strategies(sorted(views)) | encoder_strategies(views)


def encoders_read(modality: str, forms: Mapping[str, str]) -> dict[str, str]:
    """Which view each single of a modality reads, the floor's first.

    Examples
    --------
    >>> encoders_read("note", {"counts": "counts", "minilm": "vectors"})
    {'note/linear': 'counts', 'note/boosting': 'counts', 'note/minilm': 'minilm'}
    """
    return {f"{modality}/{family.name}": family.view for family in families_for(forms)}


def encoder_strategies(modalities: Iterable[str]) -> dict[str, Strategy]:
    """What is left of each modality inside the joint network, by name."""
    return {
        f"encoder:{m}": Strategy(f"encoder:{m}", "encoder", f"a linear probe of {m} inside the network concat", m)
        for m in sorted(modalities)
    }
