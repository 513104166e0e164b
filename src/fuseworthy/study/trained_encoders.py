"""Which encoders a study trains with its fusions, what they are given, and the units that do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fuseworthy.errors import InputError, require
from fuseworthy.inputs.encoders.raw import CONV, trainable_encoder
from fuseworthy.inputs.modality import Modality
from fuseworthy.strategies.late import best_single
from fuseworthy.strategies.part import Fitted, Part
from fuseworthy.strategies.tuned import LAST, LORA, Trainable, Tuned, way_of
from fuseworthy.study.strangers import strangers
from fuseworthy.study.workspace import Workspace

if TYPE_CHECKING:
    from fuseworthy.study.units import Unit

SEEN = ("text", "image")
"""Kinds whose encoders can be trained."""


@dataclass(frozen=True)
class Training:
    """What is trained.

    Parameters
    ----------
    encoders : modality -> encoder
    ways : modality -> what of it learns
    notices : what is trained, and what stays frozen
    """

    encoders: dict[str, str] = field(default_factory=dict)
    ways: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    @property
    def libraries(self) -> dict[str, str]:
        """Distributions whose version decides the predictions."""
        if not self.encoders:
            return {}
        pretrained = [] if set(self.encoders.values()) == {CONV} else ["transformers"]
        lora = ["peft"] if LORA in self.ways.values() else []
        return {name: installed(name) for name in ("torch", *pretrained, *lora)}


def settle_training(modalities: Mapping[str, Modality], asked: bool) -> Training:
    """The encoders that are trained, if that is asked for.

    Raises
    ------
    InputError
        No modality has one.
    MissingExtraError
        torch is not installed.
    """
    if not asked:
        return Training()
    found = {name: encoder for name, m in modalities.items() if (encoder := trainable_encoder(m))}
    if not found:
        raise InputError(
            "tune_encoders must have an encoder to train, but "
            f"{', '.join(f'{name!r} ({m.kind})' for name, m in modalities.items())} have none. Name a transformer of texts "
            "or pictures, encoders=('tfidf', 'hf:FOLDER') (--encoder NAME=tfidf,hf:FOLDER), have a modality of images, or "
            "leave out tune_encoders (--tune-encoders)."
        )
    torch = require("torch", extra="deep")
    ways = {name: way_of(encoder) for name, encoder in found.items()}
    notices = [f"{name!r}: {encoder} is trained with the fusion ({ways[name]})" for name, encoder in found.items()]
    if LAST in ways.values():
        notices.append("encoders would be trained by LoRA if peft were installed: pip install 'fuseworthy[lora]'")
    frozen = [name for name, m in modalities.items() if name not in found and hasattr(m, "encoders")]
    notices += [f"{name!r}: its encoders stay frozen, {_why_frozen(modalities[name])}" for name in frozen]
    if not torch.cuda.is_available():
        notices.append("encoders are trained on the processor, as there is no GPU: that takes long")
    return Training(found, ways, notices)


def _why_frozen(modality: Modality) -> str:
    if modality.kind == "text":
        return "as none of them is a transformer (hf:FOLDER)"
    return (
        "as several pictures a row are averaged" if modality.kind in SEEN else f"as those of {modality.kind} do always"
    )


def spec_of(name: str, training: Training, folders: Mapping[str, str]) -> dict[str, Any]:
    """What a plan says of a modality whose encoder is trained; nothing of any other."""
    if name not in training.encoders:
        return {}
    how = {"encoder": training.encoders[name], "way": training.ways[name], "given": Path(folders[name]).name}
    return {"tuned": how, "raw": folders[name]}


def fit_tuned(workspace: Workspace, unit: Unit, part: Part, singles: Mapping[str, Fitted]) -> tuple[str, Fitted]:
    """Fit what a unit asks for: an encoder on its modality alone, the fusion with all, or its placebo."""
    from fuseworthy.strategies.controls import all_moved_but

    blocks, name = workspace.with_raw, unit.strategy
    if unit.modality:
        blocks, name = {unit.modality: blocks[unit.modality]}, f"{unit.modality}/{unit.strategy}"
    elif unit.strategy == "placebo-tuned":
        kept = best_single(singles, part).split("/")[0]
        blocks = all_moved_but(kept, blocks, strangers(workspace, part))  # type: ignore[assignment]
    return name, tuned_strategy(workspace).fit(blocks, singles, part)


def tuned_strategy(workspace: Workspace) -> Tuned:
    """The strategy that trains the encoders of a study."""
    specs = {name: spec for name, spec in workspace.plan.modalities.items() if "tuned" in spec}
    return Tuned(
        {m: Trainable(spec["kind"], spec["tuned"]["encoder"], spec["tuned"]["way"]) for m, spec in specs.items()}
    )
