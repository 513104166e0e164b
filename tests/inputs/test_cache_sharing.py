"""The store of blocks under several processes, and entries that are not what their names say."""

import subprocess
import sys

import numpy as np

from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.cache import cached_block

WORK = """
import sys, numpy as np
from pathlib import Path
from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.cache import cached_block
root, seed = Path(sys.argv[1]), int(sys.argv[2])
rng, here = np.random.default_rng(seed), np.ones(3, dtype=bool)
said = []
for _ in range(2):
    for k in rng.permutation(KEYS):
        make = lambda: Block("m", "vectors", np.full((3, 4), float(k)), here)
        block, _ = cached_block({"k": int(k)}, "m", make, root, said.append)
        assert (np.asarray(block.values) == k).all(), k
assert not said, said
"""
KEYS = 60


def block(number):
    return Block("m", "vectors", np.full((2, 3), float(number)), np.ones(2, dtype=bool))


def test_entries_that_changed_places_are_found_and_made_again(tmp_path):
    (_, one), (_, two) = (cached_block({"k": k}, "m", lambda k=k: block(k), tmp_path) for k in (1, 2))
    aside = tmp_path / "aside"
    one.rename(aside)
    two.rename(one)
    aside.rename(two)
    said = []
    for k in (1, 2):
        found, _ = cached_block({"k": k}, "m", lambda k=k: block(k), tmp_path, said.append)
        assert (found.values == k).all()
    assert len(said) == 2
    assert "was damaged" in said[0]


def test_several_processes_share_the_store(tmp_path):
    code = WORK.replace("KEYS", str(KEYS))
    workers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(seed)]) for seed in range(8)]
    assert [worker.wait(120) for worker in workers] == [0] * 8
    assert len([path for path in (tmp_path / "blocks").iterdir() if not path.name.startswith(".")]) == KEYS
    assert not [path for path in (tmp_path / "blocks").iterdir() if path.name.startswith(".")]
