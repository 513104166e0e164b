"""A model's folder: written whole, checked by sha256 when it is read, and proved by answers it must give again.

``manifest.json`` names every file with its size and sha256, and holds all that is no array; ``*.skops`` are what
scikit-learn fitted, ``*.safetensors`` with ``*.json`` are networks, ``README.md`` is the model card. Reading runs no code
that the folder brings.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from fuseworthy import __version__
from fuseworthy.deploy.card import card_of
from fuseworthy.deploy.model import Model
from fuseworthy.deploy.parts import dump_part, load_part
from fuseworthy.deploy.probe import answers_to_probe
from fuseworthy.deploy.router import Router
from fuseworthy.durable import read_json, write_bytes, write_json
from fuseworthy.errors import FuseworthyError, InputError
from fuseworthy.inputs.encode import encoding_from_dict
from fuseworthy.inputs.kinds import modality_from_dict
from fuseworthy.strategies.part import Predictor
from fuseworthy.task import Task

FORMAT = 1
MANIFEST, CARD = "manifest.json", "README.md"
MOST_MANIFEST, MOST_FILE, MOST_FILES = 64 << 20, 4 << 30, 1000
"""Bytes of the manifest and of any other file, and files."""
LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch")
TOLERANCE = 1e-5
"""By how much the answers to the probe may differ on another machine or under other versions."""


def save(model: Model, folder: Path) -> Path:
    """Write a model to a new or empty folder; the last thing done is to read it back and ask it the probe.

    Raises
    ------
    InputError
        The folder holds something, a part may not be kept, or it does not answer as before when it is read back.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"a model must be saved to a new or empty folder, but {folder} holds something. Choose another."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        files, parts = _write_parts(model, made)
        files[CARD] = _entry(made, CARD, card_of(model, _versions()).encode())
        write_json(made / MANIFEST, _manifest(model, files, parts))
        _require_same(load(made), model)
        made.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        made.replace(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
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
    folder = Path(folder)
    manifest = _read_manifest(folder)
    contents = {name: _content(folder, name, entry) for name, entry in manifest["files"].items()}
    try:
        model = _assembled(manifest, contents)
    except FuseworthyError:
        raise
    except Exception as error:  # whatever a strange folder says, it must end in a sentence
        raise InputError(f"{folder} must hold a whole model, but cannot be read: {_said(error)}.") from error
    _require_probe(model, manifest, folder)
    return model


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


def _manifest(model: Model, files: Mapping[str, Any], parts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "versions": _versions(),
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
        "probe": {pattern: p.tolist() for pattern, p in answers_to_probe(model).items()},
    }


def _versions() -> dict[str, str]:
    """This package and those that its answers depend on, as they are installed here."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"fuseworthy": __version__}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not folder.is_dir() or not path.is_file() or path.is_symlink():
        raise InputError(f"{folder} must be the folder of a model, but has no {MANIFEST}.")
    if path.stat().st_size > MOST_MANIFEST:
        raise InputError(f"{path} must have at most {MOST_MANIFEST >> 20} MiB, but has {path.stat().st_size:,} bytes.")
    try:
        manifest = read_json(path)
        found = manifest["format"]
        if not isinstance(found, int) or found > FORMAT:
            raise InputError(
                f"{folder} must be of a format this version reads (up to {FORMAT}), but is of format {found!r}, written by "
                f"fuseworthy {manifest.get('versions', {}).get('fuseworthy')}; this is {__version__}. Upgrade fuseworthy."
            )
        files = {str(name): (int(own["bytes"]), str(own["sha256"])) for name, own in manifest["files"].items()}
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
        raise InputError(f"{path} must be a model's manifest, but: {_said(error)}.") from error
    _require_files(folder, files)
    return {**manifest, "files": files}


def _require_files(folder: Path, files: Mapping[str, tuple[int, str]]) -> None:
    """The folder holds these files and no others, regular ones, of the size they should have."""
    if len(files) > MOST_FILES:
        raise InputError(f"{folder} must hold at most {MOST_FILES:,} files, but names {len(files):,}.")
    for name, (size, _) in files.items():
        if Path(name).name != name or name.startswith(".") or name == MANIFEST or not name.isprintable():
            raise InputError(f"a model's file must lie in its folder, but {name!r} is named.")
        if not 0 <= size <= MOST_FILE:
            raise InputError(
                f"a model's file must have at most {MOST_FILE >> 30} GiB, but {name!r} is said to have {size:,}."
            )
    there = sorted(entry.name for entry in os.scandir(folder))
    if strange := sorted(set(there) - set(files) - {MANIFEST}):
        raise InputError(f"{folder} must hold the files its manifest names and no others, but holds {strange[0]!r}.")
    for name, (size, _) in files.items():
        path = folder / name
        if name not in there:
            raise InputError(f"{folder} must hold {name!r}, but it is missing.")
        if path.is_symlink() or not path.is_file() or path.stat().st_size != size:
            raise InputError(f"{path} must be a file of {size:,} bytes, but is not. Save or fetch the model again.")


def _content(folder: Path, name: str, entry: tuple[int, str]) -> bytes:
    content = (folder / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != entry[1]:
        raise InputError(
            f"{folder / name} is damaged: its sha256 is not that of the manifest. Save or fetch the model again."
        )
    return content


def _assembled(manifest: Mapping[str, Any], contents: Mapping[str, bytes]) -> Model:
    def part(name: str) -> Predictor:
        stem = manifest["parts"][name] + "."
        return load_part({f.removeprefix(stem): c for f, c in contents.items() if f.startswith(stem)}, name)

    fusion, prior = manifest["fusion"], np.array(manifest["prior"], dtype=np.float64)
    task = Task.from_dict(manifest["task"])
    if prior.shape != (task.width,) or not np.isfinite(prior).all():
        raise InputError(f"a model's prior must be {task.width} numbers, but is {manifest['prior']!r}.")
    return Model(
        task=task,
        target=str(manifest["target"]),
        modalities={name: modality_from_dict(data) for name, data in manifest["modalities"].items()},
        encodings={
            m: {view: encoding_from_dict(data) for view, data in views.items()}
            for m, views in manifest["encodings"].items()
        },
        singles={name: part(name) for name in manifest["singles"]},
        fusion=(fusion, part(fusion)) if fusion else None,
        router=Router.from_dict(manifest["router"]),
        prior=prior,
        threshold=manifest["threshold"],
        about=manifest["about"],
    )


def _require_probe(model: Model, manifest: Mapping[str, Any], folder: Path) -> None:
    """The model answers the probe as it did when it was saved."""
    try:
        found = answers_to_probe(model)
        worst = max(
            (
                float(np.abs(p - np.array(manifest["probe"][pattern], dtype=np.float64)).max())
                for pattern, p in found.items()
            ),
            default=0.0,
        )
    except Exception as error:
        raise InputError(f"{folder} must hold a model that answers, but: {_said(error)}.") from error
    if not worst <= TOLERANCE * max(1.0, model.task.variance**0.5):
        then, now = manifest["versions"], _versions()
        changed = ", ".join(
            f"{name} {then[name]} then, {now.get(name)} here" for name in then if then[name] != now.get(name)
        )
        raise InputError(
            f"{folder} must answer as it did when it was saved, but differs by {worst:.2g} ({changed or 'same versions'}). "
            "Install the versions it was saved with, or deploy again."
        )


def _require_same(read: Model, model: Model) -> None:
    """What was read back answers the probe to the last bit as what was written."""
    again, before = answers_to_probe(read), answers_to_probe(model)
    if any(not np.array_equal(again[pattern], before[pattern]) for pattern in before):
        raise InputError(
            f"{model.name} must answer as before when it is read back, but does not: it has settings that a folder does not "
            "keep. Deploy another strategy."
        )


def _said(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
