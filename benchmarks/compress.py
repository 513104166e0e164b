"""What does making a model smaller cost? Heads in 8 bits, an encoder in 8 bits, and a modality that is taught by another.

    python benchmarks/compress.py [heads] [recipes] [encoder]

heads    a network over embeddings of 384, 1280 and 64 numbers, 2 000 rows learned from and 2 000 scored: all candidates
         that need no fitting
recipes  calories and meal of dishes; study and model on one half of the rows, the other half compresses: what do the steps
         alone say, taught by a fusion that saw the nutrients?
encoder  EfficientNet-Lite0 in 8 bits (static, calibrated on pictures that are not scored; or weights alone) in the place of
         itself, below a linear head, on the pictures of av-digits and on the icons of categories of 45 or more

Writes ``results/compress-PART.parquet``. Seconds are of this machine with whatever else it does.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pyarrow as pa
import torch

import fuseworthy as fw
from fuseworthy.datasets import load
from fuseworthy.deploy.compress import Wanted
from fuseworthy.deploy.compress.quantised import rounded
from fuseworthy.deploy.export.session import opened
from fuseworthy.deploy.learned import LearnedRows
from fuseworthy.deploy.model import Model
from fuseworthy.deploy.router import Choice, Router
from fuseworthy.evidence.inferiority import inferiority_facts
from fuseworthy.folds import make_folds
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.encode import learn_encodings
from fuseworthy.ledger import Ledger, Strategy
from fuseworthy.strategies.families import FAMILIES
from fuseworthy.strategies.part import make_part, whole_part
from fuseworthy.strategies.singles import FeatureStore, Singles, fit_single
from fuseworthy.strategies.strategy import strategy_named
from fuseworthy.task import Task
from records import commit, machine, save

SIZES = {"picture": 1280, "sentence": 384, "sensor": 64}
FEWEST_ICONS, CALIBRATED = 45, 100
MARGIN = 0.01
KEPT = (
    *("name", "loss", "gain", "low", "high", "standing", "bytes", "size_ratio", "milliseconds", "latency_ratio"),
    *("memory", "uneven"),
)


def told(part: str, found: Any) -> list[dict[str, Any]]:
    """A line a candidate, printed and returned."""
    print("\n".join(found.lines()), flush=True)
    first, rows = found.facts["original"], found.facts["candidates"]
    lines = [{"part": part} | {name: row.get(name) for name in KEPT} for row in (first, *rows)]
    for line, row in zip(lines, (first, *rows), strict=True):
        line |= {f"{what}_{t['rows']}": t[what] for t in row["latency"] for what in ("median", "p95")}
    duels = [
        {"part": f"{part}: over {own['against']}", "standing": own["outcome"]}
        | {name: own[name] for name in ("name", "gain", "low", "high")}
        for own in found.facts["duels"]
    ]
    return lines + duels


def heads() -> list[dict[str, Any]]:
    """A network over three embeddings: its halves of 64, 32 and 8 bits, and with less of it."""
    rng = np.random.default_rng(0)
    n = 4000
    hidden = rng.normal(size=(n, 3))
    sides = {m: rng.normal(size=(1, d)) for m, d in SIZES.items()}
    columns = {
        m: (hidden[:, [i]] * sides[m] * 8 / d**0.5 + rng.normal(size=(n, d))).astype(np.float32)
        for i, (m, d) in enumerate(SIZES.items())
    }
    odds = 2 * hidden[:, 0] + 2 * hidden[:, 1] + 2 * hidden[:, 0] * hidden[:, 2]
    y = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(int)
    cells = {m: pa.FixedSizeListArray.from_arrays(pa.array(x.ravel()), x.shape[1]) for m, x in columns.items()}
    table = pa.table(cells | {"y": np.array(["no", "yes"])[y]})
    model = network_on(table.slice(0, n // 2), y[: n // 2])
    wanted = Wanted(only=["float32", "int8", "int8-weights", "pruned"])
    with tempfile.TemporaryDirectory() as folder:
        return told("heads", model.compress(table, Path(folder) / "out", wanted))


def network_on(table: pa.Table, y: Any) -> Model:
    """The network ``concat`` with a linear single of each modality beside it."""
    modalities = {m: fw.Embedding(m) for m in SIZES}
    encodings, blocks = learn_encodings(table, modalities)
    part = whole_part(y, Task("binary", ("no", "yes")), 0)
    singles = Singles(blocks, part)
    own, everything = [f"{m}/linear" for m in SIZES], tuple(sorted(SIZES))
    start = time.perf_counter()
    fusion = ("concat", strategy_named("concat").fit(blocks, singles, part).predictor)
    print(f"trained in {time.perf_counter() - start:.0f} s", flush=True)
    return Model(
        task=part.task,
        target="y",
        modalities=modalities,
        encodings=encodings,
        singles={name: singles[name].predictor for name in own},
        fusion=fusion,
        router=Router({"+".join(everything): Choice(True, own[0], everything, "all there")}, tuple(own)),
        prior=part.prior,
        learned_rows=LearnedRows.of(table, list(SIZES)),
    )


def recipes() -> list[dict[str, Any]]:
    """Two questions about dishes; nutrients are known in one half, and not when the student answers."""
    table, rows = load("recipes"), []
    modalities = {"steps": fw.Text("steps"), "nutrients": fw.Tabular("protein", "fat", "carbs", "total_g")}
    calories = {"steps": fw.Text("steps"), "nutrients": fw.Tabular("protein", "fat")}
    for target, own in (("calories", calories), ("meal", modalities)):
        halves = [table.take(np.arange(start, table.num_rows, 2)) for start in (0, 1)]
        study = fw.compare(
            halves[0], target, modalities=own, id="id", strategies=["early-linear", "stacking"], folds=3, repeats=1
        )
        print(f"\n{target}: {study.verdict}", flush=True)
        model = study.deploy(study.verdict.best_fusion)
        wanted = Wanted(only=["float32", "int8", "int8-weights", "pruned", "single", "distilled:steps"])
        with tempfile.TemporaryDirectory() as folder:
            rows += told(f"recipes: {target}", model.compress(halves[1], Path(folder) / "out", wanted))
    return rows


def encoder() -> list[dict[str, Any]]:
    """EfficientNet-Lite0 as ONNX, in 32 and in 8 bits, each below the same linear head, on two sets of pictures."""
    return [row for name, given in (("av-digits", digits()), ("icons", icons())) for row in encoder_on(name, *given)]


def encoder_on(name: str, squares: Any, labels: Any) -> list[dict[str, Any]]:
    aside = np.random.default_rng(0).permutation(len(labels))[:CALIBRATED]
    scored = np.setdiff1d(np.arange(len(labels)), aside)
    with tempfile.TemporaryDirectory() as folder:
        whole, small = Path(folder) / "float32.onnx", Path(folder) / "int8.onnx"
        as_onnx(whole)
        in_8_bits(whole, small, squares[aside])
        content = {"float32": whole.read_bytes(), "int8": small.read_bytes()}
    content["int8-weights"] = weights_in_8_bits(content["float32"])
    sessions = {own: opened(graph) for own, graph in content.items()}
    vectors = {own: summaries(session, squares[scored]) for own, session in sessions.items()}
    times = latencies(sessions, squares[scored])
    ledger = heads_on(vectors, labels[scored])
    judged = inferiority_facts(ledger, "float32", [n for n in ledger.predictions if n != "float32"], MARGIN)
    first = {"name": "float32", "loss": float(np.nanmean(ledger.losses(["float32"])["float32"]))}
    rows = []
    for row in (first, *judged):
        own = row["name"].split(",")[0]
        row |= {"bytes": len(content[own]), "size_ratio": len(content[own]) / len(content["float32"])} | times[own]
        row |= {"accuracy": float((ledger.of(row["name"])[0].argmax(1) == ledger.y).mean()), "rows": ledger.n}
        kept = {key: value for key, value in row.items() if key not in ("changed", "groups", "reasons")}
        rows.append({"part": f"encoder: {name}"} | kept)
        print(rows[-1], row.get("reasons"), flush=True)
    return rows


def digits() -> tuple[Any, Any]:
    """The pictures of av-digits as the encoder is given them, (n, 3, 224, 224), and their digits."""
    from fuseworthy.datasets.av_digits import av_digit_files

    table = load("av-digits")
    files = {path: content for path, content in av_digit_files() if path.startswith("images/")}
    return np.stack([prepared(files[path]) for path in table["image"].to_pylist()]), np.array(table["digit"])


def icons() -> tuple[Any, Any]:
    """Icons of large categories, and the code of their category."""
    from fuseworthy.datasets.icons import icon_files

    table, files = load("icons"), dict(icon_files())
    often = Counter(table["category"].to_pylist())
    large = [row for row in table.to_pylist() if often[row["category"]] >= FEWEST_ICONS]
    labels = np.unique([row["category"] for row in large], return_inverse=True)[1]
    return np.stack([prepared(files[row["glyph"]]) for row in large]), labels


def prepared(content: bytes) -> Any:
    """A picture as the encoder is given it, (3, 224, 224)."""
    from PIL import Image

    from fuseworthy.inputs.encoders.squares import MIDDLE, SPREAD, central_square

    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    return (central_square(pixels).astype(np.float32).transpose(2, 0, 1) - MIDDLE) / SPREAD


def as_onnx(path: Path) -> None:
    from fuseworthy.inputs.encoders.efficientnet import load_network

    class Summary(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = load_network()

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            return self.network(pictures)[1]

    n = torch.export.Dim("n", min=1)
    program = torch.onnx.export(
        Summary().eval(),
        (torch.zeros(2, 3, 224, 224),),
        dynamo=True,
        dynamic_shapes=({0: n},),
        input_names=["pictures"],
        output_names=["summary"],
        verbose=False,
    )
    path.write_bytes(program.model_proto.SerializeToString())


def in_8_bits(whole: Path, small: Path, pictures: Any) -> None:
    from onnxruntime import quantization

    class Reader(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self.left = [pictures[i : i + 10] for i in range(0, len(pictures), 10)]

        def get_next(self) -> Any:
            return {"pictures": self.left.pop()} if self.left else None

    prepared = whole.with_suffix(".prepared.onnx")
    quantization.quant_pre_process(str(whole), str(prepared))
    kind = quantization.QuantType
    quantization.quantize_static(
        str(prepared), str(small), Reader(), per_channel=True, weight_type=kind.QInt8, activation_type=kind.QUInt8
    )


def weights_in_8_bits(content: bytes) -> bytes:
    """Weights of convolutions kept in 8 bits with a scale for each output, multiplied in 32."""
    import onnx

    model = onnx.load_from_string(content)
    wanted = {node.input[1] for node in model.graph.node if node.op_type == "Conv"}
    kept, nodes = [], []
    for tensor in model.graph.initializer:
        if tensor.name not in wanted:
            kept.append(tensor)
            continue
        weight = onnx.numpy_helper.to_array(tensor)
        whole, scale = rounded(weight.reshape(len(weight), -1), axis=0)
        parts = {f"{tensor.name}:8": whole.reshape(weight.shape), f"{tensor.name}:scale": scale}
        kept += [onnx.numpy_helper.from_array(array, name) for name, array in parts.items()]
        nodes.append(onnx.helper.make_node("DequantizeLinear", list(parts), [tensor.name], axis=0))
    graph = model.graph
    made = onnx.helper.make_graph([*nodes, *graph.node], graph.name, list(graph.input), list(graph.output), kept)
    graph.CopyFrom(made)
    return model.SerializeToString()


def summaries(session: Any, pictures: Any) -> Any:
    return np.concatenate(
        [session.run(None, {"pictures": pictures[i : i + 16]})[0] for i in range(0, len(pictures), 16)]
    )


def latencies(sessions: dict[str, Any], pictures: Any, rounds: int = 60) -> dict[str, dict[str, float]]:
    """Median and 95th percentile of one picture, asked in turn."""
    found: dict[str, list[float]] = {name: [] for name in sessions}
    for turn in range(rounds):
        for name, session in sessions.items():
            start = time.perf_counter()
            session.run(None, {"pictures": pictures[[turn]]})
            found[name].append(1000 * (time.perf_counter() - start))
    return {
        name: {"milliseconds": float(np.median(own)), "p95_1": float(np.quantile(own, 0.95))}
        for name, own in found.items()
    }


def heads_on(vectors: dict[str, Any], labels: Any) -> Ledger:
    """A linear head on the float vectors asked with each, and one fitted on those of 8 bits, over three folds."""
    task = Task("multiclass", tuple(map(str, range(int(labels.max()) + 1))))
    folds = make_folds(labels, task, n_folds=3, n_repeats=1, random_state=0)
    here, family = np.ones(len(labels), dtype=bool), FAMILIES["vectors"][0]
    blocks = {name: {"icon": {"vectors": Block("icon", "vectors", own, here)}} for name, own in vectors.items()}
    asked_of = {
        "float32": ("float32", "float32"),
        "int8": ("float32", "int8"),
        "int8, head fitted on it": ("int8", "int8"),
        "int8-weights": ("float32", "int8-weights"),
    }
    said = {name: np.empty((1, len(labels), task.width)) for name in asked_of}
    for fold in range(folds.count):
        part = make_part(labels, task, folds, 0, fold, 0)
        fitted = {
            name: fit_single(family, own["icon"]["vectors"], part, FeatureStore(part)).predictor
            for name, own in blocks.items()
        }
        for name, (head, asked) in asked_of.items():
            said[name][0, part.test] = fitted[head].predict(blocks[asked], part.test)
    strategies = {name: Strategy(name, "judged", name) for name in asked_of}
    nothing = np.full(len(labels), "icon", dtype=object)
    return Ledger(task, labels, folds, said, strategies, np.arange(len(labels)), nothing, "icons")


PARTS = {"heads": heads, "recipes": recipes, "encoder": encoder}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=list(PARTS))
    logging.getLogger().setLevel(logging.ERROR)
    torch.set_num_threads(1)
    for part in parser.parse_args().parts or PARTS:
        began = time.perf_counter()
        print(f"## {part}: {commit()}, {machine()}", flush=True)
        rows = PARTS[part]()
        names = dict.fromkeys(name for row in rows for name in row)
        path = save(f"compress-{part}", [{name: row.get(name) for name in names} for row in rows])
        print(f"{path}: {time.perf_counter() - began:.0f} s\n", flush=True)
