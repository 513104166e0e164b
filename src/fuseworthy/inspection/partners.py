"""Do the rows of every two modalities belong together? Seen before anything is trained."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from fuseworthy.errors import FuseworthyError
from fuseworthy.evidence.checks.misjoined import ADVICE, what_is_wrong
from fuseworthy.folds import Ints
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.encode import learn_encodings
from fuseworthy.inputs.kinds import plainest
from fuseworthy.inputs.linkage import LOOKED_AT, Linkage, linkages_of
from fuseworthy.inputs.recordings import Recording
from fuseworthy.inputs.reduce import contiguous_rows
from fuseworthy.inspection.inspected import Inspected
from fuseworthy.inspection.problem import Problem

DECODED = 500
"""Rows of files that are looked at: decoding them takes most of an inspection's seconds."""


def find_linkages(seen: Inspected) -> tuple[Linkage, ...]:
    """The linkage of every two modalities that can be read; films are not decoded."""
    files = [name for name, m in seen.modalities.items() if isinstance(m, Recording)]
    cheap = [name for name in seen.modalities if name not in files]
    files = [name for name in files if seen.modalities[name].kind != "video"]
    n = seen.table.num_rows
    found = _linkages(seen, cheap, np.concatenate(contiguous_rows(n, LOOKED_AT))) if len(cheap) > 1 else {}
    if files and len(cheap) + len(files) > 1:
        both = _linkages(seen, [*cheap, *files], np.concatenate(contiguous_rows(n, DECODED)))
        found |= {pair: linkage for pair, linkage in both.items() if set(linkage.modalities) & set(files)}
    return tuple(found[pair] for pair in sorted(found))


def _linkages(seen: Inspected, names: Iterable[str], rows: Ints) -> dict[str, Linkage]:
    part = seen.table.take(pa.array(rows))
    blocks: dict[str, Block] = {}
    for name in names:
        modality = seen.modalities[name]
        modality = plainest(modality.under(seen.root) if isinstance(modality, Recording) else modality)
        try:
            blocks[name] = next(iter(learn_encodings(part, {name: modality})[1][name].values()))
        except FuseworthyError:
            continue  # it cannot be read, or is absent from these rows: that is told where it belongs
    return linkages_of(blocks, rows) if len(blocks) > 1 else {}


def pairing_problems(pairing: Iterable[Linkage]) -> list[Problem]:
    """An error for each pair whose rows do not belong together."""
    return [
        Problem(
            "error", "modalities are mis-joined", f"{what_is_wrong(' and '.join(p.modalities), p.to_dict())}.", ADVICE
        )
        for p in pairing
        if p.misjoined
    ]
