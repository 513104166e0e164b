"""A model's folder: written whole, checked by sha256 when it is read, and proved by answers it must give again.

``manifest.json`` names every file with its size and sha256, and holds all that is no array; ``*.skops`` are what
scikit-learn fitted, ``*.safetensors`` with ``*.json`` are networks, ``learned-rows.bin`` digests of the rows learned from,
``README.md`` is the model card. Reading runs no code that the folder brings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from fuseworthy import __version__
from fuseworthy.deploy.agreement import require_agreeing
from fuseworthy.deploy.card import card_of
from fuseworthy.deploy.learned import LEARNED, LearnedRows
from fuseworthy.deploy.manifest import FORMAT, MANIFEST, read_manifest
from fuseworthy.deploy.model import Model
from fuseworthy.deploy.parts import dump_part, load_part
from fuseworthy.deploy.probe import answers_to_probe
from fuseworthy.deploy.router import Router
from fuseworthy.durable import content_digest, new_folder, require_new, write_bytes, write_json
from fuseworthy.errors import FuseworthyError, InputError, first_line
from fuseworthy.inputs.encode import encoding_from_dict
from fuseworthy.inputs.kinds import modality_from_dict
from fuseworthy.strategies.part import Predictor
from fuseworthy.task import Floats, Task

CARD = "README.md"
LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch")
TOLERANCE = 1e-5
"""By how much the answers to the probe may differ on another machine or under other versions."""


class _Kept(Protocol):
    def to_dict(self) -> dict[str, Any]: ...


_Read = TypeVar("_Read", bound=_Kept)


def save(model: Model, folder: Path) -> Path:
    """Write a model to a new or empty folder; the last thing done is to read it back and ask it the probe.

    Raises
    ------
    InputError
        The folder holds something, a part may not be kept, or it does not answer as before when it is read back.
    """
    require_new(folder, "a model's folder")
    probe = answers_to_probe(model)
    with new_folder(folder) as made:
        files, parts = _write_parts(model, made)
        files[CARD] = _entry(made, CARD, card_of(model, versions_here()).encode())
        if model.learned_rows is not None:
            files[LEARNED] = _entry(made, LEARNED, model.learned_rows.to_bytes())
        write_json(made / MANIFEST, _manifest(model, files, parts, probe))
        _, again = _read(made)
        _require_same(again, probe, model.name)
    return folder


def load(folder: str | Path) -> Model:
    """Read a model from its folder.

    Raises
    ------
    InputError
        No model is there, it is of a newer format, a file is missing, changed, strange or larger than it may be, or it does
        not answer as it did when it was saved.

    Notes
    -----
    The sha256 of every file is checked before any is parsed. That tells damage, not malice: whoever can write the folder
    can write its manifest too. Against that, no file of it is ever run: types come from a reviewed list, sizes are looked
    at before memory is taken, and paths cannot leave the folder.
    """
    return _read(Path(folder))[0]


def _read(folder: Path) -> tuple[Model, dict[str, Floats]]:
    """A model, and what it answers to the probe."""
    manifest = read_manifest(folder)
    contents = {name: _content(folder, name, own["sha256"]) for name, own in manifest["files"].items()}
    try:
        model = _assembled(manifest, contents)
    except FuseworthyError:
        raise
    except Exception as error:  # whatever a strange folder says, it must end in a sentence
        raise InputError(f"{folder} must hold a whole model, but cannot be read: {first_line(error)}.") from error
    return model, _probed(model, manifest, folder)


def _write_parts(model: Model, folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The predictors' files: name -> size and sha256; and part -> the beginning of its files' names."""
    files, parts = {}, {}
    predictors: dict[str, Predictor] = dict(model.singles)
    if model.fusion:
        predictors[model.fusion[0]] = model.fusion[1]
    for number, (name, predictor) in enumerate(predictors.items()):
        stem = f"part-{number:02d}"
        parts[name] = stem
        for ending, content in dump_part(predictor).items():
            files[f"{stem}.{ending}"] = _entry(folder, f"{stem}.{ending}", content)
    return files, parts


def _entry(folder: Path, name: str, content: bytes) -> dict[str, Any]:
    return {"sha256": write_bytes(folder / name, content), "bytes": len(content)}


def _manifest(
    model: Model, files: Mapping[str, Any], parts: Mapping[str, str], probe: Mapping[str, Floats]
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "versions": versions_here(),
        "task": model.task.to_dict(),
        "target": model.target,
        "modalities": {name: m.to_dict() for name, m in model.modalities.items()},
        "encodings": {m: {v: e.to_dict() for v, e in views.items()} for m, views in model.encodings.items()},
        "singles": list(model.singles),
        "fusion": model.fusion[0] if model.fusion else None,
        "parts": dict(parts),
        "router": model.router.to_dict(),
        "prior": model.prior.tolist(),
        "threshold": model.threshold,
        "about": dict(model.about),
        "files": dict(files),
        "probe": {pattern: p.tolist() for pattern, p in probe.items()},
    }


@cache
def versions_here(libraries: tuple[str, ...] = LIBRARIES) -> dict[str, str]:
    """This package and those that its answers depend on, as they are installed here."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"fuseworthy": __version__}
    for name in libraries:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _content(folder: Path, name: str, digest: str) -> bytes:
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise InputError(f"{folder / name} must be readable, but: {first_line(error)}.") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise InputError(
            f"{folder / name} must have the sha256 that the manifest says, but is damaged. Save or fetch the model again."
        )
    return content


def _assembled(manifest: Mapping[str, Any], contents: Mapping[str, bytes]) -> Model:
    def part(name: str) -> Predictor:
        stem = manifest["parts"][name] + "."
        return load_part({f.removeprefix(stem): c for f, c in contents.items() if f.startswith(stem)}, name)

    fusion, prior = manifest["fusion"], np.array(manifest["prior"], dtype=np.float64)
    task = _same(Task.from_dict, manifest["task"], "a task")
    if prior.shape != (task.width,):
        raise InputError(f"a model's prior must be {task.width} numbers, but {len(prior)} came.")
    modalities = {name: _same(modality_from_dict, data, name) for name, data in manifest["modalities"].items()}
    encodings = {
        m: {view: _same(encoding_from_dict, data, m) for view, data in views.items()}
        for m, views in manifest["encodings"].items()
    }
    require_agreeing(manifest, modalities, encodings)
    return Model(
        task=task,
        target=manifest["target"],
        modalities=modalities,
        encodings=encodings,
        singles={name: part(name) for name in manifest["singles"]},
        fusion=(fusion, part(fusion)) if fusion else None,
        router=_same(Router.from_dict, manifest["router"], "a router"),
        prior=prior,
        threshold=manifest["threshold"],
        about=manifest["about"],
        learned_rows=LearnedRows.from_bytes(contents[LEARNED]) if LEARNED in contents else None,
    )


def _same(read: Callable[[Any], _Read], data: Any, name: str) -> _Read:
    """What is read, if it would be written as it stands there."""
    found = read(data)
    if content_digest(found.to_dict()) != content_digest(data):
        raise InputError(f"{name} must be written in a manifest as it is read, but would be written otherwise.")
    return found


def _probed(model: Model, manifest: Mapping[str, Any], folder: Path) -> dict[str, Floats]:
    """What the model answers to the probe, which is what it answered when it was saved."""
    try:
        found = answers_to_probe(model)
        before = {pattern: np.array(p, dtype=np.float64) for pattern, p in manifest["probe"].items()}
        if {pattern: p.shape for pattern, p in found.items()} != {pattern: p.shape for pattern, p in before.items()}:
            raise InputError("it answers another number of questions than were asked when it was saved")
        worst = float(np.max([np.abs(p - before[pattern]).max() for pattern, p in found.items()]))
    except Exception as error:
        raise InputError(f"{folder} must hold a model that answers, but: {first_line(error)}.") from error
    if not worst <= TOLERANCE * max(1.0, model.task.variance**0.5):
        then, now = manifest["versions"], versions_here()
        changed = ", ".join(
            f"{name} {then[name]} then, {now.get(name)} here" for name in then if then[name] != now.get(name)
        )
        raise InputError(
            f"{folder} must answer as it did when it was saved, but differs by {worst:.2g} ({changed or 'same versions'}). "
            "Install the versions it was saved with, or deploy again."
        )
    return found


def _require_same(again: Mapping[str, Floats], before: Mapping[str, Floats], name: str) -> None:
    """What was read back answers the probe to the last bit as what was written."""
    if any(not np.array_equal(again[pattern], p) for pattern, p in before.items()):
        raise InputError(
            f"{name} must answer as before when it is read back, but does not: it has settings that a folder does not keep. "
            "Deploy another strategy."
        )
