"""An exported graph that is served: read, checked by its hash, and proved by the answers it must give again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuseworthy.deploy.export.files import DESCRIPTION, FORMAT, TOLERANCE
from fuseworthy.deploy.export.session import opened
from fuseworthy.deploy.router import FUSION, PRIOR
from fuseworthy.deploy.serving.wanted import Wanted, wanted_of
from fuseworthy.errors import InputError, first_line
from fuseworthy.task import Task

MOST_DESCRIPTION, MOST_GRAPH = 256 << 20, 2 << 30
Feeds = dict[str, NDArray[Any]]
"""The graph's inputs by name, of one or more rows."""
Said = dict[str, NDArray[Any]]
"""The graph's outputs by name."""


@dataclass(frozen=True, eq=False)
class Route:
    """What a set of modalities gets.

    Parameters
    ----------
    pattern : the set, ``a+b``, or ``none``
    name : who answers: "fusion", a single, "prior"
    given, lacking : modalities that are in the set, and that are not
    shown : those that the answer is made from
    why : in words
    """

    pattern: str
    name: str
    given: tuple[str, ...]
    lacking: tuple[str, ...]
    shown: tuple[str, ...]
    why: str


@dataclass(frozen=True, eq=False)
class Served:
    """A graph ready to be asked.

    Parameters
    ----------
    folder : where it was read from
    description : ``export.json``
    session : of onnxruntime
    """

    folder: Path
    description: Mapping[str, Any]
    session: Any

    @cached_property
    def version(self) -> str:
        """The first twelve digits of the graph's sha256."""
        return str(self.description["sha256"])[:12]

    @cached_property
    def task(self) -> Task:
        return Task.from_dict(self.description["task"])

    @cached_property
    def name(self) -> str:
        return str(self.description["model"])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Its modalities, in the order in which a set of them is numbered."""
        return tuple(self.description["router"]["modalities"])

    @cached_property
    def wanted(self) -> dict[str, Wanted]:
        return wanted_of(self.description)

    @cached_property
    def inputs(self) -> dict[str, Mapping[str, Any]]:
        return {own["name"]: own for own in self.description["inputs"]}

    @cached_property
    def present(self) -> dict[str, str]:
        """Modality -> the input that says which rows have it."""
        return {own["modality"]: name for name, own in self.inputs.items() if own["role"] == "present"}

    @cached_property
    def values(self) -> dict[str, list[Mapping[str, Any]]]:
        """Modality -> its other inputs: vectors, or sequences with masks and times."""
        own = self.inputs.values()
        return {m: [i for i in own if i["modality"] == m and i["role"] != "present"] for m in self.present}

    @cached_property
    def outputs(self) -> list[str]:
        own = self.description["outputs"]
        return [own["prediction"], own["route"], *([own["fusion"]] if own["fusion"] else []), *own["singles"].values()]

    @cached_property
    def routes(self) -> list[Route]:
        """By the number of a set of modalities."""
        known = self.description["router"]
        return [
            Route(
                "+".join(own["modalities"]) or "none",
                known["routes"][own["route"]],
                tuple(own["modalities"]),
                tuple(m for m in self.names if m not in own["modalities"]),
                _shown(own, known["routes"][own["route"]]),
                own["why"],
            )
            for own in known["sets"]
        ]

    @cached_property
    def formats(self) -> dict[str, str]:
        """Modality -> `struct`'s format of its numbers, of ready vectors whose names are without a colon."""
        return {m: f"{own.fields[0].width}d" for m, own in self.wanted.items() if own.is_vector and ":" not in m}

    @cached_property
    def needs_encoder(self) -> bool:
        """Whether a request brings something else than ready vectors."""
        return not all(own.is_vector for own in self.wanted.values())

    def run(self, feeds: Feeds) -> Said:
        """What it says of some rows."""
        return dict(zip(self.outputs, self.session.run(self.outputs, feeds), strict=True))

    def numbers(self, feeds: Feeds) -> list[int]:
        """Which set of modalities each row has."""
        return (self._worth @ np.array([feeds[self.present[m]] for m in self.names])).tolist()  # type: ignore[no-any-return]

    @cached_property
    def _worth(self) -> NDArray[np.int64]:
        return 1 << np.arange(len(self.names))


def read_served(folder: str | Path) -> Served:
    """Read an export, and ask it its probe.

    Raises
    ------
    InputError
        No export is there, the graph has another sha256 than its description says, or it does not answer as it did.
    """
    home = Path(folder)
    description = description_of(home)
    path = home / str(description["file"])
    if path.parent != home or not path.is_file() or path.stat().st_size > MOST_GRAPH:
        raise InputError(f"{home} must hold the graph that its {DESCRIPTION} names, but does not. Export again.")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != description["sha256"]:
        raise InputError(f"{path} must have the sha256 that {DESCRIPTION} says, but is damaged. Export again.")
    try:
        found = Served(home, description, opened(content))
        _require_probed(found)
    except InputError:
        raise
    except Exception as error:  # of onnxruntime, or of a description that is wrong in some way
        raise InputError(f"{home} must be a whole export, but cannot be opened: {first_line(error)}.") from error
    return found


def stacked(served: Served, rows: Sequence[Feeds]) -> Feeds:
    """Feeds of several requests as one; sequences are padded to the longest."""
    if len(rows) == 1:
        return rows[0]
    return {name: _stacked([own[name] for own in rows]) for name in served.inputs}


def _stacked(arrays: list[NDArray[Any]]) -> NDArray[Any]:
    if arrays[0].ndim > 1 and len({own.shape[1] for own in arrays}) > 1:
        most = max(own.shape[1] for own in arrays)
        arrays = [np.pad(own, ((0, 0), (0, most - own.shape[1]), *((0, 0) for _ in own.shape[2:]))) for own in arrays]
    return np.concatenate(arrays)


def description_of(home: Path) -> dict[str, Any]:
    """The ``export.json`` of a folder.

    Raises
    ------
    InputError
    """
    path = home / DESCRIPTION
    if not path.is_file() or path.stat().st_size > MOST_DESCRIPTION:
        raise InputError(
            f"{home} must be the folder of an export, but has no {DESCRIPTION}. Make one with: fuseworthy export."
        )
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} must be JSON, but: {first_line(error)}. Export again.") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT or "modalities" not in found:
        raise InputError(f"{path} must be of format {FORMAT} with its modalities, but is not. Export again.")
    return found


def _shown(own: Mapping[str, Any], route: str) -> tuple[str, ...]:
    """The modalities that an answer was made from."""
    if route == PRIOR:
        return ()
    return tuple(own["shown"]) if route == FUSION else (route.split("/")[0],)


def _require_probed(served: Served) -> None:
    """The graph answers the random rows of its description as it did where it was written."""
    probe = served.description["probe"]
    if any("values" not in own for own in probe["inputs"].values()):
        return  # too large to be written out
    given = {
        name: np.array(own["values"], dtype=served.inputs[name]["dtype"]).reshape(own["shape"])
        for name, own in probe["inputs"].items()
    }
    unit = served.task.prediction_unit
    for pattern, wanted in probe["prediction"].items():
        has = set(pattern.split("+"))
        feeds = given | {name: given[name] & (m in has) for m, name in served.present.items()}
        apart = np.abs(served.run(feeds)[served.outputs[0]] - np.array(wanted)).max() / unit
        if not apart <= TOLERANCE:
            raise InputError(
                f"{served.folder} must answer its probe as it did when it was exported, but with {pattern} it is {apart:.2g} "
                "off. Export again on this machine."
            )
