"""F11: models of other versions load where they answer the same, and are refused with both versions where they do not."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from signed_folders import array, array_in, attributes, nodes, rebuilt, signed, value
from small_models import model_of, rows_of

import fuseworthy as fw
from fuseworthy import __version__
from fuseworthy.errors import InputError

GOLDEN = sorted((Path(__file__).parent / "golden").iterdir())


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return model_of("early-linear").save(tmp_path_factory.mktemp("versions") / "m")


@pytest.fixture
def folder(saved, tmp_path):
    return Path(shutil.copytree(saved, tmp_path / "copy"))


def older(manifest):
    manifest["versions"] = dict.fromkeys(manifest["versions"], "0.0.1")


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: path.name)
def test_a_model_of_an_earlier_release_gives_the_answers_it_gave(golden):
    """Made by ``python tests/deploy/make_golden.py tests/deploy/golden/VERSION``, once a release."""
    model, expected = fw.load(golden / "model"), json.loads((golden / "answers.json").read_text())
    found = model.answer(pq.read_table(golden / "rows.parquet")).prediction
    worst = np.abs(found - np.array(expected)).max()
    print(f"\nF11: golden model {golden.name}: {len(found)} rows, largest difference {worst:.1e}")
    assert worst <= 1e-6


def test_there_is_a_golden_model_of_this_release():
    assert __version__ in [path.name for path in GOLDEN]


def test_a_newer_format_is_refused_with_both_versions(folder):
    signed(folder, lambda manifest: manifest.update(format=2, versions={"fuseworthy": "9.9.9"}))
    with pytest.raises(InputError, match=rf"format 2, written by fuseworthy 9\.9\.9; this is {__version__}"):
        fw.load(folder)


def test_other_versions_that_answer_the_same_are_read(folder, saved):
    def edit(schema, arrays):
        for node in nodes(schema, "LogisticRegression"):
            attributes(node)["_sklearn_version"] = value("1.0.0")

    rebuilt(folder, "early-linear", edit)
    signed(folder, older)
    table = rows_of()[0]
    np.testing.assert_array_equal(fw.load(folder).predict_proba(table), fw.load(saved).predict_proba(table))


def test_other_versions_that_answer_otherwise_are_refused_with_both(folder):
    def edit(schema, arrays):
        for node in nodes(schema, "LogisticRegression"):
            held = attributes(node)
            held["coef_"] = array(array_in(held["coef_"], arrays) + 0.01, arrays)

    rebuilt(folder, "early-linear", edit)
    signed(folder, older)
    with pytest.raises(InputError, match=r"scikit-learn 0\.0\.1 then, \d.* here"):
        fw.load(folder)


@pytest.mark.parametrize(("change", "said"), [({"extra": 1}, "has 'extra'"), ({"threshold": ...}, "lacks 'threshold'")])
def test_fields_of_another_version_are_refused_with_both(folder, change, said):
    def edit(manifest):
        older(manifest)
        manifest.update(change)
        for name in [name for name, own in manifest.items() if own is ...]:
            del manifest[name]

    signed(folder, edit)
    with pytest.raises(InputError, match=rf"{said}; it was written by fuseworthy 0\.0\.1, and this is {__version__}"):
        fw.load(folder)
