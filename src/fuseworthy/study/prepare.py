"""From a table to a run folder: everything that is decided before anything trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fuseworthy import __version__
from fuseworthy.durable import cache_root
from fuseworthy.errors import InputError
from fuseworthy.evidence.metrics import check_metric
from fuseworthy.folds import Folds
from fuseworthy.inputs.blocks import Block, patterns
from fuseworthy.inputs.cache import table_digest
from fuseworthy.inputs.encoded import Watch, encode_modalities, encode_raw
from fuseworthy.inputs.encoders.recordings import content_of
from fuseworthy.inputs.files import columns_of, join_files, with_files
from fuseworthy.inputs.infer import Inference, infer_modalities, readings_of
from fuseworthy.inputs.kinds import encoder_notices, with_encoders
from fuseworthy.inputs.modality import Modality, Tabular, Text
from fuseworthy.inputs.pairing import join_by_key
from fuseworthy.inputs.recordings import Recording
from fuseworthy.inputs.tables import read_table, require_columns, source_name
from fuseworthy.inputs.target import read_target
from fuseworthy.inputs.unreadable import ALLOW_MORE, require_readable
from fuseworthy.study.fusions import libraries_of, settle_fusions
from fuseworthy.study.moments import read_time
from fuseworthy.study.observe import observe
from fuseworthy.study.presence import absence_notices, content_of_blocks, presence_notices, presence_of
from fuseworthy.study.question import Join, Question
from fuseworthy.study.splits import fold_notices, plan_folds, read_clusters
from fuseworthy.study.trained_encoders import settle_training, spec_of
from fuseworthy.study.workspace import Plan
from fuseworthy.task import Task


@dataclass(frozen=True)
class Loaded:
    """A table with its roles told apart."""

    table: pa.Table
    source: str
    inference: Inference
    task: Task
    task_reason: str
    y: NDArray[Any]
    notices: list[str]
    targets: tuple[str, ...]

    @property
    def labels(self) -> list[str]:
        """The target columns if there are several."""
        return list(self.targets) if len(self.targets) > 1 else []


def load(source: Any, question: Question, joins: tuple[Join, ...] = ()) -> Loaded:
    """Read and join the tables, find the target, and settle which column is what.

    Raises
    ------
    InputError
    """
    words = _words(question)
    table, notices = read_table(source, words)
    for join in joins:
        other, more = read_table(join.table, words)
        table, pairing = join_by_key(table, other, join.on, source_name(join.table))
        notices += [*more, f"{source_name(join.table)} {pairing}"]
    table, more = join_files(table, question.files, question.folder_of(source))
    notices += more
    targets = question.targets_in(table.column_names)
    require_columns(table, list(targets), "the target")
    require_columns(table, list(question.slices), "a slice")
    for role in ("group", "time", "id"):
        if name := getattr(question, role):
            require_columns(table, [name], f"the {role}")
    known = _all_known(table, targets)
    if question.drop_unlabelled and not pc.all(known).as_py():
        notices.append(f"{pc.sum(pc.invert(known)).as_py():,} rows without a target are left out, as asked")
        table = table.filter(known)
        if table.num_rows == 0:
            raise InputError(f"target {targets[0]!r} must be known for some rows, but it is missing in all.")
    table = pa.table({name: table[name].combine_chunks() for name in table.column_names})
    task, y, reason = _read_targets(table, targets, question.task)
    for metric in (question.metric, question.decide_on):
        check_metric(metric, task)
    inference = settle_modalities(table, question, question.folder_of(source))
    return Loaded(table, source_name(source), inference, task, reason, y, notices, targets)


def _words(question: Question) -> set[str]:
    """Columns that were said to be texts or files, whatever they look like in a CSV file."""
    return {c for m in (question.modalities or {}).values() if isinstance(m, Text | Recording) for c in m.columns}


def _all_known(table: pa.Table, targets: Sequence[str]) -> Any:
    known = pc.is_valid(table[targets[0]])
    for target in targets[1:]:
        known = pc.and_(known, pc.is_valid(table[target]))
    return known


def _read_targets(table: pa.Table, targets: Sequence[str], kind: str | None) -> tuple[Task, NDArray[Any], str]:
    """One target; or several yes/no labels as the columns of ``y``."""
    if len(targets) == 1:
        return read_target(_array(table, targets[0]), targets[0], kind)
    found = {target: read_target(_array(table, target), target, kind) for target in targets}
    if odd := [target for target, (task, _, _) in found.items() if task.kind != "binary"]:
        raise InputError(
            f"several targets must each have two values, but {odd[0]!r} is {found[odd[0]][0].kind}. "
            "Compare it in a study of its own."
        )
    classes = {task.classes for task, _, _ in found.values()}
    task = Task("binary", classes.pop() if len(classes) == 1 else ("no", "yes"))
    return task, np.column_stack([y for _, y, _ in found.values()]), f"{len(targets)} labels of two values each"


def settle_modalities(table: pa.Table, question: Question, root: Path | None = None) -> Inference:
    """Modalities as asked for, or inferred, with reasons; files are looked for in ``root``.

    Raises
    ------
    InputError
        An unknown column, a column that is constant or entirely missing although asked for, or nothing to learn from.
    """
    reserved = {c for c in (question.group, question.time, question.id) if c}
    reserved |= set(question.targets_in(table.column_names))
    if question.modalities is not None:
        inference = _as_asked(table, question.modalities, reserved | columns_of(question.files))
    else:
        inference = infer_modalities(table, reserved | columns_of(question.files), root)
    inference = with_files(inference, question.files)
    chosen = with_encoders(inference.modalities, question.encoders)
    rooted = {n: m.under(root) if isinstance(m, Recording) else m for n, m in chosen.items()}
    inference = replace(inference, modalities=rooted)
    if len(inference.modalities) == 1:
        (name,) = inference.modalities
        raise InputError(
            f"a comparison needs at least two modalities, but there is only {name!r} "
            f"(columns {', '.join(inference.modalities[name].columns[:5])}). Name them with modalities= (--modality)."
        )
    if not inference.modalities:
        raise InputError(
            "the table must have at least one column to learn from, but none is left "
            f"({'; '.join(f'{c}: {why}' for c, why in list(inference.left_out.items())[:3])})."
        )
    return inference


def _as_asked(table: pa.Table, modalities: Mapping[str, Modality], reserved: set[str]) -> Inference:
    for name, modality in modalities.items():
        require_columns(table, modality.columns, f"every column of modality {name!r}")
        known = {c: table[c].drop_null() for c in modality.columns}
        if all(len(values) == 0 for values in known.values()):
            raise InputError(
                f"modality {name!r} must be present in some rows, but every cell of "
                f"{', '.join(modality.columns[:5])} is missing. Leave it out."
            )
        for column, values in known.items():
            if isinstance(modality, Tabular) and len(values) == 0:
                raise InputError(
                    f"column {column!r} must be known in some rows, but every cell is missing. "
                    f"Leave it out of modality {name!r}."
                )
            if isinstance(modality, Tabular) and pc.count_distinct(values).as_py() == 1:
                raise InputError(
                    f"column {column!r} must vary, but is constant ({values[0].as_py()!r}). "
                    f"Leave it out of modality {name!r}."
                )
    used = {column for modality in modalities.values() for column in modality.columns}
    left = {c: "not asked for" for c in table.column_names if c not in used | reserved}
    readings = readings_of(table, modalities.values())
    return Inference(dict(modalities), dict.fromkeys(modalities, "asked for"), readings, left)


@dataclass(frozen=True)
class Prepared:
    """All that a run folder is made from, and the blocks already in memory."""

    plan: Plan
    y: NDArray[Any]
    ids: NDArray[Any]
    pattern: NDArray[Any]
    folds: Folds
    blocks: dict[str, dict[str, Block]]
    table: pa.Table
    objects: dict[str, Any]


def prepare(loaded: Loaded, question: Question, fallback_cache: Path, watch: Watch | None = None) -> Prepared:
    """Encode the modalities, plan the folds, and write down every decision."""
    table, task, y = loaded.table, loaded.task, loaded.y
    notices = list(loaded.notices)
    metric = check_metric(question.metric or question.decide_on, task)
    modalities = loaded.inference.modalities
    training = settle_training(modalities, question.tune_encoders)
    contents = {name: content_of(m, table) for name, m in modalities.items() if isinstance(m, Recording)}
    clusters, time = read_clusters(table, question, modalities, notices, contents), read_time(table, question)
    ids = read_ids(table, question)
    folds = plan_folds(y, task, question, clusters, time)
    notices += fold_notices(question, len(y), in_time=time is not None)
    watch = replace(watch or Watch(), say=notices.append, contents=contents)
    blocks, folders = _through_cache(partial(encode_modalities, table, modalities), fallback_cache, watch)
    _, raw = _through_cache(partial(encode_raw, table, modalities, training.encoders), fallback_cache, watch)
    require_readable(blocks, question.max_unreadable, ALLOW_MORE)
    sequences = any(block.form == "tokens" for views in blocks.values() for block in views.values())
    fusions = settle_fusions(
        question.strategies, task, list(modalities), len(y), sequences=sequences, tune=question.tune_encoders
    )
    notices += fusions.notices + training.notices
    notices += presence_notices(blocks) + absence_notices(blocks, folds) + encoder_notices(modalities)
    used = sorted({c for m in modalities.values() for c in m.columns} | set(loaded.targets))
    plan = Plan(
        version=__version__,
        source=loaded.source,
        target=", ".join(loaded.targets),
        labels=loaded.labels,
        attribution=question.attribution,
        observations=observe(loaded, blocks, question, time),
        task=task.to_dict(),
        task_reason=loaded.task_reason,
        modalities={
            name: m.to_dict()
            | _as_read(blocks[name], folders[name])
            | spec_of(name, training, raw)
            | {"reason": loaded.inference.reasons[name]}
            for name, m in modalities.items()
        },
        fusions=fusions.names,
        candidates=fusions.candidates,
        custom=fusions.custom,
        custom_digests=fusions.digests,
        folds=folds.count,
        repeats=folds.repeats,
        fold_kind=folds.kind,
        seed=question.random_state,
        margin=question.margin,
        metric=metric,
        data_hash=table_digest(table.select(used)),
        fold_hash=folds.digest,
        group=question.group,
        time=question.time,
        id=question.id,
        left_out=loaded.inference.left_out,
        notices=notices,
        libraries={name: installed(name) for name in libraries_of(fusions)} | training.libraries,
    )
    pattern = patterns(dict(zip(modalities, presence_of(blocks).T, strict=True)))
    return Prepared(plan, y, ids, pattern, folds, blocks, table, fusions.objects)


def _as_read(views: Mapping[str, Block], folders: Mapping[str, str]) -> dict[str, Any]:
    """What a plan says of a modality's blocks; views in the order of their encoders, which names of JSON do not keep."""
    return content_of_blocks(views) | {
        "folders": list(folders.items()),
        "forms": {view: block.form for view, block in views.items()},
        "rows_present": int(next(iter(views.values())).present.sum()),
    }


def read_ids(table: pa.Table, question: Question) -> NDArray[Any]:
    """Key of each row; row numbers from 1 if no id column is given."""
    if not question.id:
        return np.arange(1, table.num_rows + 1)
    column = _array(table, question.id)
    if column.null_count or pc.count_distinct(column).as_py() < len(column):
        counts = pc.value_counts(column)
        most = counts[pc.index(counts.field(1), pc.max(counts.field(1))).as_py()].as_py()
        raise InputError(
            f"id {question.id!r} must be known and different for every row, but {most['values']!r} occurs "
            f"{most['counts']} times. Pass it as group (--group) if rows belong together."
        )
    return np.array(column.to_pylist(), dtype=None if pa.types.is_integer(column.type) else object)


def _through_cache(encode: Callable[[Path, Watch], Any], fallback: Path, watch: Watch) -> Any:
    try:
        return encode(cache_root(), watch)
    except OSError as error:
        if watch.say is not None:
            watch.say(f"the cache cannot be written ({error}); encoded blocks are kept in the run folder")
        return encode(fallback, watch)


def _array(table: pa.Table, name: str) -> Any:
    column = table[name]
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
