"""Parts of models, rightly signed, that hold what must not be built, read or asked; each changes a copy of a good model.

The good ones: `note/linear`, `photo/neighbours`, `table/forest` and `early-boosting`; the same with `concat`, a network.
"""

from __future__ import annotations

import io
import json
import pickle
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from signed_folders import archive_of, array, array_in, attributes, entries_of, nodes, part_of, rebuilt, signed, value

Edit = Callable[[Any, dict[str, bytes]], object]
BOOSTED, FOREST, NEAR, LINEAR, NETWORK = "early-boosting", "table/forest", "photo/neighbours", "note/linear", "concat"
HUGE = 10**9


class Thief:
    def __reduce__(self) -> Any:
        return print, ("code of the folder ran",)


def _node(module: str, name: str, loader: str, **more: Any) -> dict[str, Any]:
    return {"__module__": module, "__class__": name, "__loader__": loader, "__id__": -1, **more}


def _root(**node: Any) -> Edit:
    """The whole part is this node instead."""
    return lambda schema, arrays: (schema.update(node), schema.pop("content") if "content" not in node else None)


def _set(kind: str, name: str, own: Any) -> Edit:
    """An attribute of every object of a class is this number, text or node."""

    def edit(schema: Any, arrays: dict[str, bytes]) -> None:
        for node in list(nodes(schema, kind)):
            attributes(node)[name] = own if isinstance(own, dict) and "__loader__" in own else value(own)

    return edit


def _both(first: Edit, second: Edit) -> Edit:
    return lambda schema, arrays: (first(schema, arrays), second(schema, arrays))


def _array(kind: str, name: str, change: Callable[[Any], Any]) -> Edit:
    """An array of every object of a class is what ``change`` makes of it."""

    def edit(schema: Any, arrays: dict[str, bytes]) -> None:
        for node in list(nodes(schema, kind)):
            held = attributes(node) if node["__loader__"] == "ObjectNode" else node["content"]["content"]
            held[name] = array(change(array_in(held[name], arrays)), arrays)

    return edit


def _field(name: str, own: Any, kind: str = "TreePredictor") -> Edit:
    """A field of the first node of every tree is this number."""

    def change(found: Any) -> Any:
        found = found.copy()
        found[name][0] = own
        return found

    return _array(kind, "nodes", change)


def _read_often(schema: Any, arrays: dict[str, bytes]) -> None:
    own = array(np.zeros(1000), arrays)
    attributes(schema)["prior"] = {**value(0), "__class__": "list", "__loader__": "ListNode"} | {
        "content": [own | {"__id__": -k} for k in range(1, 1000)]
    }


def _nested(schema: Any, arrays: dict[str, bytes]) -> None:
    own = value(1)
    for k in range(400):
        own = _node("builtins", "list", "ListNode", content=[own]) | {"__id__": -k - 2}
    attributes(schema)["prior"] = own


def _first_array(content: bytes) -> Edit:
    return lambda schema, arrays: arrays.update({min(arrays): content})


def _header(shape: str, descr: str = "'<f8'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + b"\0" * 64


def _lying_preprocessor(schema: Any, arrays: dict[str, bytes]) -> None:
    for node in nodes(schema, "HistGradientBoostingClassifier"):
        attributes(node)["_preprocess_X"] = _node(
            "functools",
            "partial",
            "PartialNode",
            content={
                "func": _node("sklearn.utils.validation", "check_array", "FunctionNode") | {"__id__": -5},
                "args": _node("builtins", "tuple", "TupleNode", content=[]) | {"__id__": -6},
                "kwds": _node("builtins", "dict", "DictNode", content={}, key_types=_list(-7)) | {"__id__": -8},
                "namespace": value(None),
            },
        )
        attributes(node)["n_features_in_"] = value(60_000)
    _field("feature_idx", 50_000)(schema, arrays)


def _list(number: int) -> dict[str, Any]:
    return _node("builtins", "list", "ListNode", content=[]) | {"__id__": number}


def _bare_tree(schema: Any, arrays: dict[str, bytes]) -> None:
    attributes(schema)["model"] = next(nodes(schema, "Tree"))


_EMPTY = {"func": value("x"), "args": value([]), "kwds": value({}), "namespace": value(None)}
PARTS: dict[str, tuple[str, Edit]] = {
    "os.system": (LINEAR, _root(**_node("os", "system", "FunctionNode"))),
    "eval": (LINEAR, _root(**_node("builtins", "eval", "FunctionNode"))),
    "eval as a type": (LINEAR, _root(**_node("builtins", "eval", "TypeNode"))),
    "a partial of another kind": (LINEAR, _root(**_node("subprocess", "Popen", "PartialNode", content=_EMPTY))),
    "a method": (
        LINEAR,
        _root(**_node("builtins", "str", "MethodNode", content={"func": "format", "obj": value("x")})),
    ),
    "a method caller": (LINEAR, _root(**_node("operator", "methodcaller", "OperatorFuncNode", attrs=value(["x"])))),
    "bytes": (LINEAR, _root(**_node("builtins", "bytes", "BytesNode", file="x.bin"))),
    "something made by its constructor": (
        LINEAR,
        _root(**_node("pathlib", "Path", "ConstructorFromReduceNode", content=value("/"))),
    ),
    "numpy's loader": (LINEAR, _root(**_node("numpy", "load", "FunctionNode"))),
    "a list that is an array": (LINEAR, _root(**_node("numpy", "ndarray", "ListNode", content=[value(HUGE)]))),
    "a random generator": (LINEAR, _root(**_node("numpy.random._generator", "Generator", "RandomGeneratorNode"))),
    "no predictor": (LINEAR, _root(**_node("builtins", "list", "ListNode", content=[value(1)]))),
    "a type without module": (LINEAR, lambda schema, arrays: schema.pop("__module__")),
    "a loader that is a list": (LINEAR, lambda schema, arrays: schema.update(__loader__=["ObjectNode"])),
    "an old protocol": (LINEAR, lambda schema, arrays: schema.update(protocol=0)),
    "arrays read again and again": (LINEAR, _read_often),
    "a table nested deeply": (LINEAR, _nested),
    "a text nested deeply": (LINEAR, _set("SinglePredictor", "prior", value(0) | {"content": "[" * 99_999})),
    "2^40 numbers": (LINEAR, _first_array(_header("(1099511627776,)"))),
    "a negative shape": (LINEAR, _first_array(_header("(-1,)"))),
    "objects": (LINEAR, _first_array(_header("(8,)", "'|O'"))),
    "no header": (LINEAR, _first_array(b"\x93NUMPY")),
    "code in a header": (LINEAR, _first_array(_header("(__import__('os').getpid(),)"))),
    "an array in three dimensions": (LINEAR, _array("LogisticRegression", "coef_", lambda own: own[:, :, None])),
    "coefficients of another width": (LINEAR, _array("LogisticRegression", "coef_", lambda own: own[:, 1:])),
    "coefficients of NaN": (LINEAR, _array("LogisticRegression", "coef_", lambda own: own * np.nan)),
    "boosted trees in a circle": (BOOSTED, _field("left", 0)),
    "boosted trees out of themselves": (BOOSTED, _field("right", 2**31)),
    "a boosted feature too many": (BOOSTED, _field("feature_idx", 1_000_000)),
    "a boosted feature below nought": (BOOSTED, _field("feature_idx", -1_000_000)),
    "a boosted category without a set": (BOOSTED, _field("is_categorical", 1)),
    "boosted nodes of another type": (BOOSTED, _array("TreePredictor", "nodes", lambda own: np.zeros(len(own)))),
    "no boosted nodes": (BOOSTED, _array("TreePredictor", "nodes", lambda own: own[:0])),
    "narrow sets of categories": (
        BOOSTED,
        _array("TreePredictor", "raw_left_cat_bitsets", lambda own: np.zeros((9, 1), own.dtype)),
    ),
    "a billion trees a round": (BOOSTED, _set("HistGradientBoostingClassifier", "n_trees_per_iteration_", HUGE)),
    "a width that is a text": (BOOSTED, _set("HistGradientBoostingClassifier", "n_features_in_", "3")),
    "a method of its own": (BOOSTED, _lying_preprocessor),
    "a billion threads": (FOREST, _set("RandomForestClassifier", "n_jobs", HUGE)),
    "trees in a circle": (FOREST, _field("left_child", 0, "Tree")),
    "trees out of themselves": (FOREST, _field("right_child", 2**40, "Tree")),
    "a feature too many": (FOREST, _field("feature", 1_000_000, "Tree")),
    "a feature below nought": (FOREST, _field("feature", -1_000_000, "Tree")),
    "fewer nodes than none": (FOREST, _set("Tree", "node_count", -HUGE)),
    "trees of a billion outputs": (
        FOREST,
        lambda schema, arrays: [
            node["__reduce__"]["args"]["content"].__setitem__(2, value(HUGE)) for node in nodes(schema, "Tree")
        ],
    ),
    "trees of another width": (FOREST, _set("DecisionTreeClassifier", "n_features_in_", 1000)),
    "a billion classes": (FOREST, _set("RandomForestClassifier", "n_classes_", HUGE)),
    "a forest of none": (FOREST, _set("RandomForestClassifier", "estimators_", _list(-9))),
    "a tree without an estimator": (FOREST, _bare_tree),
    "neighbours in a narrow space": (NEAR, _array("KNeighborsClassifier", "_fit_X", lambda own: own[:, :1])),
    "neighbours that vote in another way": (NEAR, _set("KNeighborsClassifier", "weights", "uniform")),
    "neighbours without labels": (NEAR, _array("KNeighborsClassifier", "_y", lambda own: own[:5])),
    "neighbours of unknown classes": (NEAR, _array("KNeighborsClassifier", "_y", lambda own: own + HUGE)),
    "more neighbours than rows": (NEAR, _set("KNeighborsClassifier", "n_neighbors", HUGE)),
    "neighbours by another distance": (NEAR, _set("KNeighborsClassifier", "effective_metric_", "precomputed")),
    "a tree whose leaves hold none": (
        NEAR,
        _both(_set("KNeighborsClassifier", "_fit_method", "kd_tree"), _set("KNeighborsClassifier", "leaf_size", 0)),
    ),
}
"""Kind -> the part, and what is done to it."""


def _bytes(name: str, ending: str, make: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        path = part_of(folder, name, ending)
        path.write_bytes(make(path.read_bytes()))
        signed(folder)

    return change


def _packed(content: bytes) -> bytes:
    return archive_of(entries_of(content), zipfile.ZIP_DEFLATED)


def _bomb(content: bytes) -> bytes:
    held = io.BytesIO()
    np.save(held, np.zeros(30_000_000))
    return archive_of({**entries_of(content), "1.npy": held.getvalue()}, zipfile.ZIP_DEFLATED)


def _overlapping(content: bytes) -> bytes:
    """Every entry of the directory leads to the same, largest one."""
    start = content.index(b"PK\x01\x02")
    return content[:start] + content[start:].replace(struct.pack("<L", 0), struct.pack("<L", 7))


FILES: dict[str, Callable[[Path], object]] = {
    "a pickle called skops": _bytes(LINEAR, "skops", lambda content: pickle.dumps(Thief())),
    "an empty skops": _bytes(LINEAR, "skops", lambda content: b""),
    "a skops cut off": _bytes(LINEAR, "skops", lambda content: content[:-30]),
    "a packed skops": _bytes(LINEAR, "skops", _packed),
    "a skops small outside and enormous inside": _bytes(LINEAR, "skops", _bomb),
    "a skops whose entries overlap": _bytes(LINEAR, "skops", _overlapping),
    "code in a skops": _bytes(
        LINEAR, "skops", lambda content: archive_of({**entries_of(content), "sitecustomize.py": b"print(1)"})
    ),
    "a table that is a list": _bytes(
        LINEAR, "skops", lambda content: archive_of({**entries_of(content), "schema.json": json.dumps([1]).encode()})
    ),
}


def write_parts(good: Path, root: Path) -> list[str]:
    """A folder of each kind under ``root``; returns the kinds."""
    for kind, (name, edit) in PARTS.items():
        shutil.copytree(good, root / kind)
        rebuilt(root / kind, name, edit)
    for kind, change in FILES.items():
        shutil.copytree(good, root / kind)
        change(root / kind)
    return [*PARTS, *FILES]
