"""Which fusions a study tries: those asked for, as far as they can be tried, and those that may join."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from fuseworthy.errors import InputError, nearest, require
from fuseworthy.strategies.catalogue import CATALOGUE, FUSIONS, GROUPS, NEURAL, REMEDIES, TUNED, VOTES, hybrid_pairs
from fuseworthy.study.workspace import Plan
from fuseworthy.task import Task

if TYPE_CHECKING:
    from fuseworthy.strategies.strategy import FusionStrategy

AUTO = ("concat", "gated", "low-rank", "token-transformer")
"""Networks that join by themselves where rows and probes give reason to."""
FOR_SEQUENCES = ("cross-attention",)
"""Those that join as well where a modality is a sequence."""
FEWEST_ROWS = 2000
"""Fewer rows rarely pay for a network on ready features; where the probes show interaction, half as many do."""


@dataclass
class Fusions:
    """What is tried.

    Parameters
    ----------
    names : fusions in order of complexity, the user's own last
    candidates : networks that join if the probes give reason to
    custom : the user's own -> where it is imported from; "" for an object
    objects : the user's own that were given as objects
    digests : the user's own -> a digest of their source, as far as it can be had, so that a run that goes on with
        another strategy of the same name is refused
    notices : what was left out, and why
    """

    names: list[str] = field(default_factory=list)
    candidates: list[str] = field(default_factory=list)
    custom: dict[str, str] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def has_torch() -> bool:
    """Whether networks can be trained here."""
    return importlib.util.find_spec("torch") is not None


def settle_fusions(
    asked: Sequence[Any] | None,
    task: Task,
    modalities: Sequence[str],
    rows: int,
    *,
    sequences: bool = False,
    tune: bool = False,
) -> Fusions:
    """Names, groups and the user's own strategies, checked against the study; ``sequences``: some modality is one;
    ``tune``: encoders are trained as well.

    Raises
    ------
    InputError
        A name that is none, one asked for by itself that cannot be tried on this study, or a strategy of the user's own
        that cannot be imported or has a name that is taken.
    MissingExtraError
        A network is asked for by itself, and torch is not installed.
    """
    found, wanted = Fusions(), set()
    for item in asked or ("auto",):
        if not isinstance(item, str):
            _own(item, found)
        elif item == "auto":
            wanted |= set(GROUPS["cheap"])
            _may_join(found, (*AUTO, *FOR_SEQUENCES) if sequences else AUTO, rows)
        elif item in FUSIONS or hybrid_pairs(item):
            _refuse(item, task, modalities)
            wanted.add(item)
        elif item == TUNED:
            if not tune:
                raise InputError(
                    f"{TUNED!r} trains encoders, which must be asked for, but was named among the strategies alone. Pass "
                    "tune_encoders=True (--tune-encoders)."
                )
        elif item in GROUPS:
            wanted |= _of_group(item, found, task, modalities)
            found.candidates = list(REMEDIES) if item == "all" and has_torch() else found.candidates
        elif ":" in item:
            _imported(item, found)
        else:
            known = [*FUSIONS, *GROUPS, "auto"]
            raise InputError(f"a strategy must be one this version has, but {item!r} came: {nearest(item, known)}.")
    ordered = [n for n in FUSIONS if n in wanted] + sorted(n for n in wanted if hybrid_pairs(n))
    found.names = [*ordered, *([TUNED] if tune else []), *found.custom]
    found.candidates = [name for name in found.candidates if name not in wanted]
    return found


def asked_networks(plan: Plan) -> list[str]:
    """The networks among the fusions of a plan."""
    return [name for name in plan.fusions if name in (*NEURAL, TUNED) or hybrid_pairs(name)]


def strategy_of(name: str, custom: Mapping[str, str], objects: Mapping[str, Any], strongest: str) -> FusionStrategy:
    """A fusion of a study as an object: the user's own, or one of the catalogue.

    Parameters
    ----------
    custom, objects : as of `Fusions`
    strongest : the modality that early linear fusion does not hold back
    """
    from fuseworthy.strategies.strategy import EarlyLinear, strategy_named

    if name in objects:
        own: FusionStrategy = objects[name]
        return own
    if name in custom:
        from fuseworthy.strategies.custom import load_strategy

        return load_strategy(custom[name])
    return EarlyLinear(strongest) if name == "early-linear" else strategy_named(name)


def libraries_of(fusions: Fusions) -> list[str]:
    """Distributions whose version decides the predictions."""
    networks = fusions.candidates or any(name in NEURAL or hybrid_pairs(name) for name in fusions.names)
    return ["numpy", "scipy", "scikit-learn", *(["torch"] if networks else [])]


def joining_networks(
    candidates: Sequence[str], rows: int, headroom: Mapping[str, Any], *, sequences: bool = False
) -> tuple[list[str], str]:
    """Networks that join by themselves, and why or why not; nothing to say where there are no candidates.

    Parameters
    ----------
    headroom : what the probes found, see `fuseworthy.evidence.headroom`
    sequences : whether some modality is a sequence, of which probes see only mean and maximum
    """
    networks = [name for name in candidates if name not in REMEDIES]
    if not networks:
        return [], ""
    if sequences:
        return networks, f"Networks join ({', '.join(networks)}): probes see of a sequence only its mean and maximum."
    interaction = bool(headroom["interaction"] and headroom["interaction"]["needed"])
    if interaction:
        return networks, f"Networks join ({', '.join(networks)}): modalities interact."
    if rows >= FEWEST_ROWS:
        return networks, f"Networks join ({', '.join(networks)}): {rows:,} rows, and the probes see room for a gain."
    return [], f"Networks stay out: fewer than {FEWEST_ROWS:,} rows and no interaction. Ask for them with strategies=."


def _own(given: Any, found: Fusions) -> None:
    from fuseworthy.strategies.custom import as_strategy

    name = str(getattr(given, "name", None) or getattr(given, "__name__", None) or type(given).__name__)
    _check_name(name, found)
    found.custom[name], found.objects[name] = "", as_strategy(given)
    found.digests[name] = _digest(given)


def _imported(where: str, found: Fusions) -> None:
    from fuseworthy.strategies.custom import load_strategy

    name = where.rpartition(":")[2]
    _check_name(name, found)
    own = load_strategy(where)  # each unit loads its own; what cannot be loaded must be known before anything trains
    found.custom[name], found.digests[name] = where, _digest(own)


def _digest(given: Any) -> str:
    """sha256 of the source file of a strategy's class or function, and of an estimator's settings."""
    settings = repr(given) if hasattr(given, "get_params") else ""
    code = given if isinstance(given, (type, FunctionType)) else type(given)
    try:
        source = Path(inspect.getfile(code)).read_text(encoding="utf-8")
    except (OSError, TypeError):  # typed at a prompt, or built in
        source = code.__qualname__
    return hashlib.sha256((settings + source).encode()).hexdigest()


def _check_name(name: str, found: Fusions) -> None:
    if name in CATALOGUE or name in GROUPS or name in found.custom:
        raise InputError(
            f"your own strategy must have a name of its own, but {name!r} is taken. Rename it, or give it an attribute "
            "called name."
        )
    if not name.strip() or set(name) & set("/|~:"):
        raise InputError(f"a strategy's name must not be empty or hold '/', '|', '~' or ':', but {name!r} came.")


def _may_join(found: Fusions, networks: Sequence[str], rows: int) -> None:
    if rows < FEWEST_ROWS // 2:
        return
    if has_torch():
        found.candidates = [*networks, *REMEDIES]
    else:
        found.notices.append(
            f"networks ({', '.join(networks)}) may be worth a try on {rows:,} rows, but torch is not installed: "
            "pip install 'fuseworthy[deep]'"
        )


def _of_group(group: str, found: Fusions, task: Task, modalities: Sequence[str]) -> set[str]:
    """The members of a group that can be tried; those that cannot are named in a notice."""
    names = set(GROUPS[group])
    if names & set(NEURAL) and not has_torch():
        if names <= set(NEURAL):
            require("torch", extra="deep")
        left = [n for n in GROUPS[group] if n in NEURAL]
        found.notices.append(
            f"left out because torch is not installed: {', '.join(left)}. Add them with: pip install 'fuseworthy[deep]'"
        )
        return names - set(NEURAL)
    reasons = {n: why for n in GROUPS[group] if (why := _why_not(n, task, modalities))}
    found.notices += [f"left out: {why}" for why in reasons.values()]
    return names - set(reasons)


def _refuse(name: str, task: Task, modalities: Sequence[str]) -> None:
    if name not in NEURAL and not hybrid_pairs(name):
        return
    require("torch", extra="deep")
    if why := _why_not(name, task, modalities):
        raise InputError(f"{name!r} cannot be tried here: {why}.")


def _why_not(name: str, task: Task, modalities: Sequence[str]) -> str | None:
    """Why a network cannot be tried on such a study, or None."""
    if name in VOTES and not task.is_classification:
        return f"{name} is defined for classes only"
    if name == "tensor" and len(modalities) > 6:
        return f"tensor has a weight for every product of features: too many for {len(modalities)} modalities"
    first = hybrid_pairs(name)
    if (name == "hybrid" or first) and len(modalities) < 3:
        return f"{name} needs three modalities or more: with two there is nothing to fuse first"
    if first and (unknown := set(first) - set(modalities)):
        return f"{name} names {min(unknown)!r}, but the modalities are {', '.join(sorted(modalities))}"
    if first and not 1 < len(set(first)) < len(modalities):
        return f"{name} must name two modalities or more, and leave others for later"
    return None
