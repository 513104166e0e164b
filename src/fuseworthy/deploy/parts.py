"""Predictors to files and back: skops for what scikit-learn fitted, safetensors for networks. Nothing is pickled."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fuseworthy.deploy.soundness import held_in, require_sound
from fuseworthy.deploy.trusted import BUILT
from fuseworthy.errors import InputError, first_line, require
from fuseworthy.strategies.part import Predictor

if TYPE_CHECKING:
    from fuseworthy.strategies.neural import NeuralPredictor

SCHEMA, PROTOCOL = "schema.json", 2
MOST_SCHEMA = 64 << 20
"""Bytes of a file's table of contents."""
DEEPEST = 200
"""Levels of a table of contents within each other."""


def dump_part(predictor: Predictor) -> dict[str, bytes]:
    """The files of a predictor by their endings: ``skops``, and ``safetensors`` and ``json`` of networks.

    Raises
    ------
    InputError
        It holds something that is not on the reviewed list, so that reading it back could run code.
    """
    skops_io = require("skops.io", extra="deploy")
    from fuseworthy.strategies.neural import NeuralPredictor

    files: dict[str, bytes] = {}
    if isinstance(predictor, NeuralPredictor):
        files |= _dump_networks(predictor)
        predictor = replace(predictor, modules=(), device="cpu")
    content: bytes = skops_io.dumps(_lean(predictor))
    _require_trusted(content, f"a {type(predictor).__name__} to keep")
    return {"skops": content} | files


def load_part(files: Mapping[str, bytes], name: str) -> Predictor:
    """A predictor from its files.

    Raises
    ------
    InputError
        They hold types that are not on the reviewed list, are larger inside than outside, or do not fit together.
    """
    skops_io = require("skops.io", extra="deploy")
    if "skops" not in files:
        raise InputError(f"{name} must have a file of its own in the folder, but has none.")
    held = _require_trusted(files["skops"], name)
    predictor: Any = _built(skops_io, files["skops"], held)
    if not callable(getattr(type(predictor), "predict", None)):
        raise InputError(f"{name} must hold a predictor, but holds a {type(predictor).__name__}.")
    require_sound(predictor, name)
    _regrow(predictor)
    if len(files) > 1 or hasattr(predictor, "modules"):
        if set(files) != {"skops", "safetensors", "json"} or not hasattr(predictor, "modules"):
            raise InputError(
                f"{name} must have weights and a design if it is a network, and else nothing, but does not."
            )
        predictor = _with_networks(predictor, files, name)
    return predictor  # type: ignore[no-any-return]


def _built(skops_io: Any, content: bytes, held: set[str]) -> Any:
    import warnings

    from sklearn.exceptions import InconsistentVersionWarning

    with warnings.catch_warnings():  # the probe tells whether another version answers otherwise
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        return skops_io.loads(content, trusted=sorted(held))


def _require_trusted(content: bytes, name: str) -> set[str]:
    """The types a skops file holds, all of which are on the list; sizes are looked at before anything is built."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            schema = json.loads(_read_schema(archive, len(content), name))
    except InputError:
        raise
    except Exception as error:  # an archive may be wrong in very many ways
        raise InputError(f"{name} must be a whole skops file, but is damaged: {first_line(error)}.") from error
    protocol = schema.get("protocol") if isinstance(schema, dict) else None
    if type(protocol) is not int or protocol < PROTOCOL:
        raise InputError(f"{name} must be of protocol {PROTOCOL} of skops or later, but is of {str(protocol)[:20]}.")
    held = set()
    for node in _nodes(schema, name):
        kind, loader = f"{node.get('__module__')}.{node.get('__class__')}", node.get("__loader__")
        if not isinstance(loader, str) or kind not in BUILT.get(loader, frozenset()):
            raise InputError(
                f"{name} must hold nothing but types of the reviewed list, but holds {kind} (as {loader}). "
                "It is not read: its code could run."
            )
        if "file" in node and (type(node.get("__id__")) is not int or node["file"] != f"{node['__id__']}.npy"):
            raise InputError(f"{name} must read each of its arrays once, but asks for {node['file']!r} again.")
        held.add(kind)
    return held


def _read_schema(archive: zipfile.ZipFile, size: int, name: str) -> bytes:
    """The table of contents of an archive whose entries are stored as they are, arrays no larger than they say."""
    if sum(entry.file_size for entry in archive.infolist()) > size:
        raise InputError(f"{name} must be as large inside as outside, but says that it is larger.")
    for entry in archive.infolist():
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise InputError(f"{name} must be stored as it is, but {entry.filename!r} in it is packed.")
        if entry.filename != SCHEMA and not entry.filename.endswith(".npy"):
            raise InputError(f"{name} must hold arrays and their table, but holds {entry.filename!r}.")
        if entry.filename.endswith(".npy"):
            with archive.open(entry) as handle:
                _require_whole_array(handle, entry.file_size, f"{entry.filename} in {name}")
    if archive.getinfo(SCHEMA).file_size > MOST_SCHEMA:
        raise InputError(f"{name} must have a table of at most {MOST_SCHEMA >> 20} MiB, but has a larger one.")
    return archive.read(SCHEMA)


def _require_whole_array(handle: Any, size: int, name: str) -> None:
    import math

    from numpy.lib import format as npy

    version = npy.read_magic(handle)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(handle)
    if dtype.hasobject or min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != size - handle.tell():
        raise InputError(f"{name} must hold the numbers that its header says, but does not.")


def _nodes(schema: Any, name: str) -> Iterator[dict[str, Any]]:
    waiting = [(schema, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            raise InputError(f"{name} must not be nested more than {DEEPEST} levels deep, but is.")
        if isinstance(node, dict):
            if "__loader__" in node:
                yield node
            waiting += [(below, depth + 1) for below in node.values()]
        elif isinstance(node, list):
            waiting += [(below, depth + 1) for below in node]


def _lean(predictor: Predictor) -> Predictor:
    """Without what answers do not need: search trees of neighbours, which are grown again from the rows as their numbers
    are addresses; random generators; and threads, which are a matter of the machine.
    """
    lean = copy.deepcopy(predictor)
    for own in held_in(lean):
        if getattr(own, "_tree", None) is not None:
            own._tree = None
        if hasattr(own, "_feature_subsample_rng"):
            own._feature_subsample_rng = None
        if getattr(own, "n_jobs", None) is not None:
            own.n_jobs = None
    return lean


def _regrow(predictor: Any) -> None:
    from sklearn.neighbors import KDTree

    for own in held_in(predictor):
        if getattr(own, "_fit_method", None) == "kd_tree":
            own._tree = KDTree(own._fit_X, own.leaf_size, metric=own.effective_metric_)


def _dump_networks(predictor: NeuralPredictor) -> dict[str, bytes]:
    from safetensors.torch import save

    from fuseworthy.deploy.networks import design_of

    tensors = {
        f"{i}.{name}": value.detach().cpu().contiguous().clone()
        for i, module in enumerate(predictor.modules)
        for name, value in module.state_dict().items()
    }
    designs = [design_of(module) for module in predictor.modules]
    return {"safetensors": save(tensors), "json": json.dumps(designs, indent=1, sort_keys=True).encode()}


def _with_networks(predictor: Any, files: Mapping[str, bytes], name: str) -> Predictor:
    require("torch", extra="deep")
    from fuseworthy.deploy.networks import networks_from

    designs = json.loads(files["json"])
    return replace(predictor, modules=tuple(networks_from(designs, files["safetensors"], name)))  # type: ignore[no-any-return]
